// What the page of a run shows: the run, its turns and parts of its events, each true for one moment.
import { getJson } from "../../api/http.ts";
import type { EventPage, RunView, TurnPage, WireEvent } from "../../api/types.ts";

export type RunData = {
  readonly asOfSeq: number;
  readonly view: RunView;
  readonly turns: TurnPage["turns"];
};

const pathOf = (id: string): string => `/v1/runs/${encodeURIComponent(id)}`;

/** Of the turns only those are asked for that may have changed: the live ones and what came after them. */
export async function loadRun(
  id: string,
  known: RunData["turns"],
  signal: AbortSignal,
): Promise<RunData> {
  const from = known.find(({ status }) => status === "live")?.numberInRun ?? known.length + 1;
  const [view, page] = await Promise.all([
    getJson<RunView>(pathOf(id), { signal }),
    getJson<TurnPage>(`${pathOf(id)}/turns`, { params: { from_turn: from }, signal }),
  ]);
  const kept = known.filter(({ numberInRun }) => numberInRun < from);
  return {
    view,
    turns: [...kept, ...page.turns],
    asOfSeq: Math.min(view.asOfSeq, page.asOfSeq),
  };
}

const EVENTS = 500;

type EventQuestion = {
  readonly before: number | null;
  readonly words: string;
  readonly limit?: number;
};

/** The newest before that one, unless all are meant. */
export const loadEvents = async (
  id: string,
  { before, words, limit = EVENTS }: EventQuestion,
  signal: AbortSignal,
): Promise<EventPage> =>
  getJson(`${pathOf(id)}/events`, {
    params: {
      before: before ?? Number.MAX_SAFE_INTEGER,
      limit,
      q: words === "" ? null : words,
    },
    signal,
  });

export const isOfRun =
  (id: string) =>
  ({ run }: WireEvent): boolean =>
    run === id;

/** Calls change neither the run nor the list of its turns. */
export const isForRun =
  (id: string) =>
  ({ run, type }: WireEvent): boolean =>
    run === id && !type.startsWith("tool-");
