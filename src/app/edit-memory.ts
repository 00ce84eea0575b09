// What a person does with the project's memory: look through it, and have a part of it forgotten.
import type { Memory } from "../domain/memory.ts";
import { firstWords } from "../domain/memory.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Store } from "../ports/store.ts";

type Deps = { readonly store: Store };

const LISTED_MAX = 1000;

export type MemoryList = { readonly memories: readonly Memory[]; readonly asOfSeq: number };

/** `search` null = the newest; words that are too short to be looked for find nothing. */
export async function listMemories({ store }: Deps, search: string | null): Promise<MemoryList> {
  const words = firstWords(search ?? "");
  return store.read(async ({ memories, events }) => ({
    memories: search !== null && words.size === 0 ? [] : await memories.find(words, LISTED_MAX),
    asOfSeq: await events.lastSeq(),
  }));
}

/** From now on no prompt and no list shows it. The row stays, and the event says who wanted it so. */
export async function forgetMemory(
  { store }: Deps,
  { id, person }: { readonly id: number; readonly person: string },
): Promise<Result<Memory>> {
  return store.transaction(async ({ memories, events }): Promise<Result<Memory>> => {
    const memory = await memories.get(id);
    if (memory === null || !(await memories.forget(id)))
      return refuse(
        "MEMORY_UNKNOWN",
        "No memory has that id, or it is forgotten already. See them with: orket memory",
        { memory: id },
      );
    const { build, card } = memory;
    const data = { memory: id, turn: memory.turn };
    await events.append([
      { type: "memory-forgotten", actor: `human:${person}`, build, card, data },
    ]);
    return ok(memory);
  });
}
