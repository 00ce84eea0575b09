// Which cards stand still because one does: those that hang on it, and those that hang on them.
import type { Card } from "../../api/types.ts";

const CLOSED: ReadonlySet<Card["status"]> = new Set(["done", "canceled", "archived"]);

export function cardsBehind(
  cards: readonly Pick<Card, "id" | "dependsOn" | "status">[],
  card: string,
): readonly string[] {
  const behind = new Set<string>();
  const waiting = [card];
  for (let on = waiting.shift(); on !== undefined; on = waiting.shift())
    for (const { id, dependsOn, status } of cards)
      if (dependsOn.includes(on) && !CLOSED.has(status) && !behind.has(id) && id !== card) {
        behind.add(id);
        waiting.push(id);
      }
  return [...behind];
}
