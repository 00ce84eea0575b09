// Ends live turns without a mark on their cards: of a run that was canceled, or of one whose build another run took over.
import type { Turn } from "../domain/turn.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { cardEvent } from "./apply-move.ts";
import { settleApproval } from "./approvals.ts";
import type { RunTarget } from "./start-run.ts";

const LEFT_TURNS_MAX = 1000;

type Ending = { readonly detail: string; readonly nowMs: number };

export async function dropTurns(
  transaction: StoreTransaction,
  live: readonly Turn[],
  { detail, nowMs }: Ending,
): Promise<void> {
  const { turns, approvals, events } = transaction;
  const at = new Date(nowMs).toISOString();
  for (const turn of live) {
    await turns.finish(turn.id, { status: "dropped", outcome: detail, commit: null, at });
    for (const asked of await approvals.list({ turn: turn.id, limit: LEFT_TURNS_MAX }))
      await settleApproval(transaction, asked, nowMs);
    const origin = { actor: "engine", run: turn.run, turn: turn.id } as const;
    const card = { build: turn.build, id: turn.card };
    await events.append([cardEvent(card, { ...origin, type: "turn-failed", data: { detail } })]);
  }
}

/** What a run finds of others on the cards it may touch: whoever left these turns open does not go on with them now. */
export async function dropTurnsOfOthers(
  transaction: StoreTransaction,
  target: RunTarget,
  { run, nowMs }: { readonly run: string; readonly nowMs: number },
): Promise<void> {
  for (const { build } of target.entries) {
    const live = await transaction.turns.list({
      build,
      statuses: ["live"],
      limit: LEFT_TURNS_MAX,
    });
    const left = live.filter(
      (turn) => turn.run !== run && (target.only === null || turn.card === target.only),
    );
    await dropTurns(transaction, left, { detail: `The run ${run} took the build over.`, nowMs });
  }
}
