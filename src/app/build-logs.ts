// Keeps the logs of a run's builds level with the event table: what this process commits is appended in batches, what
// others committed, or a crash left out, is read from the table. A log that cannot be written never fails a run.
import type { Event } from "../domain/events.ts";
import type { BuildLog } from "../ports/log.ts";
import type { Engine, Watcher } from "./engine.ts";

type Deps = Pick<Engine, "store" | "clock" | "log" | "buildLogs" | "watcher">;

export type BuildLogKeeper = {
  /** Tells the engine's watcher, and keeps what belongs into the logs. */
  readonly watcher: Watcher;
  /** Writes what is left. */
  readonly close: () => Promise<void>;
};

/** How long events may wait for others, so that many share one write. */
const GATHER_MS = 200;
/** Above it nothing is kept in memory: the table has it all. */
const WAITING_MAX = 4096;
const PAGE = 200;

type Kept = {
  readonly build: string;
  readonly log: BuildLog;
  /** Null when its end is not known: it could not be written, or somebody else wrote. */
  lastSeq: number | null;
};

type Keeper = {
  readonly deps: Deps;
  readonly run: string;
  readonly logs: readonly Kept[];
  /** Every event up to this one is known; what comes next without a gap need not be read. */
  knownSeq: number;
  waiting: Event[];
  /** Events were given up here: what is missing stands in the table. */
  isBehind: boolean;
  warned: boolean;
};

/** Opens the logs and begins to catch them up with the table; from then on they follow what is handed in. */
export function keepBuildLogs(
  deps: Deps,
  { run, builds }: { readonly run: string; readonly builds: readonly string[] },
): BuildLogKeeper {
  const logs = [...new Set(builds)].map((build): Kept => {
    return { build, log: deps.buildLogs.open(build), lastSeq: null };
  });
  const keeper: Keeper = {
    deps,
    run,
    logs,
    knownSeq: 0,
    waiting: [],
    isBehind: true,
    warned: false,
  };
  const stop = new AbortController();
  let working: Promise<void> = flush(keeper);
  const flushNext = async (): Promise<void> => (working = working.then(async () => flush(keeper)));
  let isTimed = false;
  const gather = async (): Promise<void> => {
    await deps.clock.sleep(GATHER_MS, stop.signal);
    isTimed = false;
    if (!stop.signal.aborted) await flushNext();
  };
  const take = (events: readonly Event[]): void => {
    keeper.waiting.push(...events);
    if (keeper.waiting.length > WAITING_MAX) {
      keeper.waiting = [];
      keeper.isBehind = true;
    }
    if (isTimed) return;
    isTimed = true;
    void gather();
  };
  const { watcher } = deps;
  return {
    watcher: {
      ...watcher,
      onEvents: (events) => {
        take(events);
        watcher.onEvents(events);
      },
    },
    close: async () => {
      stop.abort();
      await flushNext();
      for (const { log } of logs) log.close();
    },
  };
}

/** Never throws: the run goes on without its log. */
async function flush(keeper: Keeper): Promise<void> {
  const { waiting, logs } = keeper;
  keeper.waiting = [];
  try {
    const fresh = waiting
      .filter((event) => event.seq > keeper.knownSeq)
      .toSorted((one, other) => one.seq - other.seq);
    keeper.isBehind ||= fresh.some((event, place) => event.seq !== keeper.knownSeq + place + 1);
    if (!keeper.isBehind) {
      keeper.knownSeq += fresh.length;
      for (const kept of logs) append(kept, fresh);
    }
    if (keeper.isBehind || logs.some((kept) => kept.lastSeq === null)) await catchUp(keeper);
  } catch (error) {
    keeper.isBehind = true;
    warn(keeper, error instanceof Error ? error.message : String(error));
  }
}

/** What the log holds already is not written again, wherever it came from. */
function append(kept: Kept, events: readonly Event[]): void {
  const { lastSeq, build, log } = kept;
  if (lastSeq === null) return;
  const missing = events.filter((event) => event.build === build && event.seq > lastSeq);
  if (missing.length === 0) return;
  kept.lastSeq = log.append(missing) ? (missing.at(-1)?.seq ?? lastSeq) : null;
}

async function catchUp(keeper: Keeper): Promise<void> {
  const { store } = keeper.deps;
  // Before the first look: what is given up from here on may lie behind it.
  keeper.isBehind = false;
  for (const kept of keeper.logs) kept.lastSeq ??= kept.log.lastSeq();
  const end = await store.read(async ({ events }) => events.lastSeq());
  for (const kept of keeper.logs) {
    // It tells of events that this database never had.
    if (kept.lastSeq !== null && kept.lastSeq > end) {
      kept.log.startAnew();
      kept.lastSeq = kept.log.lastSeq() === null ? null : 0;
    }
    for (let isMore = true; isMore && kept.lastSeq !== null;) {
      const filter = { build: kept.build, after: kept.lastSeq, limit: PAGE };
      const page = await store.read(async ({ events }) => events.list(filter));
      append(kept, page);
      isMore = page.length === PAGE;
    }
    if (kept.lastSeq === null) warn(keeper, `The log of ${kept.build} cannot be written.`);
  }
  keeper.knownSeq = end;
}

/** Once a run: the reason stays the same, and nobody reads it two hundred times. */
function warn(keeper: Keeper, error: string): void {
  if (keeper.warned) return;
  keeper.warned = true;
  keeper.deps.log.warn({ run: keeper.run, error }, "build log not written");
}
