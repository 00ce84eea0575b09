// `run --restart`: every card of the builds goes back to ready with its counters cleared; the history stays.
import { ENGINE } from "../domain/card-moves.ts";
import { applyMove } from "./apply-move.ts";
import type { Session } from "./session.ts";
import { write } from "./session.ts";
import type { RunTarget } from "./start-run.ts";

/** Archived cards stay archived: somebody put them away on purpose. A single issue restarts alone. */
export async function restartCards(session: Session, target: RunTarget): Promise<void> {
  for (const { build } of target.entries) {
    await write(session, async (transaction) => {
      const cards = await transaction.cards.list({
        build,
        ...(target.only === null ? {} : { ids: [target.only] }),
      });
      for (const card of cards) {
        if (card.status === "ready" || card.status === "archived" || card.kind === "rock") continue;
        await applyMove(transaction, card, {
          to: "ready",
          actor: ENGINE,
          cause: "restart",
          origin: { run: session.run.id },
        });
      }
    });
  }
}
