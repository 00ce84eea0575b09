// Snapshots that stay true: fetched once, kept up with the events that follow, fetched again where those do not suffice.
import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ApiError } from "../api/http.ts";
import type { WireEvent } from "../api/types.ts";
import type { Live, LiveState } from "./live.ts";
import { createLive } from "./live.ts";
import { openLink } from "./link.ts";

const HIDDEN_FRAME_MS = 1000;

/** The one of this tab. */
export const live: Live = createLive({
  openLink,
  // Nothing is painted in a tab that is hidden; its title still counts.
  nextFrame: (act) => {
    if (document.hidden) setTimeout(act, HIDDEN_FRAME_MS);
    else requestAnimationFrame(act);
  },
});

export const useLiveState = (): LiveState => useSyncExternalStore(live.onState, live.state);

/** Nothing that somebody froze is asked for again by itself. */
export const useInterval = (everyMs: number | undefined): number | false =>
  useLiveState() === "paused" ? false : (everyMs ?? false);

type Snapshot = { readonly asOfSeq: number };

/** `reload` where the events do not say enough to go on. Data that nothing concerns is given back as it is. */
export type Apply<Data> = (data: Data, events: readonly WireEvent[]) => Data | "reload";

export type Watched<Data> = {
  readonly key: QueryKey;
  readonly load: (signal: AbortSignal) => Promise<Data>;
  readonly apply: Apply<Data>;
};

export type LiveAnswer<Data> = {
  /** The last that is known, also while an error stands beside it. */
  readonly data: Data | undefined;
  readonly error: ApiError | null;
  readonly reload: () => void;
};

/** For pages whose events only say that something changed. */
export const reloadOn =
  <Data>(concerns: (event: WireEvent) => boolean): Apply<Data> =>
  (data, events) =>
    events.some(concerns) ? "reload" : data;

/** Up to where each snapshot was brought; its own number where it is as it came. */
const positions = new WeakMap<object, number>();
const RELOAD_MS = 300;
const RETRY_MS = 5000;

export function useLive<Data extends Snapshot>(watched: Watched<Data>): LiveAnswer<Data> {
  const client = useQueryClient();
  const newest = useRef(watched);
  useLayoutEffect(() => {
    newest.current = watched;
  });
  const { data, error, refetch, dataUpdatedAt } = useQuery<Data, ApiError>({
    queryKey: watched.key,
    queryFn: async ({ signal }) => {
      const loaded = await watched.load(signal);
      live.hold(loaded.asOfSeq);
      return loaded;
    },
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  const hash = JSON.stringify(watched.key);
  useEffect(() => follow(client, () => newest.current), [client, hash]);
  // What came while the snapshot was on its way may be all that ever comes.
  useEffect(() => live.lookSoon(), [dataUpdatedAt]);
  return { data, error, reload: () => void refetch() };
}

/** True when the snapshot has to be fetched again. */
function catchUp<Data extends Snapshot>(
  client: QueryClient,
  { key, apply }: Watched<Data>,
): boolean {
  const data = client.getQueryData<Data>(key);
  if (data === undefined) return false;
  const events = live.after(positions.get(data) ?? data.asOfSeq);
  if (events === null) return true;
  const last = events.at(-1);
  if (last === undefined) return false;
  const next = apply(data, events);
  if (next === "reload") return true;
  positions.set(next, last.seq);
  if (next !== data) client.setQueryData(key, next);
  return false;
}

function follow<Data extends Snapshot>(
  client: QueryClient,
  watched: () => Watched<Data>,
): () => void {
  let epoch = live.epoch();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isGone = false;
  const reload = async (): Promise<void> => {
    await client.refetchQueries({ queryKey: watched().key, exact: true }, { cancelRefetch: false });
    timer = null;
    if (isGone) return;
    // A server that does not answer is not asked three times a second.
    if (client.getQueryState(watched().key)?.status === "error") reloadSoon(RETRY_MS);
    else look();
  };
  const reloadSoon = (milliseconds = RELOAD_MS): void => {
    timer ??= setTimeout(() => void reload(), milliseconds);
  };
  const look = (): void => {
    const isAnew = epoch !== live.epoch();
    epoch = live.epoch();
    if (catchUp(client, watched()) || isAnew) reloadSoon();
  };
  const leave = live.subscribe(look);
  return () => {
    isGone = true;
    if (timer !== null) clearTimeout(timer);
    leave();
  };
}
