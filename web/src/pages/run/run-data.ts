// What the page of a run shows: the run, its turns and the newest of its events, each true for one moment.
import { getJson } from "../../api/http.ts";
import type { EventPage, RunView, TurnPage, WireEvent } from "../../api/types.ts";

export type RunData = {
  readonly asOfSeq: number;
  readonly view: RunView;
  readonly turns: TurnPage["turns"];
};

const pathOf = (id: string): string => `/v1/runs/${encodeURIComponent(id)}`;

export async function loadRun(id: string, signal: AbortSignal): Promise<RunData> {
  const [view, page] = await Promise.all([
    getJson<RunView>(pathOf(id), { signal }),
    getJson<TurnPage>(`${pathOf(id)}/turns`, { signal }),
  ]);
  return { view, turns: page.turns, asOfSeq: Math.min(view.asOfSeq, page.asOfSeq) };
}

const EVENTS = 200;

/** The newest, unless others are asked for. */
export const loadEvents = async (
  id: string,
  { before, words }: { readonly before: number | null; readonly words: string },
  signal: AbortSignal,
): Promise<EventPage> =>
  getJson(`${pathOf(id)}/events`, {
    params: {
      before: before ?? Number.MAX_SAFE_INTEGER,
      limit: EVENTS,
      q: words === "" ? null : words,
    },
    signal,
  });

export const isOfRun =
  (id: string) =>
  ({ run }: WireEvent): boolean =>
    run === id;
