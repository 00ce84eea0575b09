// Ends a run in one transaction: state, reason, the lease given back, and whatever a canceled run leaves open put back.
import { ENGINE } from "../domain/card-moves.ts";
import { EngineError } from "../domain/errors.ts";
import type { Run, RunReason, RunStatus } from "../domain/run.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { applyMove } from "./apply-move.ts";
import { dropTurns } from "./drop-turns.ts";
import { firstBuild } from "./start-run.ts";

export type RunEnd = {
  readonly status: RunStatus;
  readonly reason: RunReason;
  /** What the reason means here, in words. */
  readonly detail: string | null;
};

/** A person's wish. */
export const CANCELED: RunEnd = { status: "canceled", reason: "requested", detail: null };

export type Ending = {
  readonly run: Run;
  /** The state it is in now; a run that is somewhere else by then is left alone. */
  readonly from: RunStatus;
  readonly epoch: number;
  readonly end: RunEnd;
  /** The clock's time, in milliseconds. */
  readonly nowMs: number;
};

const LEFT_TURNS_MAX = 1000;

/** Gives the run as it is afterwards. */
export async function endRun(
  transaction: StoreTransaction,
  { run, from, epoch, end, nowMs }: Ending,
): Promise<Run> {
  const { runs, events } = transaction;
  const at = new Date(nowMs).toISOString();
  if (end.status === "canceled") await putBack(transaction, run, nowMs);
  await runs.move(run.id, from, end.status, { reason: end.reason, detail: end.detail, at });
  await runs.release(run.id, epoch);
  const origin = { actor: "engine", run: run.id, ...firstBuild(run.builds) } as const;
  const data = {
    status: end.status,
    reason: end.reason,
    ...(end.detail === null ? {} : { detail: end.detail }),
  };
  await events.append([
    { ...origin, type: end.status === "paused" ? "run-paused" : "run-ended", data },
  ]);
  if (end.reason === "budget") await events.append([{ ...origin, type: "budget-reached", data }]);
  if (end.status === "done") await noteSuccess(transaction, run);
  const fresh = await runs.get(run.id);
  if (fresh === null) throw new EngineError("STORE_CORRUPT", `Run ${run.id} cannot be read.`);
  return fresh;
}

async function noteSuccess({ events, cards, runs }: StoreTransaction, run: Run): Promise<void> {
  const origin = { actor: "engine", run: run.id, ...firstBuild(run.builds) } as const;
  const turns = (await runs.get(run.id))?.turns ?? run.turns;
  await events.append([{ ...origin, type: "run-succeeded", data: { turns } }]);
  const resolved = run.kind === "issue" ? await cards.find(run.card) : null;
  if (resolved === null) return;
  const data = { status: resolved.status };
  await events.append([{ ...origin, type: "issue-run-resolved", card: run.card, data }]);
}

/** What was begun ends without a mark: turns are dropped, and the cards in work wait as before. */
async function putBack(transaction: StoreTransaction, run: Run, nowMs: number): Promise<void> {
  const { cards, turns } = transaction;
  const live = await turns.list({ run: run.id, statuses: ["live"], limit: LEFT_TURNS_MAX });
  await dropTurns(transaction, live, { detail: "The run was canceled.", nowMs });
  for (const build of run.builds) {
    for (const card of await cards.list({ build, kind: "issue", statuses: ["in_progress"] })) {
      await applyMove(transaction, card, {
        to: "ready",
        actor: ENGINE,
        cause: "interrupted",
        origin: { run: run.id },
      });
    }
  }
}
