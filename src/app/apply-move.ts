// The one door for a status change: decides, writes with a compare-and-set and appends the event, in the caller's transaction.
import type { Card } from "../domain/card.ts";
import { movedFacts } from "../domain/card-history.ts";
import type { Actor, CardMove, MoveRequest } from "../domain/card-moves.ts";
import { decideMove } from "../domain/card-moves.ts";
import type { NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { StoreTransaction } from "../ports/store.ts";

/** Where in a run a change happens; absent for what a person does from outside. */
export type Origin = { readonly run?: string; readonly turn?: string };

export const actorName = (actor: Actor): string =>
  actor.kind === "engine" ? "engine" : `${actor.kind}:${actor.id}`;

export const cardEvent = (
  card: Pick<Card, "build" | "id">,
  event: {
    readonly type: NewEvent["type"];
    readonly actor: string;
    readonly data: JsonObject;
  } & Origin,
): NewEvent => ({ build: card.build, card: card.id, ...event });

/** `card` is the card as this transaction read it; a refusal or a conflict leaves everything as it was. */
export async function applyMove(
  transaction: StoreTransaction,
  card: Card,
  request: MoveRequest & { readonly origin?: Origin },
): Promise<Result<Card>> {
  const decided = decideMove(card, request);
  if (!decided.ok) return decided;
  const move = decided.value;
  if (!(await transaction.cards.move(card, move))) {
    return refuse(
      "CARD_CHANGED",
      `${card.id} was changed by somebody else meanwhile; look at it again.`,
      {
        card: card.id,
        status: card.status,
      },
    );
  }
  await transaction.events.append([
    cardEvent(card, {
      type: "card-moved",
      actor: actorName(request.actor),
      data: movedFacts(move),
      ...request.origin,
    }),
  ]);
  return ok(movedCard(card, move));
}

/** The card as the store now has it, without reading it again. */
export const movedCard = (card: Card, move: CardMove): Card => ({
  ...card,
  status: move.to,
  waitReason: move.waitReason,
  waitDetail: move.waitDetail,
  version: card.version + 1,
  verified: move.verified ?? card.verified,
  cycle: move.cycle ?? card.cycle,
  retryCount: move.retryCount ?? card.retryCount,
  authorSeats: move.to === "done" || move.cause === "restart" ? [] : card.authorSeats,
});
