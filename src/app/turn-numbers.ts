// The number of a turn in its run: what `runs show` prints and `run --from` takes. Counted by the log, from 1: its order is
// the one thing about turns that no clock can shift.
import type { Event } from "../domain/events.ts";
import type { EventFilter, EventLog } from "../ports/store.ts";

/** Ids of the run's turns in the order in which they were started; the first has the number 1. */
export async function turnsInOrder(events: EventLog, run: string): Promise<readonly string[]> {
  const started = await allEvents(events, { run, types: ["turn-started"] });
  return started.flatMap(({ turn }) => (turn === undefined ? [] : [turn]));
}

const PAGE = 10_000;

/** Every event that the filter lets through, oldest first, read in pages. */
export async function allEvents(
  events: EventLog,
  filter: Omit<EventFilter, "limit" | "after">,
): Promise<readonly Event[]> {
  const all: Event[] = [];
  for (let after = 0; ; after = all.at(-1)?.seq ?? 0) {
    const page = await events.list({ ...filter, after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
