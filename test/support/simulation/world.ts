// A simulated machine: one database, one disk, one clock, and processes that run the real engine on them. Every port of a
// process goes through the scheduler; the watch looks at what was written after each step.
import { createSimulatedClock } from "../../../src/adapters/clock/simulated.ts";
import type { SimulatedClock } from "../../../src/adapters/clock/simulated.ts";
import { createUnavailableContainment } from "../../../src/adapters/containment/unavailable.ts";
import { createUnavailableSandboxes } from "../../../src/adapters/sandbox/unavailable.ts";
import { createSeededIds } from "../../../src/adapters/ids/seeded.ts";
import { createSourceParserOnDemand } from "../../../src/adapters/source/on-demand.ts";
import { createSqliteStore, openSqliteDatabase } from "../../../src/adapters/store/sqlite.ts";
import type { Engine } from "../../../src/app/engine.ts";
import { SILENT_WATCHER } from "../../../src/app/engine.ts";
import { DEFAULT_LIMITS } from "../../../src/app/settings.ts";
import type { EngineSettings } from "../../../src/app/settings.ts";
import type { ProjectAssets } from "../../../src/domain/assets.ts";
import { DEFAULT_RISK_POLICY } from "../../../src/domain/governance.ts";
import { createRedactor } from "../../../src/domain/redact.ts";
import { ok } from "../../../src/domain/result.ts";
import { NO_BUDGET } from "../../../src/domain/run.ts";
import { evaluate } from "../../../src/nodes/evaluate.ts";
import { gate } from "../../../src/nodes/gate.ts";
import { plan } from "../../../src/nodes/plan.ts";
import { route } from "../../../src/nodes/route.ts";
import { selectModel } from "../../../src/nodes/select-model.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Ids } from "../../../src/ports/ids.ts";
import type { Log } from "../../../src/ports/log.ts";
import type { StateFiles } from "../../../src/ports/state-files.ts";
import type { Store, StoreTransaction } from "../../../src/ports/store.ts";
import { NO_VERIFIER } from "../no-verifier.ts";
import { createSimulatedLogs } from "./build-logs.ts";
import type { LoggedSeqs } from "./build-logs.ts";
import { createModel } from "./model.ts";
import type { SimulatedModel } from "./model.ts";
import { createScheduler, FAULT_WORDS } from "./scheduler.ts";
import type { Fault, Scheduler, SimulatedProcess } from "./scheduler.ts";
import { createWatch, Violation } from "./watch.ts";
import type { Watch } from "./watch.ts";
import { createWorkspaces } from "./workspace.ts";
import type { Disk } from "./workspace.ts";

/** A bug put in on purpose, to see that it is found. */
export type Plant = {
  readonly transaction?: (transaction: StoreTransaction) => StoreTransaction;
  readonly dropsFence?: boolean;
};

export type WorldOptions = {
  readonly seed: number;
  readonly assets: ProjectAssets;
  readonly concurrency: number;
  /** A person must allow each deletion of a file. */
  readonly asks: boolean;
  readonly naughtiness: () => number;
  readonly faults: Map<number, Fault>;
  readonly plant: Plant;
};

export type World = {
  readonly random: () => number;
  readonly clock: SimulatedClock;
  readonly scheduler: Scheduler;
  readonly watch: Watch;
  readonly logs: LoggedSeqs;
  readonly store: Store;
  readonly processes: SimulatedProcess[];
  /** Asks as the machine would: is the process that a lease names still there? */
  readonly isGone: (owner: string) => boolean;
  readonly start: (options?: ProcessOptions) => {
    readonly process: SimulatedProcess;
    readonly engine: Engine;
  };
};

export type ProcessOptions = Partial<Pick<SimulatedProcess, "skewMs" | "cancels">>;

const START_MS = Date.UTC(2026, 0, 5);
const SOURCE = createSourceParserOnDemand();
const REDACT = createRedactor({ values: [] });
const nothing = async (): Promise<void> => {};
/** No story changes the assets. */
const NO_EDITS: Engine["assetEdits"] = {
  draft: async () => ok([]),
  apply: async () => ok(null),
  undo: nothing,
  settle: nothing,
  pending: async () => [],
  recover: async () => true,
};
const NODES: Engine["nodes"] = {
  nodes: { plan, route, selectModel, gate, evaluate },
  names: {
    plan: "built-in",
    route: "built-in",
    selectModel: "built-in",
    gate: "built-in",
    evaluate: "built-in",
  },
  shadows: {},
};

export async function openWorld(options: WorldOptions): Promise<World> {
  const ids = createSeededIds(options.seed);
  const { random } = ids;
  const clock = createSimulatedClock(START_MS);
  const storeOptions = { path: ":memory:", clock, redact: REDACT };
  const database = await openSqliteDatabase(storeOptions);
  const store = createSqliteStore(database, storeOptions);
  const disk: Disk = new Map();
  const logs: LoggedSeqs = new Map();
  const { faults, concurrency } = options;
  const scheduler = createScheduler({ random, clock, faults, onStep: () => watch.look() });
  const watch = createWatch({ database, concurrency, tell: scheduler.note });
  const processes: SimulatedProcess[] = [];
  const isGone = (owner: string): boolean =>
    processes.some(({ name, state }) => name === owner && state !== "running");
  const model: Omit<SimulatedModel, "onAsk"> = { random, naughtiness: options.naughtiness };
  const start: World["start"] = ({ skewMs = 0, cancels = false } = {}) => {
    const process: SimulatedProcess = {
      name: `p${processes.length + 1}`,
      state: "running",
      frozenUntilMs: 0,
      skewMs,
      cancels,
      stop: new AbortController(),
    };
    processes.push(process);
    const side = { scheduler, process, clock: clockOf(clock, scheduler, process) };
    const engine: Engine = {
      store: storeOf(side, { store, watch, isGone, plant: options.plant }),
      workspaces: createWorkspaces(disk, {
        scheduler,
        process,
        onChange: () => watch.judgeWork(process),
      }),
      assets: {
        load: async () => ok(options.assets),
        readText: async () => null,
      },
      assetEdits: NO_EDITS,
      redact: REDACT,
      buildLogs: createSimulatedLogs(logs, process),
      model: createModel({ ...model, onAsk: (request) => watch.onAsk(process, request) }, side),
      containment: createUnavailableContainment(),
      verifier: NO_VERIFIER,
      sandbox: createUnavailableSandboxes(),
      source: SOURCE,
      stateFiles: stateFilesOf(side),
      nodes: NODES,
      clock: side.clock,
      ids: ids satisfies Ids,
      log: logOf(process, scheduler, watch),
      settings: settingsOf(process, options),
      watcher: SILENT_WATCHER,
    };
    return { process, engine };
  };
  return { random, clock, scheduler, watch, logs, store, processes, isGone, start };
}

const settingsOf = (
  process: SimulatedProcess,
  { concurrency, asks }: WorldOptions,
): EngineSettings => ({
  concurrency,
  contextTurns: 2,
  model: null,
  roleModels: {},
  riskPolicy: { ...DEFAULT_RISK_POLICY, byTool: asks ? { delete_file: "ask" } : {} },
  approvalMs: 120_000,
  budgets: { run: NO_BUDGET, card: NO_BUDGET },
  limits: { ...DEFAULT_LIMITS, turnsPerCardMax: 60, stepsMax: 6, wishMs: 2000, decisionMs: 3000 },
  owner: process.name,
});

type Side = {
  readonly scheduler: Scheduler;
  readonly process: SimulatedProcess;
  readonly clock: Clock;
};

/** Whoever wakes waits for a turn like everybody else: a frozen process sleeps on. */
const clockOf = (
  clock: SimulatedClock,
  scheduler: Scheduler,
  process: SimulatedProcess,
): Clock => ({
  now: () => clock.now() + process.skewMs,
  monotonic: clock.monotonic,
  sleep: async (durationMs, signal) => {
    await clock.sleep(durationMs, signal);
    await scheduler.call({ process, port: "clock", name: "wakes", work: async () => {} });
  },
});

type StoreSide = Pick<World, "store" | "watch" | "isGone"> & { readonly plant: Plant };

function storeOf(
  { scheduler, process, clock }: Side,
  { store, watch, isGone, plant }: StoreSide,
): Store {
  const call = async <Value>(name: string, work: () => Promise<Value>): Promise<Value> =>
    scheduler.call({ process, port: "store", name, work });
  const planted = plant.transaction ?? ((transaction: StoreTransaction) => transaction);
  return {
    transaction: async (work, fence) =>
      call(fence === undefined ? "writes from outside" : "writes for its run", async () => {
        let found: Violation | null = null;
        const value = await store.transaction(
          async (transaction) => {
            found = fence === undefined ? null : watch.judgeFence(fence);
            const watched = watchLeases(transaction, { watch, isGone, process, now: clock.now });
            return work(planted(fence === undefined ? watched : transaction));
          },
          plant.dropsFence === true ? undefined : fence,
        );
        // It counts only when the write went through.
        if (found !== null) watch.report(found);
        return value;
      }),
    read: async (work) => call("reads", async () => store.read(async (one) => work(planted(one)))),
    verifyChain: async () => store.verifyChain(),
    close: async () => {},
  };
}

/** Nobody but a cancel takes a run from a living process while its lease holds. */
const watchLeases = (
  transaction: StoreTransaction,
  {
    watch,
    isGone,
    process,
    now,
  }: Pick<StoreSide, "watch" | "isGone"> & {
    readonly process: SimulatedProcess;
    readonly now: () => number;
  },
): StoreTransaction => ({
  ...transaction,
  runs: {
    ...transaction.runs,
    claim: async (id, owner, ...[nowMs, untilMs]) => {
      const before = watch.lease(id);
      const epoch = await transaction.runs.claim(id, owner, nowMs, untilMs);
      const holds = before?.owner != null && !isGone(before.owner) && !process.cancels;
      if (epoch !== null) watch.noteOwner(process, { run: id, epoch });
      // One that ends later than any can be given is from before the clock was set back.
      const leftMs = (before?.lease_until_ms ?? 0) - now();
      if (epoch !== null && holds && leftMs >= 0 && leftMs <= DEFAULT_LIMITS.leaseMs)
        watch.report(
          new Violation("stolen-lease", `${process.name} took ${id} from ${before.owner}`),
        );
      return epoch;
    },
  },
});

function stateFilesOf({ scheduler, process }: Side): StateFiles {
  const write = async (name: string): Promise<string> =>
    scheduler.call({ process, port: "files", name: `writes ${name}`, work: async () => name });
  return {
    writeReport: write,
    writeEvaluation: write,
    writePromptPatch: async () => {},
    readPromptPatch: async () => null,
  };
}

/** What the engine did not expect is a find, unless the simulation itself did it. */
const logOf = (process: SimulatedProcess, scheduler: Scheduler, watch: Watch): Log => {
  const note: Log["info"] = (fields, message) =>
    scheduler.note(`${process.name} log: ${message} ${JSON.stringify(fields)}`);
  const judge: Log["info"] = (fields, message) => {
    note(fields, message);
    // Two processes that write one log get in each other's way; the next look mends it.
    if (message === "build log not written") return;
    if ("error" in fields && !String(fields["error"]).includes(FAULT_WORDS))
      watch.report(new Violation("unexpected-failure", `${message}: ${String(fields["error"])}`));
  };
  return { debug: () => {}, info: note, warn: judge, error: judge };
};
