// The engine blocks a card between its turns: something is missing that no agent can bring.
import type { Card } from "../domain/card.ts";
import { ENGINE } from "../domain/card-moves.ts";
import type { NewEvent } from "../domain/events.ts";
import { applyMove, cardEvent } from "./apply-move.ts";
import type { Session } from "./session.ts";
import { write } from "./session.ts";

type EngineBlock = {
  readonly reason: "resource" | "system";
  readonly detail: string;
  readonly alert: string;
  readonly events: readonly NewEvent[];
};

/** The card waits for what a person has to see to; the alert says what that is. */
export async function blockByEngine(
  session: Session,
  card: Card,
  { reason, detail, alert, events }: EngineBlock,
): Promise<void> {
  const origin = { run: session.run.id };
  await write(session, async (transaction) => {
    const fresh = await transaction.cards.get(card.build, card.id);
    if (fresh === null) return;
    const data = { alert, detail, authorSeats: card.authorSeats };
    await transaction.events.append([
      ...events,
      cardEvent(card, { ...origin, type: "alert-raised", actor: "engine", data }),
    ]);
    await applyMove(transaction, fresh, {
      to: "blocked",
      actor: ENGINE,
      cause: "failure",
      waitReason: reason,
      waitDetail: detail,
      origin,
    });
  });
}
