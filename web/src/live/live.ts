// What a tab knows of the event log: the last events, how the connection is, and when to look. Pages hold snapshots and ask
// here for what came after them; useLive does that for them.
import type { WireEvent } from "../api/types.ts";
import type { FeedState } from "./connection.ts";
import type { ToTab } from "./hub.ts";
import type { OpenLink } from "./link.ts";
import { createRing } from "./ring.ts";

export type LiveState = FeedState | "paused";

export type Live = {
  /** A snapshot is true for this number; the first one opens the stream behind it. */
  readonly hold: (asOfSeq: number) => void;
  /** What came after that number and may be shown; null when the snapshot is to be fetched again. */
  readonly after: (seq: number) => readonly WireEvent[] | null;
  /** The number of the newest that is known; 0 before the first snapshot. */
  readonly last: () => number;
  /** Called at most once a frame, when there is something to look at. */
  readonly subscribe: (look: () => void) => () => void;
  /** Has everybody look before the next painting: a snapshot came, and what followed it may be here already. */
  readonly lookSoon: () => void;
  readonly onState: (look: () => void) => () => void;
  readonly state: () => LiveState;
  /** Rises when everything is to be fetched again, whatever the numbers say. */
  readonly epoch: () => number;
  /** Freezes the view; nothing is lost. */
  readonly setPaused: (isPaused: boolean) => void;
  /** The tab is looked at again, or woke up. */
  readonly wake: () => void;
};

export type LiveDeps = {
  readonly openLink: OpenLink;
  /** Calls back before the next painting, or soon where nothing is painted. */
  readonly nextFrame: (act: () => void) => void;
};

function join(lookers: Set<() => void>, look: () => void): () => void {
  lookers.add(look);
  return () => void lookers.delete(look);
}

export function createLive({ openLink, nextFrame }: LiveDeps): Live {
  const ring = createRing();
  const lookers = new Set<() => void>();
  const stateLookers = new Set<() => void>();
  let link: ReturnType<OpenLink> | null = null;
  let feed: FeedState = "connecting";
  let pausedAt: number | null = null;
  let epoch = 0;
  let isAwaited = false;

  const lookSoon = (): void => {
    if (isAwaited || pausedAt !== null) return;
    isAwaited = true;
    nextFrame(() => {
      isAwaited = false;
      for (const look of lookers) look();
    });
  };
  const tellState = (): void => {
    for (const look of stateLookers) look();
  };

  function receive(message: ToTab): void {
    if (message.kind === "ping") link?.send({ kind: "pong" });
    if (message.kind === "state") {
      feed = message.state;
      tellState();
    }
    if (message.kind === "events") {
      ring.push(message.events.filter(({ seq }) => seq > ring.last()));
      lookSoon();
    }
    if (message.kind === "resync") {
      ring.begin(message.seq);
      epoch += 1;
      lookSoon();
    }
  }

  return {
    hold: (asOfSeq) => {
      if (link !== null) return;
      ring.begin(asOfSeq);
      link = openLink(receive);
      link.send({ kind: "open", after: asOfSeq });
    },
    after: (seq) => {
      const events = ring.after(seq);
      if (pausedAt === null) return events;
      const upTo = pausedAt;
      return (events ?? []).filter((event) => event.seq <= upTo);
    },
    last: () => ring.last(),
    subscribe: (look) => join(lookers, look),
    lookSoon,
    onState: (look) => join(stateLookers, look),
    state: () => (pausedAt === null || feed === "signed-out" ? feed : "paused"),
    epoch: () => epoch,
    setPaused: (isPaused) => {
      pausedAt = isPaused ? ring.last() : null;
      tellState();
      lookSoon();
    },
    wake: () => {
      link?.send({ kind: "open", after: ring.last() });
      lookSoon();
    },
  };
}
