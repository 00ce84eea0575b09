// Executes a run this process owns: takes its lease, opens its lanes, drives the loop, and ends it in a true state with a
// reason on every path, exceptions included.
import { EngineError } from "../domain/errors.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import { budgetOr, decideRunMove, NO_BUDGET } from "../domain/run.ts";
import type { Budget, Run, RunReason } from "../domain/run.ts";
import type { Turn } from "../domain/turn.ts";
import type { Lease, StoreTransaction } from "../ports/store.ts";
import { startBugFixPhase } from "./bug-fix-phase.ts";
import { keepBuildLogs } from "./build-logs.ts";
import { noteOfferDue } from "./offers/keep-offers.ts";
import { bringHead } from "./pull-reviews/bring-head.ts";
import { dropTurnsOfOthers } from "./drop-turns.ts";
import { CANCELED, endRun } from "./end-run.ts";
import type { RunEnd } from "./end-run.ts";
import type { Engine } from "./engine.ts";
import { createLeaseHold, isLeaseOver } from "./hold-lease.ts";
import { restartCards } from "./restart-cards.ts";
import { createLaneSource } from "./rock-lanes.ts";
import { watchWishes } from "./run-wishes.ts";
import type { Session } from "./session.ts";
import { activeMs, write } from "./session.ts";
import { runUnknown } from "./show-run.ts";
import type { RunSnapshot } from "./start-run.ts";
import { busy, firstBuild } from "./start-run.ts";
import { runLoop } from "./traction.ts";
import { writeTold } from "./write-told.ts";

export type ExecuteRequest = {
  readonly run: string;
  /** A fresh run is queued; a resumed one is paused, blocked or failed, or its process is gone. */
  readonly resume: boolean;
  /** New limits for a run that goes on; what is null stays as it was. */
  readonly budget?: Budget;
  /** Whether the process that a lease names still lives; asked on this machine only. */
  readonly isOwnerGone: (owner: string) => boolean;
};

const LEFT_TURNS_MAX = 1000;

/** Gives the run as it ended. Refused when it does not exist, is in the wrong state, or belongs to a living process. */
export async function executeRun(
  engine: Engine,
  request: ExecuteRequest,
  signal: AbortSignal,
): Promise<Result<Run>> {
  const taken = await takeRun(engine, request);
  if (!taken.ok) return taken;
  const { run, epoch, snapshot, left, replies } = taken.value;
  const lost = new AbortController();
  const fence = { run: run.id, epoch };
  const wishes = watchWishes(engine, fence);
  // The cards of a rock itself lie beside the builds of its epics.
  const { rock } = snapshot.target;
  const builds = rock === null ? run.builds : [...run.builds, rock];
  const logs = keepBuildLogs(engine, { run: run.id, builds });
  const session: Session = {
    engine: { ...engine, watcher: logs.watcher },
    run,
    assets: snapshot.assets,
    fence,
    approve: snapshot.approve ?? "ask",
    pullRequest: snapshot.pullRequest ?? null,
    isOwnerGone: request.isOwnerGone,
    lease: createLeaseHold(engine, fence),
    signal: AbortSignal.any([signal, lost.signal, wishes.cancel, wishes.lost]),
    pause: wishes.pause,
    cancel: wishes.cancel,
    facts: new Map(),
    patches: new Map(),
    spent: run.usage,
    turns: run.turns,
    replies,
    startedMs: engine.clock.monotonic(),
    countedMs: 0,
  };
  const stopLease = keepLease(session, lost);
  try {
    const end = await drive(session, snapshot, left);
    return ok(await settle(session, end));
  } finally {
    wishes.stop();
    stopLease();
    await logs.close();
  }
}

type Taken = {
  readonly run: Run;
  readonly epoch: number;
  readonly snapshot: RunSnapshot;
  readonly left: readonly Turn[];
  readonly replies: number;
};

async function takeRun(engine: Engine, request: ExecuteRequest): Promise<Result<Taken>> {
  const { settings, clock } = engine;
  return writeTold(engine, async (transaction): Promise<Result<Taken>> => {
    const { runs, turns, events } = transaction;
    const run = await runs.get(request.run);
    if (run === null) return runUnknown(request.run);
    const allowed = await mayRun(transaction, run);
    if (!allowed.ok) return allowed;
    const lease = await runs.lease(run.id);
    const nowMs = clock.now();
    const { leaseMs } = settings.limits;
    const { isOwnerGone } = request;
    const isOver = lease !== null && isLeaseOver(lease, { nowMs, leaseMs, isOwnerGone });
    const epoch = await runs.claim(
      run.id,
      settings.owner,
      isOver ? Number.MAX_SAFE_INTEGER : nowMs,
      nowMs + leaseMs,
    );
    if (epoch === null) return owned(run, lease);
    if (run.status !== "running") {
      const change = { reason: null, detail: null, at: new Date(nowMs).toISOString() };
      if (!(await runs.move(run.id, run.status, "running", change))) return owned(run, lease);
    }
    const budget = budgetOr(request.budget ?? NO_BUDGET, run.budget);
    await runs.setBudget(run.id, budget);
    const type = request.resume ? "run-continued" : "run-started";
    await events.append([
      {
        type,
        actor: "engine",
        run: run.id,
        ...firstBuild(run.builds),
        data: { epoch, from: run.status, budget },
      },
    ]);
    const fresh = await runs.get(run.id);
    const snapshot = (await runs.snapshot(run.id)) as unknown as RunSnapshot | null;
    if (fresh === null || snapshot === null)
      throw new EngineError("STORE_CORRUPT", `Run ${run.id} has no snapshot.`);
    await dropTurnsOfOthers(transaction, snapshot.target, { run: run.id, nowMs });
    const left = await turns.list({ run: run.id, statuses: ["live"], limit: LEFT_TURNS_MAX });
    const { runReplies } = await turns.counts({ run: run.id, build: "", card: "", seat: "" });
    return ok({ run: fresh, epoch, snapshot, left, replies: runReplies });
  });
}

/** A run that ended blocked or failed holds its builds no longer; another may work on them meanwhile. */
async function mayRun({ runs }: StoreTransaction, run: Run): Promise<Result<null>> {
  if (run.status === "running") return ok(null);
  const allowed = decideRunMove(run, "running");
  if (!allowed.ok) return allowed;
  const holder = await runs.activeOn(run.builds);
  return holder === null || holder.id === run.id ? ok(null) : busy(holder.id);
}

const owned = (run: Run, lease: Lease | null): Result<never> =>
  refuse(
    "RUN_STATE",
    `Run ${run.id} is being worked on by another process (${lease?.owner ?? "unknown"}). Watch it with: orket runs show ${run.id}`,
    {
      run: run.id,
      owner: lease?.owner ?? null,
    },
  );

/** Renews the lease until stopped. A process that cannot renew has lost the run and must not act any more. */
function keepLease(session: Session, lost: AbortController): () => void {
  const { engine, run, lease } = session;
  const { leaseRenewMs } = engine.settings.limits;
  const stop = new AbortController();
  const renew = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await engine.clock.sleep(leaseRenewMs, stop.signal);
      if (stop.signal.aborted) return;
      const workedMs = activeMs(session) - session.countedMs;
      await lease.renew(async ({ runs }) => runs.addActive(run.id, workedMs));
      session.countedMs += workedMs;
    }
  };
  renew().catch((error: unknown) => lost.abort(error));
  return () => stop.abort();
}

/** Runs the loop and turns whatever it throws into the end it stands for. Only the loss of the run is thrown on. */
async function drive(
  session: Session,
  snapshot: RunSnapshot,
  left: readonly Turn[],
): Promise<RunEnd> {
  const { engine, run } = session;
  try {
    for (const build of run.builds) await engine.workspaces.takeOver(build);
    if (snapshot.target.restart && run.turns === 0) await restartCards(session, snapshot.target);
    await bringHead(session, snapshot.target);
    const end = await runLoop(session, createLaneSource(session, snapshot.target), left);
    // Not a person but the loss of the lease, or of the store it is kept in, has stopped the run.
    if (session.signal.reason instanceof EngineError) throw session.signal.reason;
    return end;
  } catch (error) {
    if (error instanceof EngineError && error.code === "RUN_LOST") throw error;
    const code = error instanceof EngineError ? error.code : "INTERNAL";
    const detail = error instanceof Error ? error.message : String(error);
    engine.log.error({ run: run.id, code, error: detail }, "run failed");
    return { status: "failed", reason: reasonOf(code), detail: `${code}: ${detail}` };
  }
}

function reasonOf(code: string): RunReason {
  if (code === "NODE_FAILED") return "node";
  if (code.startsWith("STORE_") || code === "PROJECT_READ_ONLY") return "storage";
  return code.startsWith("MODEL_") || code === "SCRIPT_INVALID" ? "provider" : "internal";
}

/**
 * Writes the end. A cancel that nobody looked at any more is obeyed here, unless everything is done by then: who asked was
 * told that the run will stop. What was worked on since the lease was last renewed is counted with it.
 */
async function settle(session: Session, end: RunEnd): Promise<Run> {
  const { engine, run, fence } = session;
  return write(session, async (transaction) => {
    const { runs } = transaction;
    await runs.addActive(run.id, activeMs(session) - session.countedMs);
    const isCanceled = (await runs.wanted(run.id))?.wish === "cancel" && end.status !== "done";
    if (end.status === "done") {
      await startBugFixPhase(session, transaction);
      await noteOfferDue(session, transaction);
    }
    return endRun(transaction, {
      run,
      from: "running",
      epoch: fence.epoch,
      end: isCanceled ? CANCELED : end,
      nowMs: engine.clock.now(),
    });
  });
}
