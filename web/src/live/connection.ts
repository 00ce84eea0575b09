// Keeps one stream open: notices when it falls silent, comes back after losses with longer and longer waits, and stops where
// the key is refused.
import type { OpenStream, StreamHandlers } from "./stream.ts";

export type FeedState = "connecting" | "live" | "reconnecting" | "stale" | "signed-out";

export type ConnectionDeps = {
  readonly openStream: OpenStream;
  /** Gives the way to call it off. */
  readonly after: (milliseconds: number, act: () => void) => () => void;
  /** From 0 to 1, so that many browsers do not come back at once. */
  readonly random: () => number;
};

export type ConnectionEvents = Pick<StreamHandlers, "onEvents" | "onResync"> & {
  /** From which number on it goes. */
  readonly position: () => number;
  readonly onState: (state: FeedState) => void;
};

export type Connection = {
  readonly open: () => void;
  readonly close: () => void;
  /** Also while it waits to come back. */
  readonly isOpen: () => boolean;
  readonly state: () => FeedState;
};

/** The server says something every 15 seconds at the latest. */
export const SILENCE_MS = 35_000;
const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 30_000;

export function createConnection(deps: ConnectionDeps, events: ConnectionEvents): Connection {
  let state: FeedState = "connecting";
  let attempts = 0;
  /** What an earlier stream still says is not heard. */
  let generation = 0;
  let closeStream: (() => void) | null = null;
  let callOff: (() => void) | null = null;

  const become = (next: FeedState): void => {
    if (state === next) return;
    state = next;
    events.onState(state);
  };
  const wait = (milliseconds: number, act: () => void): void => {
    callOff?.();
    callOff = deps.after(milliseconds, act);
  };
  const hear = (): void => wait(SILENCE_MS, () => comeBack("stale"));

  function release(): void {
    generation += 1;
    closeStream?.();
    closeStream = null;
    callOff?.();
    callOff = null;
  }

  function comeBack(as: "stale" | "reconnecting"): void {
    release();
    become(as);
    const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** attempts);
    attempts += 1;
    wait(most * (0.5 + deps.random() / 2), connect);
  }

  function connect(): void {
    release();
    hear();
    const own = generation;
    const mine =
      <Said extends readonly unknown[]>(act: (...said: Said) => void) =>
      (...said: Said): void => {
        if (own === generation) act(...said);
      };
    closeStream = deps.openStream(events.position(), {
      onOpen: mine(() => {
        attempts = 0;
        become("live");
      }),
      onSign: mine(hear),
      onEvents: mine(events.onEvents),
      onResync: mine(events.onResync),
      onEnd: mine((end) => {
        if (end === "lost") return comeBack("reconnecting");
        release();
        become("signed-out");
      }),
    });
  }

  return {
    open: () => {
      state = "connecting";
      connect();
    },
    close: release,
    isOpen: () => closeStream !== null || callOff !== null,
    state: () => state,
  };
}
