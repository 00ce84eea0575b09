// The events of a run, newest first: a part at a time from the server, and what happens meanwhile from the stream. Rows stand
// still while somebody reads further down.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import type { InfiniteData } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import type { EventPage, WireEvent } from "../../api/types.ts";
import { live } from "../../live/use-live.ts";
import { holds } from "./holds.ts";
import { loadEvents } from "./run-data.ts";

/** More rows than this are not held: older ones begin a list of their own. */
export const ROWS_MAX = 20_000;
const FRESH_MAX = 2000;

export type EventWish = {
  readonly id: string;
  readonly words: string;
  /** Only what was before that one; null for up to now. */
  readonly before: number | null;
  /** Shows what comes as it comes. */
  readonly isFollowing: boolean;
};

export function useRunEvents({ id, words, before, isFollowing }: EventWish) {
  const client = useQueryClient();
  const key = useMemo(() => ["run-events", id, words, before], [id, words, before]);
  const query = useInfiniteQuery<
    EventPage,
    ApiError,
    InfiniteData<EventPage>,
    readonly unknown[],
    number | null
  >({
    queryKey: key,
    queryFn: async ({ pageParam, signal }) => loadEvents(id, { before: pageParam, words }, signal),
    initialPageParam: before,
    getNextPageParam: ({ next }) => next,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    structuralSharing: false,
  });
  const { data, error, refetch, fetchNextPage, isFetchingNextPage } = query;
  const beginAnew = useCallback(
    () => void client.resetQueries({ queryKey: key, exact: true }),
    [client, key],
  );
  const { came, isCut } = useFresh({ id, words, page: before === null ? data?.pages[0] : null });
  const [shown, show] = useState(0);
  // While it renders, so that no picture lags behind.
  const visible = isFollowing ? came.length : Math.min(shown, came.length);
  if (visible !== shown) show(visible);
  useEffect(() => {
    if (isFollowing && isCut) beginAnew();
  }, [isFollowing, isCut, beginAnew]);
  const rows = useMemo(() => {
    if (data === undefined) return undefined;
    return [came.slice(0, visible), ...data.pages.map(({ events }) => events)].flatMap((events) =>
      events.toReversed(),
    );
  }, [data, came, visible]);
  return {
    /** undefined before the first part. */
    rows,
    error,
    reload: () => void refetch(),
    /** How many came that are not shown; with `isCut` there are more. */
    waiting: came.length - visible,
    isCut,
    showNewest: () => (isCut ? beginAnew() : show(came.length)),
    /** Where older ones begin; null when these are all. */
    older: data?.pages.at(-1)?.next ?? null,
    loadOlder: () => {
      if (!isFetchingNextPage) void fetchNextPage();
    },
  };
}

type FreshWish = {
  readonly id: string;
  readonly words: string;
  /** The newest part; undefined while there is none, null where nothing new belongs to the list. */
  readonly page: EventPage | null | undefined;
};

type Fresh = {
  /** What they came after. */
  readonly page: EventPage | null | undefined;
  readonly came: readonly WireEvent[];
  readonly isCut: boolean;
};
const NOTHING: Fresh = { page: null, came: [], isCut: false };

/** What came after the newest part, oldest first. `isCut`: more than is held, so that the newest part has to be asked for. */
function useFresh({ id, words, page }: FreshWish): Fresh {
  const [fresh, setFresh] = useState(NOTHING);
  const position = useRef(0);
  useEffect(() => {
    if (page === undefined || page === null) return undefined;
    position.current = page.asOfSeq;
    live.hold(page.asOfSeq);
    const look = (): void => {
      const events = live.after(position.current);
      const last = events?.at(-1);
      if (events === null) setFresh((known) => ({ ...ofPage(known, page), isCut: true }));
      if (events === null || last === undefined) return;
      position.current = last.seq;
      const own = events.filter((event) => event.run === id && holds(event, words));
      if (own.length === 0) return;
      setFresh((known) => {
        const { came, isCut } = ofPage(known, page);
        return isCut || came.length + own.length > FRESH_MAX
          ? { page, came, isCut: true }
          : { page, came: [...came, ...own], isCut };
      });
    };
    look();
    return live.subscribe(look);
  }, [id, words, page]);
  return ofPage(fresh, page);
}

/** What belongs to another part is forgotten. */
const ofPage = (fresh: Fresh, page: Fresh["page"]): Fresh =>
  fresh.page === page ? fresh : { ...NOTHING, page };
