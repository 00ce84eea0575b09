// What a prompt shows of the project's memory. The store finds candidates by their words, the domain weighs and cuts.
import type { Card, CardBrief } from "../domain/card.ts";
import type { Memory } from "../domain/memory.ts";
import { chooseMemories, MEMORY_LIMITS, queryOf } from "../domain/memory.ts";
import type { StoreTransaction } from "../ports/store.ts";

export async function recall(
  { memories }: Pick<StoreTransaction, "memories">,
  { summary }: Pick<Card, "summary">,
  { note }: Pick<CardBrief, "note">,
): Promise<readonly Memory[]> {
  if (!(await memories.any())) return [];
  const query = queryOf({ summary, note });
  return chooseMemories(query, await memories.find(query, MEMORY_LIMITS.candidatesMax));
}
