// The clock of the machine. The only place in the product that asks the system what time it is.
import type { Clock } from "../../ports/clock.ts";

/** Longest delay a timer of Node takes; a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function createSystemClock(): Clock {
  const monotonic = (): number => performance.now();
  return {
    now: () => Date.now(),
    monotonic,
    sleep: async (durationMs, signal) => {
      const endsAt = monotonic() + (durationMs > 0 ? durationMs : 0);
      for (
        let left = endsAt - monotonic();
        left > 0 && !signal?.aborted;
        left = endsAt - monotonic()
      ) {
        await timer(Math.min(Math.ceil(left), TIMER_MS_MAX), signal);
      }
    },
  };
}

const timer = (delayMs: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(pending);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const pending = setTimeout(end, delayMs);
    signal?.addEventListener("abort", end, { once: true });
  });
