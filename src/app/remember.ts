// What a turn leaves to the project's memory, written in the transaction that commits it: a turn that failed leaves nothing.
import { decisionIn } from "../domain/memory.ts";
import type { StoreTransaction } from "../ports/store.ts";
import type { Session } from "./session.ts";
import type { LiveTurn, TurnOutcome } from "./turn-outcome.ts";

const COMMENTS_MAX = 200;

/** Gives the memory's id, or null when the turn decided nothing. */
export async function remember(
  transaction: StoreTransaction,
  { assets }: Pick<Session, "assets">,
  { live, outcome }: { readonly live: LiveTurn; readonly outcome: TurnOutcome },
): Promise<number | null> {
  const { id, build, card, run, seat } = live.turn;
  const words = decisionIn({
    roles: live.lane.team.seats.find((one) => one.key === seat)?.roles ?? [],
    comments: await commentsOf(transaction, live, outcome),
    text: outcome.text,
  });
  if (words === null) return null;
  const origin = { project: assets.organization.name, build, card, run, turn: id, seat };
  return transaction.memories.add({ ...origin, words });
}

/** Most turns write no comment; they do not ask the store for any. A rejection becomes one as it is applied. */
async function commentsOf(
  { comments }: StoreTransaction,
  { turn, card }: LiveTurn,
  { recorded, staged }: TurnOutcome,
): Promise<readonly string[]> {
  const rejects = turn.kind === "review" && staged?.move.to === "in_progress";
  if (!recorded && !rejects) return [];
  const list = await comments.list(card.build, card.id, COMMENTS_MAX);
  return list.filter((comment) => comment.turn === turn.id).map((comment) => comment.text);
}
