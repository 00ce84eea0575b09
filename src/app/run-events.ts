// A run's events in parts, forwards or backwards, and those among them that hold a word.
import type { Event } from "../domain/events.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { Store } from "../ports/store.ts";
import { runUnknown } from "./show-run.ts";

export type EventQuestion = {
  readonly run: string;
  /** Exclusive bounds; with `before` alone the newest come, oldest first. */
  readonly after?: number;
  readonly before?: number;
  readonly limit: number;
  /** Looked for in type, card, actor and data, without regard to case. */
  readonly words?: string;
};

export type EventPage = {
  readonly events: readonly Event[];
  /** What `after` is for the next part, or `before` when it was asked for backwards; null when this is the last. */
  readonly next: number | null;
  readonly asOfSeq: number;
};

const READ_MAX = 1000;
/** One call looks through so many events at the most; the rest is for the next. */
const LOOKED_MAX = 20_000;

export async function readRunEvents(
  { store }: { readonly store: Store },
  { run, after, before, limit, words }: EventQuestion,
): Promise<Result<EventPage>> {
  const isBackwards = before !== undefined && after === undefined;
  return store.read(async ({ runs, events }): Promise<Result<EventPage>> => {
    if ((await runs.get(run)) === null) return runUnknown(run);
    const asOfSeq = await events.lastSeq();
    const found: Event[] = [];
    let from = after ?? 0;
    let to = before;
    for (let looked = 0; looked < LOOKED_MAX; looked += READ_MAX) {
      const bounds = isBackwards
        ? { before: to ?? 0 }
        : { after: from, ...(before === undefined ? {} : { before }) };
      const page = await events.list({ run, ...bounds, limit: READ_MAX });
      const ordered = isBackwards ? page.toReversed() : page;
      for (const event of ordered) {
        if (words !== undefined && !holds(event, words)) continue;
        found.push(event);
        if (found.length > limit) return ok(pageOf({ found, limit, isBackwards, asOfSeq }));
      }
      if (page.length < READ_MAX)
        return ok({ events: inOrder(found, isBackwards), next: null, asOfSeq });
      from = page.at(-1)?.seq ?? from;
      to = page[0]?.seq ?? to;
    }
    return ok({
      events: inOrder(found, isBackwards),
      next: isBackwards ? (to ?? null) : from,
      asOfSeq,
    });
  });
}

type Found = {
  readonly found: readonly Event[];
  readonly limit: number;
  readonly isBackwards: boolean;
  readonly asOfSeq: number;
};

/** One more was found than fits: so there is a next part. */
function pageOf({ found, limit, isBackwards, asOfSeq }: Found): EventPage {
  const page = found.slice(0, limit);
  return { events: inOrder(page, isBackwards), next: page.at(-1)?.seq ?? null, asOfSeq };
}

const inOrder = (found: readonly Event[], isBackwards: boolean): readonly Event[] =>
  isBackwards ? found.toReversed() : found;

function holds({ type, card = "", actor, data }: Event, words: string): boolean {
  const text = `${type} ${card} ${actor} ${JSON.stringify(data)}`.toLowerCase();
  return text.includes(words.toLowerCase());
}
