// Stops a run from outside. A run that some process works on is asked to stop; one that nobody works on is stopped here.
// A cancel that is not obeyed in time takes the run away: the epoch rises, and the old owner can write nothing more.
import { EngineError } from "../domain/errors.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Run, RunStatus, RunWish } from "../domain/run.ts";
import { decideRunMove } from "../domain/run.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { CANCELED, endRun } from "./end-run.ts";
import type { RunEnd } from "./end-run.ts";
import type { Engine } from "./engine.ts";
import type { LeaseJudge } from "./hold-lease.ts";
import { isLeaseOver } from "./hold-lease.ts";
import { firstBuild } from "./start-run.ts";

export type StopRequest = {
  readonly run: string;
  readonly wish: RunWish;
  /** Who asks; a person's name. */
  readonly by: string;
  /** Whether the process that a lease names is gone; asked on this machine only. */
  readonly isOwnerGone: (owner: string) => boolean;
};

type StopDeps = Pick<Engine, "store" | "clock"> & {
  readonly settings: Pick<Engine["settings"], "limits" | "owner">;
};

/** How long a cancel waits for the run's own process. Together with ending the run here it stays under two seconds. */
const CANCEL_WAIT_MS = 1500;
/** A pause lets running steps finish, which may take minutes; after this it is said that they do. */
const PAUSE_WAIT_MS = 5000;
const LOOK_MS = 50;
const RUNS_MAX = 1000;

const LOST: RunEnd = {
  status: "paused",
  reason: "interrupted",
  detail: "Its process was lost; every finished turn is kept.",
};

/** Gives the run as it is then: a pause may still be waiting for running steps, and the run is `running` so long. */
export async function stopRun(
  engine: StopDeps,
  request: StopRequest,
  signal?: AbortSignal,
): Promise<Result<Run>> {
  const asked = await ask(engine, request);
  if (!asked.ok || !asked.value.waits) return asked.ok ? ok(asked.value.run) : asked;
  const waitMs = request.wish === "cancel" ? CANCEL_WAIT_MS : PAUSE_WAIT_MS;
  const run = await untilStopped(engine, { id: request.run, waitMs }, signal);
  return run.status === "running" && request.wish === "cancel"
    ? ok(await take(engine, run))
    : ok(run);
}

type Asked = { readonly run: Run; readonly waits: boolean };

async function ask(
  { store, clock, settings }: StopDeps,
  { run: id, wish, by, isOwnerGone }: StopRequest,
): Promise<Result<Asked>> {
  return store.transaction(async (transaction): Promise<Result<Asked>> => {
    const { runs, events } = transaction;
    const run = await runs.get(id);
    if (run === null)
      return refuse("RUN_UNKNOWN", `No run has the id ${id}. See them with: orket runs`, {
        run: id,
      });
    const allowed = decideRunMove(run, wish === "cancel" ? "canceled" : "paused");
    if (!allowed.ok) return allowed;
    const origin = { actor: by, run: id, ...firstBuild(run.builds) };
    await events.append([{ ...origin, type: "run-stop-requested", data: { wish } }]);
    const nowMs = clock.now();
    const { leaseMs } = settings.limits;
    if (
      run.status === "running" &&
      !(await isLapsed(transaction, id, { nowMs, leaseMs, isOwnerGone }))
    ) {
      await runs.want(id, wish);
      return ok({ run, waits: true });
    }
    const end = wish === "cancel" ? CANCELED : LOST;
    const epoch = await seize(transaction, id, { owner: settings.owner, nowMs });
    return ok({
      run: await endRun(transaction, { run, from: run.status, epoch, end, nowMs }),
      waits: false,
    });
  });
}

async function isLapsed(
  { runs }: StoreTransaction,
  id: string,
  judge: LeaseJudge,
): Promise<boolean> {
  const lease = await runs.lease(id);
  return lease === null || isLeaseOver(lease, judge);
}

/** Raises the epoch whoever holds the run: from now on only the new one writes. */
async function seize(
  { runs }: StoreTransaction,
  id: string,
  { owner, nowMs }: { readonly owner: string; readonly nowMs: number },
): Promise<number> {
  const epoch = await runs.claim(id, owner, Number.MAX_SAFE_INTEGER, nowMs);
  if (epoch === null) throw new EngineError("STORE_CORRUPT", `Run ${id} cannot be claimed.`);
  return epoch;
}

async function untilStopped(
  { store, clock }: StopDeps,
  { id, waitMs }: { readonly id: string; readonly waitMs: number },
  signal?: AbortSignal,
): Promise<Run> {
  const untilMs = clock.monotonic() + waitMs;
  for (;;) {
    const run = await store.read(async ({ runs }) => runs.get(id));
    if (run === null) throw new EngineError("RUN_UNKNOWN", `There is no run ${id}.`);
    if (run.status !== "running" || clock.monotonic() >= untilMs || signal?.aborted === true)
      return run;
    await clock.sleep(LOOK_MS, signal);
  }
}

/** Its process does not answer: a frozen one, or one that waits for something that cannot be aborted. */
async function take({ store, clock, settings }: StopDeps, { id }: Run): Promise<Run> {
  return store.transaction(async (transaction) => {
    const run = await transaction.runs.get(id);
    if (run === null) throw new EngineError("RUN_UNKNOWN", `There is no run ${id}.`);
    if (!decideRunMove(run, "canceled").ok) return run;
    const nowMs = clock.now();
    const epoch = await seize(transaction, id, { owner: settings.owner, nowMs });
    return endRun(transaction, { run, from: run.status, epoch, end: CANCELED, nowMs });
  });
}

/**
 * Runs whose process was lost become `paused` with the reason `interrupted`, so that they can be resumed; one that was lost
 * before it began stays `queued`, which can be resumed as well. Gives them all.
 */
export async function adoptLostRuns(
  { store, clock, settings }: StopDeps,
  isOwnerGone: StopRequest["isOwnerGone"],
): Promise<readonly Run[]> {
  const statuses: readonly RunStatus[] = ["queued", "running"];
  const running = await store.read(async ({ runs }) => runs.list({ statuses, limit: RUNS_MAX }));
  const adopted: Run[] = [];
  for (const { id } of running) {
    const run = await store.transaction(async (transaction) => {
      const fresh = await transaction.runs.get(id);
      const nowMs = clock.now();
      if (fresh?.status === "queued")
        return Date.parse(fresh.createdAt) + settings.limits.leaseMs < nowMs ? fresh : null;
      if (fresh?.status !== "running") return null;
      const { leaseMs } = settings.limits;
      if (!(await isLapsed(transaction, id, { nowMs, leaseMs, isOwnerGone }))) return null;
      const epoch = await seize(transaction, id, { owner: settings.owner, nowMs });
      return endRun(transaction, { run: fresh, from: "running", epoch, end: LOST, nowMs });
    });
    if (run !== null) adopted.push(run);
  }
  return adopted;
}
