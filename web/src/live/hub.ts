// One stream for many tabs: keeps the last events and brings each tab up to where it is. It knows neither workers nor
// browsers: those are handed in. How the stream comes back after losses stands in connection.ts.
import type { WireEvent } from "../api/types.ts";
import type { ConnectionDeps, FeedState } from "./connection.ts";
import { createConnection } from "./connection.ts";
import { createRing } from "./ring.ts";

export type ToTab =
  | { readonly kind: "state"; readonly state: FeedState }
  | { readonly kind: "events"; readonly events: readonly WireEvent[] }
  /** What the tab holds may be of another log, or lies too far back: everything is to be fetched again. */
  | { readonly kind: "resync"; readonly seq: number }
  | { readonly kind: "ping" };

export type FromTab =
  /** The tab knows everything up to `after` and wants what follows. */
  | { readonly kind: "open"; readonly after: number }
  | { readonly kind: "pong" }
  | { readonly kind: "bye" };

export type Tab = { readonly post: (message: ToTab) => void };

export type Hub = { readonly receive: (tab: Tab, message: FromTab) => void };

const PING_MS = 20_000;
/** A tab that left this many pings unanswered is gone; it says `open` again if it was only asleep. */
const PINGS_MAX = 3;

export function createHub(deps: ConnectionDeps): Hub {
  const tabs = new Map<Tab, { unanswered: number }>();
  const ring = createRing();
  let stopPings: (() => void) | null = null;
  const tell = (message: ToTab): void => {
    for (const tab of tabs.keys()) tab.post(message);
  };
  const connection = createConnection(deps, {
    position: ring.last,
    onState: (state) => tell({ kind: "state", state }),
    onEvents: (events) => {
      const fresh = events.filter(({ seq }) => seq > ring.last());
      if (fresh.length === 0) return;
      ring.push(fresh);
      tell({ kind: "events", events: fresh });
    },
    onResync: (seq) => {
      ring.begin(seq);
      tell({ kind: "resync", seq });
    },
  });

  function ping(): void {
    for (const [tab, standing] of tabs) {
      standing.unanswered += 1;
      if (standing.unanswered > PINGS_MAX) leave(tab);
      else tab.post({ kind: "ping" });
    }
    stopPings = tabs.size > 0 ? deps.after(PING_MS, ping) : null;
  }

  function leave(tab: Tab): void {
    tabs.delete(tab);
    if (tabs.size > 0) return;
    connection.close();
    stopPings?.();
    stopPings = null;
  }

  function open(tab: Tab, position: number): void {
    tabs.set(tab, { unanswered: 0 });
    stopPings ??= deps.after(PING_MS, ping);
    if (!connection.isOpen()) {
      ring.begin(position);
      connection.open();
    }
    tab.post({ kind: "state", state: connection.state() });
    const missed = ring.after(position);
    if (missed === null) tab.post({ kind: "resync", seq: ring.last() });
    else if (missed.length > 0) tab.post({ kind: "events", events: missed });
  }

  return {
    receive: (tab, message) => {
      if (message.kind === "open") return open(tab, message.after);
      if (message.kind === "bye") return leave(tab);
      const standing = tabs.get(tab);
      if (standing !== undefined) standing.unanswered = 0;
    },
  };
}
