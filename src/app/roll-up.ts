// What the state of its issues means for an epic.
import { isClosed } from "../domain/card.ts";
import { ENGINE } from "../domain/card-moves.ts";
import { applyMove } from "./apply-move.ts";
import type { Session } from "./session.ts";
import { write } from "./session.ts";

/** An epic is done when each of its counted cards is closed and at least one is done. */
export async function rollUpEpic(session: Session, build: string): Promise<boolean> {
  return write(session, async (transaction) => {
    const cards = await transaction.cards.list({ build });
    const issues = cards.filter((card) => card.kind === "issue" && !card.orphaned);
    const epic = cards.find((card) => card.kind === "epic");
    const done =
      issues.some((card) => card.status === "done") &&
      issues.every((card) => isClosed(card.status));
    if (epic === undefined || !done) return epic?.status === "done";
    if (epic.status === "done") return true;
    const moved = await applyMove(transaction, epic, {
      to: "done",
      actor: ENGINE,
      cause: "rollup",
      origin: { run: session.run.id },
    });
    return moved.ok;
  });
}
