// A clock that stands still until it is told to move. Tests and simulations run hours in milliseconds with it.
import type { Clock } from "../../ports/clock.ts";

export type SimulatedClock = Clock & {
  /** Lets time pass; sleepers wake in the order of their ends, each at its own moment. */
  readonly advance: (durationMs: number) => Promise<void>;
  /** Lets time pass until the next sleeper wakes; false when there is none. */
  readonly step: () => Promise<boolean>;
  /** The clock on the wall jumps, as after a correction; no time passes. */
  readonly jumpTo: (nowMs: number) => void;
  readonly sleepers: () => number;
};

type Sleeper = { readonly wakesAt: number; readonly wake: () => void };

export function createSimulatedClock(startMs: number): SimulatedClock {
  const sleepers = new Set<Sleeper>();
  let elapsedMs = 0;
  let wallOffsetMs = startMs;

  const sleep = (durationMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (!(durationMs > 0) || signal?.aborted) return resolve();
      const wake = (): void => {
        sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper: Sleeper = { wakesAt: elapsedMs + durationMs, wake };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });

  const advance = async (durationMs: number): Promise<void> => {
    const endsAt = elapsedMs + Math.max(durationMs, 0);
    for (
      let next = earliest(sleepers, endsAt);
      next !== undefined;
      next = earliest(sleepers, endsAt)
    ) {
      elapsedMs = next.wakesAt;
      next.wake();
      await settled();
    }
    elapsedMs = endsAt;
    await settled();
  };

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonic: () => elapsedMs,
    sleep,
    advance,
    step: async () => {
      const next = earliest(sleepers, Infinity);
      if (next !== undefined) await advance(next.wakesAt - elapsedMs);
      return next !== undefined;
    },
    jumpTo: (nowMs) => {
      wallOffsetMs = nowMs - elapsedMs;
    },
    sleepers: () => sleepers.size,
  };
}

/** What was woken runs on before the clock moves again, so that it can go to sleep a second time. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function earliest(sleepers: ReadonlySet<Sleeper>, endsAt: number): Sleeper | undefined {
  let first: Sleeper | undefined;
  for (const sleeper of sleepers) {
    if (sleeper.wakesAt <= endsAt && (first === undefined || sleeper.wakesAt < first.wakesAt))
      first = sleeper;
  }
  return first;
}
