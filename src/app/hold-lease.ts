// The right of this process to act for its run, between two writes of the store: a write is refused by its epoch, but a
// request to a model, a commit or a file is not. A process that was frozen may have lost the run without having noticed.
import { EngineError } from "../domain/errors.ts";
import type { Fence, Lease, StoreTransaction } from "../ports/store.ts";
import type { Engine } from "./engine.ts";

export type LeaseHold = {
  /** Makes the lease last from now on, and writes what is written with it. Throws RUN_LOST when the run has a new owner. */
  readonly renew: (more?: (transaction: StoreTransaction) => Promise<void>) => Promise<void>;
  /** Nothing while the lease lasts by both clocks; after that, what `renew` does. */
  readonly check: () => Promise<void>;
};

export type LeaseJudge = {
  readonly nowMs: number;
  /** What a lease is given from now on; none can last longer. */
  readonly leaseMs: number;
  /** Whether the process that a lease names still lives; asked on this machine only. */
  readonly isOwnerGone: (owner: string) => boolean;
};

/**
 * Whether the run may be taken over. A lease that ends much later than any can be given was made before the clock was set
 * back; without this it would outlive its process by as much. Clocks of two machines differ by less than a lease lasts.
 * Taking over too early loses nothing: the fence stops the former owner.
 */
export const isLeaseOver = (
  { owner, untilMs }: Lease,
  { nowMs, leaseMs, isOwnerGone }: LeaseJudge,
): boolean => untilMs < nowMs || untilMs > nowMs + 2 * leaseMs || isOwnerGone(owner);

type Deps = Pick<Engine, "store" | "clock" | "settings">;

export function createLeaseHold({ store, clock, settings }: Deps, fence: Fence): LeaseHold {
  const { leaseMs } = settings.limits;
  const untilFromNow = () => ({ wall: clock.now() + leaseMs, steady: clock.monotonic() + leaseMs });
  let until = untilFromNow();
  const renew: LeaseHold["renew"] = async (more) => {
    const next = untilFromNow();
    const kept = await store.transaction(async (transaction) => {
      if (!(await transaction.runs.renew(fence.run, fence.epoch, next.wall))) return false;
      await more?.(transaction);
      return true;
    });
    if (!kept) throw new EngineError("RUN_LOST", `Run ${fence.run} has a new owner.`);
    until = next;
  };
  return {
    renew,
    check: async () => {
      if (clock.now() >= until.wall || clock.monotonic() >= until.steady) await renew();
    },
  };
}
