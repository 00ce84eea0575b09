// What the log says of a run, newest first: all of it can be scrolled through, searched, and opened event by event.
import { useCallback, useEffect, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import type { EventPage, WireEvent } from "../../api/types.ts";
import { LongText } from "../../kit/long-text.tsx";
import { usePageKeys } from "../../kit/page-keys.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { clockOf, momentOf } from "../../kit/time.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import { loadEvents } from "./run-data.ts";
import { ROWS_MAX, useRunEvents } from "./use-run-events.ts";

const ROW_PX = 28;
const NEAR_END = 50;
const DATA_CHARACTERS = 200;

export function Events({ id }: { readonly id: string }) {
  const { get, set } = useSearchState();
  const words = get("q") ?? "";
  const before = Number(get("before")) || null;
  const find = useRef<HTMLInputElement>(null);
  usePageKeys({ "/": () => find.current?.focus() });
  return (
    <>
      <label>
        Find in all events{" "}
        <input
          ref={find}
          type="search"
          value={words}
          maxLength={200}
          onChange={({ target }) => set({ q: target.value, before: null }, "replace")}
        />
      </label>
      <List key={`${words} ${before}`} id={id} words={words} before={before} />
    </>
  );
}

type ListProps = { readonly id: string; readonly words: string; readonly before: number | null };

function List({ id, words, before }: ListProps) {
  const { get, set } = useSearchState();
  const [isFollowing, follow] = useState(before === null);
  const events = useRunEvents({ id, words, before, isFollowing });
  const { rows, older, loadOlder } = events;
  const count = rows?.length ?? 0;
  const isFull = count >= ROWS_MAX;
  const latest = useRef({ count, older, isFull, loadOlder });
  useEffect(() => {
    latest.current = { count, older, isFull, loadOlder };
  });
  const onSight = useCallback((first: number, last: number) => {
    follow(first === 0);
    const now = latest.current;
    if (last >= now.count - NEAR_END && now.older !== null && !now.isFull) now.loadOlder();
  }, []);
  // A word that is rare is looked for until it fills the list, a part at a time.
  useEffect(() => {
    if (count < NEAR_END && older !== null) latest.current.loadOlder();
  }, [count, older]);
  const chosen = Number(get("seq")) || null;
  return (
    <Loaded what="its events" data={rows} error={events.error} reload={events.reload}>
      {(shown) => (
        <>
          <Head shown={shown.length} words={words} before={before} events={events} />
          <div className="events">
            <VirtualList
              label="Events, newest first"
              items={shown}
              rowHeight={ROW_PX}
              keyOf={({ seq }) => String(seq)}
              onSight={onSight}
            >
              {(event) => <Row event={event} isChosen={event.seq === chosen} />}
            </VirtualList>
            {chosen === null ? null : (
              <Chosen
                id={id}
                seq={chosen}
                known={shown.find(({ seq }) => seq === chosen)}
                onClose={() => set({ seq: null })}
              />
            )}
          </div>
        </>
      )}
    </Loaded>
  );
}

type HeadProps = Omit<ListProps, "id"> & {
  readonly shown: number;
  readonly events: ReturnType<typeof useRunEvents>;
};

function Head({ shown, words, before, events }: HeadProps) {
  const { set } = useSearchState();
  const { older, waiting, isCut, showNewest } = events;
  const toLatest = (): void => {
    showNewest();
    document.querySelector(".events > .virtual")?.scrollTo(0, 0);
  };
  return (
    <p className="toolbar meta">
      {counted(shown, words, older)}
      {waiting > 0 || isCut ? (
        <button type="button" className="primary" onClick={toLatest}>
          Jump to latest ({waiting}
          {isCut ? "+" : ""} new)
        </button>
      ) : null}
      {before === null ? null : (
        <button type="button" onClick={() => set({ before: null })}>
          Newest
        </button>
      )}
      {shown >= ROWS_MAX && older !== null ? (
        <button type="button" onClick={() => set({ before: String(older) })}>
          Go on with older ones
        </button>
      ) : null}
    </p>
  );
}

function counted(count: number, words: string, older: number | null): string {
  const more = older === null ? "" : " so far";
  if (count === 0) return older === null ? "No event has that." : "Looking further back…";
  return words === "" ? `${count} events${more}` : `${count} events have that${more}`;
}

type RowProps = { readonly event: WireEvent; readonly isChosen: boolean };

function Row({ event: { seq, at, type, card, data }, isChosen }: RowProps) {
  const { set } = useSearchState();
  return (
    <div className="event-row">
      <button
        type="button"
        className="plain mono"
        aria-pressed={isChosen}
        onClick={() => set({ seq: isChosen ? null : String(seq) }, "replace")}
      >
        {seq}
      </button>
      <time className="meta" dateTime={at}>
        {clockOf(at)}
      </time>
      <strong className="clip">{type}</strong>
      <span className="clip">{card === null ? null : <Text>{card}</Text>}</span>
      <span className="mono clip">
        <Text>{JSON.stringify(data).slice(0, DATA_CHARACTERS)}</Text>
      </span>
    </div>
  );
}

type ChosenProps = {
  readonly id: string;
  readonly seq: number;
  readonly known: WireEvent | undefined;
  readonly onClose: () => void;
};

/** One event whole. A link to it shows it also where the list has not come so far. */
function Chosen({ id, seq, known, onClose }: ChosenProps) {
  const asked = useQuery<EventPage, ApiError>({
    queryKey: ["run-event", id, seq],
    queryFn: async ({ signal }) => loadEvents(id, { before: seq + 1, words: "", limit: 1 }, signal),
    enabled: known === undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const found = known ?? asked.data?.events.find((event) => event.seq === seq);
  return (
    <aside className="peek" aria-label={`Event ${seq}`}>
      <header className="toolbar">
        <h2>Event {seq}</h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </header>
      <Loaded
        what="the event"
        data={found ?? (asked.data === undefined ? undefined : null)}
        error={known === undefined ? asked.error : null}
        reload={() => void asked.refetch()}
      >
        {(event) =>
          event === null ? (
            <p>This run has no event of that number.</p>
          ) : (
            <>
              <p>
                <strong>{event.type}</strong> <span className="meta">{momentOf(event.at)}</span>
              </p>
              <LongText text={JSON.stringify(event, null, 2)} />
            </>
          )
        }
      </Loaded>
    </aside>
  );
}
