// Works off stored deliveries: in order for each pull request, one at a time, tried again after a failure, given up after too
// many. Any number of processes may do so: a delivery is taken by a lease, and only who took it last settles it. What is
// done about a delivery is handed in; it may be done twice when a process dies, so it looks before it acts.
import type { Delivery } from "../domain/delivery.ts";
import { ATTEMPTS_MAX, waitAfter } from "../domain/delivery.ts";
import type { EventType } from "../domain/events.ts";
import type { Result } from "../domain/result.ts";
import type { DeliveryClaim, DeliveryEnd, DeliveryStore } from "../ports/store.ts";
import type { Engine } from "./engine.ts";
import { factsOf } from "./receive-delivery.ts";
import { writeTold } from "./write-told.ts";

export type Handled =
  | { readonly kind: "done" }
  /** Looked at, and nothing to do. */
  | { readonly kind: "ignored"; readonly reason: string };

/**
 * Does what a delivery asks for. A delivery is only a hint: the state of the pull request is read before acting.
 * A refusal and whatever it throws is a failure of this attempt. The signal ends when the delivery is lost or work stops.
 */
export type DeliveryHandler = (
  delivery: Delivery & { readonly body: string },
  signal: AbortSignal,
) => Promise<Result<Handled>>;

/** By event. A delivery whose event has no handler here stays accepted, and waits for a version that has one. */
export type DeliveryHandlers = Readonly<Record<string, DeliveryHandler>>;

export type DeliveryWorker = {
  /** Looks for work now; called when something came in. */
  readonly wake: () => void;
  /** Starts nothing new, and resolves when what is being worked on has ended. */
  readonly stop: () => Promise<void>;
};

type Deps = Pick<Engine, "store" | "clock" | "log" | "watcher">;
type Setting = {
  readonly handlers: DeliveryHandlers;
  readonly owner: string;
  /** What a process that is gone was at is taken up at once, and what waits for it in its lane with it. */
  readonly isOwnerGone: (owner: string) => boolean;
  readonly limits?: Partial<WorkLimits>;
};

type WorkLimits = {
  /** Lanes worked on at the same time. */
  readonly lanesMax: number;
  /** What other processes left behind, and what is due again, is looked for this often. */
  readonly lookMs: number;
  readonly leaseMs: number;
};

const LIMITS: WorkLimits = { lanesMax: 4, lookMs: 2000, leaseMs: 60_000 };
const REASON_CHARACTERS_MAX = 500;

export function startDeliveryWorker(deps: Deps, setting: Setting): DeliveryWorker {
  const limits = { ...LIMITS, ...setting.limits };
  const stopped = new AbortController();
  let woken = Promise.withResolvers<void>();
  const wake = (): void => {
    woken.resolve();
    woken = Promise.withResolvers<void>();
  };
  const work = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const next = woken.promise;
      let found = false;
      try {
        found = await workOnNext(deps, { ...setting, limits, signal: stopped.signal });
      } catch (error) {
        deps.log.error({ error: String(error) }, "a delivery could not be taken or settled");
      }
      if (!found) await sleepUntil(deps, { next, ms: limits.lookMs, signal: stopped.signal });
    }
  };
  const hasWork = Object.keys(setting.handlers).length > 0;
  const lanes = Array.from({ length: hasWork ? limits.lanesMax : 0 }, work);
  return {
    wake,
    stop: async () => {
      stopped.abort();
      wake();
      await Promise.all(lanes);
    },
  };
}

async function sleepUntil(
  { clock }: Deps,
  { next, ms, signal }: { next: Promise<void>; ms: number; signal: AbortSignal },
): Promise<void> {
  const woken = new AbortController();
  await Promise.race([next, clock.sleep(ms, AbortSignal.any([signal, woken.signal]))]);
  woken.abort();
}

type Working = Setting & { readonly limits: WorkLimits; readonly signal: AbortSignal };

/** False when there was nothing to do. */
export async function workOnNext(deps: Deps, working: Working): Promise<boolean> {
  const { store, clock } = deps;
  const { handlers, owner, isOwnerGone, limits } = working;
  const nowMs = clock.now();
  const claim = { events: Object.keys(handlers), owner, nowMs, untilMs: nowMs + limits.leaseMs };
  const taken = await store.transaction(async ({ deliveries }) => {
    const due = await deliveries.claim({ ...claim, goneOwners: [] });
    const delivery = due ?? (await claimLost(deliveries, claim, isOwnerGone));
    return delivery && { ...delivery, body: (await deliveries.body(delivery.id)) ?? "" };
  });
  if (taken === null) return false;
  const end =
    taken.attempts > ATTEMPTS_MAX
      ? givenUp("Its process was lost each time.")
      : await attempt(deps, taken, working);
  if (end !== null) await settle(deps, taken, end);
  return true;
}

/** Owners are asked for only when nothing is due: that costs more the more is open. */
async function claimLost(
  deliveries: DeliveryStore,
  claim: Omit<DeliveryClaim, "goneOwners">,
  isOwnerGone: Setting["isOwnerGone"],
): Promise<Delivery | null> {
  const goneOwners = (await deliveries.owners()).filter(isOwnerGone);
  return goneOwners.length === 0 ? null : deliveries.claim({ ...claim, goneOwners });
}

type End = DeliveryEnd & { readonly type: EventType };

const givenUp = (reason: string): End => ({
  type: "delivery-given-up",
  state: "dead",
  reason,
  nextAttemptMs: 0,
});

/** Null when the work was cut short: the lease runs out, and whoever comes next takes it up. */
async function attempt(
  deps: Deps,
  delivery: Delivery & { readonly body: string },
  working: Working,
): Promise<End | null> {
  const { clock } = deps;
  const handle = working.handlers[delivery.event];
  if (handle === undefined) return null;
  const over = new AbortController();
  const lost = keepLease(deps, delivery, { ...working, signal: over.signal });
  const signal = AbortSignal.any([working.signal, lost.signal]);
  try {
    const handled = await handle(delivery, signal);
    if (!handled.ok)
      return working.signal.aborted
        ? failedByStop(clock.now())
        : failed(handled.error.message, delivery, clock.now());
    const { value } = handled;
    return value.kind === "done"
      ? { type: "delivery-done", state: "done", reason: null, nextAttemptMs: 0 }
      : { type: "delivery-ignored", state: "ignored", reason: value.reason, nextAttemptMs: 0 };
  } catch (error) {
    if (working.signal.aborted) return failedByStop(clock.now());
    deps.log.error(
      { delivery: delivery.id, error: String(error) },
      "the work on a delivery failed",
    );
    return failed(error instanceof Error ? error.message : String(error), delivery, clock.now());
  } finally {
    over.abort();
    await lost.ended;
  }
}

function failed(reason: string, { attempts }: Delivery, nowMs: number): End {
  const short = reason.slice(0, REASON_CHARACTERS_MAX);
  const waitMs = waitAfter(attempts);
  if (waitMs === null) return givenUp(short);
  return {
    type: "delivery-retried",
    state: "accepted",
    reason: short,
    nextAttemptMs: nowMs + waitMs,
  };
}

/** Nobody's fault: it is due at once, for the next process. */
const failedByStop = (nowMs: number): End => ({
  type: "delivery-retried",
  state: "accepted",
  reason: "The server stopped.",
  nextAttemptMs: nowMs,
});

/** Renews the lease while the work goes on; the signal ends when it is lost. */
function keepLease(
  { store, clock, log }: Deps,
  delivery: Delivery,
  { limits, signal }: Working,
): { readonly signal: AbortSignal; readonly ended: Promise<void> } {
  const lost = new AbortController();
  const renew = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(limits.leaseMs / 3, signal);
      if (signal.aborted) return;
      try {
        const untilMs = clock.now() + limits.leaseMs;
        const held = await store.transaction(async ({ deliveries }) =>
          deliveries.renew(delivery, untilMs),
        );
        if (!held) return lost.abort();
      } catch (error) {
        log.warn({ delivery: delivery.id, error: String(error) }, "a lease could not be renewed");
      }
    }
  };
  return { signal: lost.signal, ended: renew() };
}

/** The state and its event, unless somebody else has taken the delivery meanwhile. */
async function settle(deps: Deps, delivery: Delivery, end: End): Promise<void> {
  const { type, ...state } = end;
  const held = await writeTold(deps, async ({ deliveries, events }) => {
    if (!(await deliveries.settle(delivery, state))) return false;
    const { attempts } = delivery;
    const data = { ...factsOf({ ...delivery, reason: state.reason }), attempts };
    await events.append([{ type, actor: "engine", data }]);
    return true;
  });
  if (!held) deps.log.warn({ delivery: delivery.id }, "another process has taken the delivery");
}
