// A transaction whose events the watcher is told of, after the commit only: what a person sees has happened.
import type { Event } from "../domain/events.ts";
import type { Fence, StoreTransaction } from "../ports/store.ts";
import type { Engine } from "./engine.ts";

export async function writeTold<Value>(
  { store, watcher }: Pick<Engine, "store" | "watcher">,
  work: (transaction: StoreTransaction) => Promise<Value>,
  fence?: Fence,
): Promise<Value> {
  let written: Event[] = [];
  const value = await store.transaction(async (transaction) => {
    // A transaction that is tried again begins anew.
    written = [];
    return work({
      ...transaction,
      events: {
        ...transaction.events,
        append: async (events) => {
          const appended = await transaction.events.append(events);
          written.push(...appended);
          return appended;
        },
      },
    });
  }, fence);
  if (written.length > 0) watcher.onEvents(written);
  return value;
}
