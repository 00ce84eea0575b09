// Follows the event log while it grows: for event streams of any kind. One reader reads for all followers; a follower takes
// at its own pace, so a slow one holds up nobody and costs no memory, and one that fell behind reads the log again.
import type { Event } from "../domain/events.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";

/** Other processes write to the log too; their events are looked for this often. */
const POLL_MS = 250;
/** Events of a burst are gathered this long, so that many followers are not woken for each. */
const GATHER_MS = 20;
const QUIET_MS = 15_000;
/** Looks without a find until the followers are woken all the same. */
const IDLE_LOOKS = 4;
const WINDOW_MAX = 1000;
const BATCH_MAX = 200;

export type Following = {
  /** The sequence number after which it begins; null for the end of the log. */
  readonly after: number | null;
  readonly run?: string | undefined;
  readonly card?: string | undefined;
};

/** `seq` is the cursor after the batch: whoever follows from there has missed nothing. */
export type FeedBatch =
  | { readonly kind: "events"; readonly events: readonly Event[]; readonly seq: number }
  /** Nothing new that fits, for a while. */
  | { readonly kind: "quiet"; readonly seq: number }
  /** The log does not hold the cursor: what the follower knows is of another log, or of a part that is gone. */
  | { readonly kind: "resync"; readonly seq: number };

/**
 * Contract:
 * - Every event that fits comes once, in order, from the log as it is on the disk.
 * - A follower is given the next batch when it asks for it; nothing is queued for it meanwhile.
 * - It ends when its signal aborts or the feed closes, and throws what the store throws.
 */
export type EventFeed = {
  readonly follow: (following: Following, signal: AbortSignal) => AsyncGenerator<FeedBatch, void>;
  /** Something was written here: no need to wait for the next look. */
  readonly nudge: () => void;
  readonly close: () => void;
};

export type FeedDeps = {
  readonly store: Store;
  readonly clock: Clock;
  /** Milliseconds without an event that fits until a follower is told. */
  readonly quietMs?: number;
};

export function createEventFeed({ store, clock, quietMs = QUIET_MS }: FeedDeps): EventFeed {
  const closing = new AbortController();
  const reader = createReader({ store, clock, closed: closing.signal });

  async function* follow(
    following: Following,
    signal: AbortSignal,
  ): AsyncGenerator<FeedBatch, void> {
    const ends = AbortSignal.any([signal, closing.signal]);
    const leave = await reader.join();
    try {
      const start = await startOf(store, following.after);
      let { seq } = start;
      if (start.isLost) yield { kind: "resync", seq };
      let toldAt = clock.monotonic();
      while (!ends.aborted) {
        const batch = reader.since(seq) ?? (await readPage(store, seq, following));
        const events = batch.events.filter((event) => fits(event, following));
        seq = Math.max(seq, batch.upTo);
        const isQuiet = clock.monotonic() - toldAt >= quietMs;
        if (events.length > 0) yield { kind: "events", events, seq };
        else if (isQuiet) yield { kind: "quiet", seq };
        if (events.length > 0 || isQuiet) toldAt = clock.monotonic();
        if (!ends.aborted && seq >= reader.head()) await reader.next(ends);
      }
    } finally {
      leave();
    }
  }

  return { follow, nudge: reader.nudge, close: () => closing.abort() };
}

const fits = (event: Event, { run, card }: Following): boolean =>
  (run === undefined || event.run === run) && (card === undefined || event.card === card);

async function startOf(
  store: Store,
  after: number | null,
): Promise<{ readonly seq: number; readonly isLost: boolean }> {
  return store.read(async ({ events }) => {
    const last = await events.lastSeq();
    if (after === null) return { seq: last, isLost: false };
    const [first] = await events.list({ after: -1, limit: 1 });
    const isLost = after > last || after < (first?.seq ?? 1) - 1;
    return { seq: isLost ? last : after, isLost };
  });
}

/** What the log holds after `upTo` may not fit, or not be there yet; up to it nothing is missing. */
type Page = { readonly events: readonly Event[]; readonly upTo: number };

const readPage = (store: Store, after: number, { run, card }: Following): Promise<Page> =>
  store.read(async ({ events }) => {
    const filter = {
      after,
      limit: BATCH_MAX,
      ...(run === undefined ? {} : { run }),
      ...(card === undefined ? {} : { card }),
    };
    const found = await events.list(filter);
    const upTo = found.length < BATCH_MAX ? await events.lastSeq() : (found.at(-1)?.seq ?? after);
    return { events: found, upTo };
  });

type Reader = {
  /** Begins to read with the first follower; what it gives back leaves again. */
  readonly join: () => Promise<() => void>;
  readonly head: () => number;
  /** What came after `seq`, out of memory; null when memory does not reach back so far. */
  readonly since: (seq: number) => Page | null;
  /** Resolves when there may be something new, from time to time also when there is not, and at the end. */
  readonly next: (ends: AbortSignal) => Promise<void>;
  readonly nudge: () => void;
};

type ReaderDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly closed: AbortSignal;
};

/** The newest events, in order and without a gap. */
function createWindow() {
  let kept: readonly Event[] = [];
  let keptAfter = 0;
  let head = 0;
  return {
    head: () => head,
    reset: (seq: number): void => {
      kept = [];
      keptAfter = seq;
      head = seq;
    },
    add: (found: readonly Event[]): void => {
      const all = [...kept, ...found];
      const dropped = Math.max(0, all.length - WINDOW_MAX);
      keptAfter = all[dropped - 1]?.seq ?? keptAfter;
      kept = all.slice(dropped);
      head = found.at(-1)?.seq ?? head;
    },
    since: (seq: number): Page | null => {
      if (seq < keptAfter) return null;
      const from = seq - keptAfter;
      const events = kept.slice(from, from + BATCH_MAX);
      return { events, upTo: events.at(-1)?.seq ?? head };
    },
  };
}

/** Those who wait for something new. */
function createWaiters() {
  const waiting = new Set<() => void>();
  return {
    wakeAll: (): void => {
      for (const wake of waiting) wake();
    },
    wait: (ends: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          ends.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        ends.addEventListener("abort", wake, { once: true });
        if (ends.aborted) wake();
      }),
  };
}

/** The one that reads, as long as somebody follows. */
function createReader({ store, clock, closed }: ReaderDeps): Reader {
  const window = createWindow();
  const waiters = createWaiters();
  let followers = 0;
  let begun: Promise<void> | null = null;
  let pause = new AbortController();
  let isNudged = false;
  let failure: { readonly error: unknown } | null = null;

  const nudge = (): void => {
    isNudged = true;
    pause.abort();
  };
  closed.addEventListener("abort", nudge, { once: true });

  const look = async (): Promise<number> => {
    const found = await store.read(async ({ events }) =>
      events.list({ after: window.head(), limit: WINDOW_MAX }),
    );
    window.add(found);
    // A full page: there may be more behind it.
    if (found.length === WINDOW_MAX) isNudged = true;
    return found.length;
  };
  const keepReading = async (): Promise<void> => {
    try {
      for (let idle = 0; followers > 0 && !closed.aborted;) {
        pause = new AbortController();
        if (!isNudged) await clock.sleep(POLL_MS, pause.signal);
        if (isNudged) await clock.sleep(GATHER_MS);
        isNudged = false;
        idle = (await look()) > 0 ? 0 : idle + 1;
        if (idle % IDLE_LOOKS === 0) waiters.wakeAll();
      }
    } catch (error) {
      failure = { error };
    } finally {
      begun = null;
      waiters.wakeAll();
    }
  };
  const begin = async (): Promise<void> => {
    failure = null;
    window.reset(await store.read(async ({ events }) => events.lastSeq()));
    void keepReading();
  };
  const leave = (): void => {
    followers -= 1;
    if (followers === 0) pause.abort();
  };

  return {
    join: async () => {
      followers += 1;
      try {
        begun ??= begin();
        await begun;
        return leave;
      } catch (error) {
        begun = null;
        leave();
        throw error;
      }
    },
    head: window.head,
    since: (seq) => {
      if (failure !== null) throw failure.error;
      return window.since(seq);
    },
    next: (ends) => (failure === null ? waiters.wait(ends) : Promise.resolve()),
    nudge,
  };
}
