// What the card tools share: who speaks, where from, and a comment with its event.
import { z } from "zod";
import type { StoreTransaction } from "../../ports/store.ts";
import { cardEvent } from "../apply-move.ts";
import type { ToolScope } from "./tool.ts";

export const text = z.string().min(1).max(16_384);

export const actorOf = (scope: ToolScope): string => `agent:${scope.seat}`;
export const originOf = (scope: ToolScope): { run: string; turn: string } => ({
  run: scope.run,
  turn: scope.turn,
});

export async function comment(
  transaction: StoreTransaction,
  scope: ToolScope,
  words: string,
): Promise<void> {
  await transaction.comments.add({
    build: scope.card.build,
    card: scope.card.id,
    author: actorOf(scope),
    text: words,
    turn: scope.turn,
  });
  await transaction.events.append([
    cardEvent(scope.card, {
      type: "card-commented",
      actor: actorOf(scope),
      data: { text: words },
      ...originOf(scope),
    }),
  ]);
}
