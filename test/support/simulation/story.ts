// One story of a simulation: a few runs, what happens to them by chance, and the end, in which no fault comes any more and
// everything must be finished. The seed tells the whole story.
import { adoptLostRuns, stopRun } from "../../../src/app/stop-run.ts";
import { decideApproval, waitingApprovals } from "../../../src/app/approvals.ts";
import { moveCardByHand } from "../../../src/app/edit-cards.ts";
import type { Engine } from "../../../src/app/engine.ts";
import { executeRun } from "../../../src/app/execute-run.ts";
import { startRun } from "../../../src/app/start-run.ts";
import type { ProjectAssets } from "../../../src/domain/assets.ts";
import { CARD_STATUSES } from "../../../src/domain/card.ts";
import { EngineError } from "../../../src/domain/errors.ts";
import { NO_VERIFIER, NO_WORKSPACES } from "../no-verifier.ts";
import type { Result } from "../../../src/domain/result.ts";
import { NO_BUDGET } from "../../../src/domain/run.ts";
import type { Budget, Run } from "../../../src/domain/run.ts";
import { createSeededIds } from "../../../src/adapters/ids/seeded.ts";
import { TARGETS } from "./project.ts";
import type { Fault, SimulatedProcess } from "./scheduler.ts";
import { Violation } from "./watch.ts";
import type { Plant, ProcessOptions, World } from "./world.ts";
import { openWorld } from "./world.ts";

export type StoryOptions = {
  readonly seed: number;
  readonly assets: ProjectAssets;
  readonly plant?: Plant;
  /** Instead of what chance would do: exactly these faults, and nothing else. */
  readonly faults?: ReadonlyMap<number, Fault>;
};

export type Told = {
  readonly violation: Violation | null;
  readonly trace: readonly string[];
  readonly steps: number;
  /** Calls of ports that could have been given a fault. */
  readonly calls: number;
  /** Types of the events that were written. */
  readonly types: ReadonlySet<string>;
  /** Of the last event: two tellings of one story are the same to the byte. */
  readonly lastHash: string;
};

const STEPS_MAX = 6000;
const FINISHING_ROUNDS_MAX = 8;
const ENDLESS: Budget = {
  tokensMax: 1_000_000,
  costUsdMax: 1_000_000,
  minutesMax: 1_000_000,
  turnsMax: 1_000_000,
};

type Incident = { readonly atStep: number; readonly happen: (teller: Teller) => void };

type Plot = {
  readonly target: string;
  readonly concurrency: number;
  readonly naughtiness: number;
  readonly asks: boolean;
  readonly budget: Budget;
  /** Nobody can tell whether another process still lives. */
  readonly isRemote: boolean;
  readonly incidents: Incident[];
  readonly faults: Map<number, Fault>;
};

type Teller = {
  readonly world: World;
  readonly plot: Plot;
  readonly tasks: Set<Promise<void>>;
  /** What a task threw that no fault explains. */
  unexpected: unknown;
  calm: boolean;
};

export async function tellStory({ seed, assets, plant = {}, faults }: StoryOptions): Promise<Told> {
  const { random } = createSeededIds(seed ^ 0x5eed);
  const plot = faults === undefined ? drawPlot(random) : quietPlot(faults);
  const told = { calm: false };
  const world = await openWorld({
    seed,
    assets,
    plant,
    concurrency: plot.concurrency,
    asks: plot.asks,
    naughtiness: () => (told.calm ? 0 : plot.naughtiness),
    faults: plot.faults,
  });
  const teller: Teller = Object.assign(told, {
    world,
    plot,
    tasks: new Set<Promise<void>>(),
    unexpected: null,
  });
  let violation: Violation | null = null;
  let lastHash = "";
  try {
    begin(teller, plot.target);
    await untilQuiet(teller);
    await finishAll(teller);
    lastHash = await checkEnd(teller);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error;
  } finally {
    await world.store.close();
  }
  const { scheduler } = world;
  return {
    violation,
    trace: scheduler.trace(),
    steps: scheduler.steps(),
    calls: scheduler.calls(),
    types: world.watch.known.types,
    lastHash,
  };
}

/** Starts what a process does. A process that dies takes its promise with it. */
function launch(
  teller: Teller,
  options: ProcessOptions,
  work: (engine: Engine, process: SimulatedProcess) => Promise<unknown>,
): void {
  const { process, engine } = teller.world.start(options);
  const task: Promise<void> = work(engine, process)
    .then(() => {})
    .catch((error: unknown) => {
      if (!(error instanceof EngineError && EXPECTED.has(error.code))) teller.unexpected ??= error;
    })
    .finally(() => {
      process.state = "ended";
      teller.tasks.delete(task);
    });
  teller.tasks.add(task);
}

/** What a person reads as an error line, and may try again. */
const EXPECTED: ReadonlySet<string> = new Set(["RUN_LOST", "STORE_FULL", "WORKSPACE_FAILED"]);

const isGoneFor =
  ({ world, plot, calm }: Teller) =>
  (owner: string): boolean =>
    (calm || !plot.isRemote) && world.isGone(owner);

function begin(teller: Teller, card: string, restart = false): void {
  const budget = teller.calm ? NO_BUDGET : teller.plot.budget;
  const request = { card, build: null, department: null, restart, model: null, budget };
  launch(teller, {}, async (engine, process) => {
    const started = await startRun(engine, request);
    if (!started.ok) return;
    const run = { run: started.value.id, resume: false, isOwnerGone: isGoneFor(teller) };
    await executeRun(engine, run, process.stop.signal);
  });
}

function resume(teller: Teller, run: string, options: ProcessOptions = {}): void {
  const budget = teller.calm ? ENDLESS : NO_BUDGET;
  launch(teller, options, async (engine, process) =>
    executeRun(
      engine,
      { run, resume: true, budget, isOwnerGone: isGoneFor(teller) },
      process.stop.signal,
    ),
  );
}

/** Goes on until every process has ended or died. */
async function untilQuiet(teller: Teller): Promise<void> {
  const { world, plot, tasks } = teller;
  const { scheduler } = world;
  const lastStep = scheduler.steps() + STEPS_MAX;
  const busy = (): boolean => world.processes.some(({ state }) => state === "running");
  while (busy() || plot.incidents.length > 0) {
    const due = plot.incidents.findIndex(({ atStep }) => !busy() || atStep <= scheduler.steps());
    if (due >= 0) plot.incidents.splice(due, 1)[0]?.happen(teller);
    const more = await scheduler.step();
    if (teller.unexpected !== null)
      throw new Violation("unexpected-error", words(teller.unexpected));
    if (!more && busy()) throw new Violation("hangs", `${tasks.size} processes wait for nothing`);
    if (scheduler.steps() > lastStep) throw new Violation("endless", `after ${STEPS_MAX} steps`);
  }
}

const words = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const runsOf = async ({ world }: Teller): Promise<readonly Run[]> =>
  world.store.read(async ({ runs }) => runs.list({ limit: 100 }));

const isFinal = ({ status }: Run): boolean => status === "done" || status === "canceled";

/** No fault, a sensible model, a helpful person: now everything comes to its end. */
async function finishAll(teller: Teller): Promise<void> {
  const { world, plot } = teller;
  teller.calm = true;
  plot.faults.clear();
  world.scheduler.note("from here on all is well");
  for (let round = 0; round < FINISHING_ROUNDS_MAX; round += 1) {
    const open = (await runsOf(teller)).filter((run) => !isFinal(run));
    if (open.length === 0) break;
    await freeCards(teller);
    for (const run of open) {
      resume(teller, run.id);
      await untilQuiet(teller);
    }
  }
  for (const run of await runsOf(teller)) {
    if (!isFinal(run))
      throw new Violation("never-done", `${run.id} is ${run.status}, ${run.reason}: ${run.detail}`);
  }
  await freeCards(teller);
  begin(teller, plot.target);
  await untilQuiet(teller);
  const [last] = await runsOf(teller);
  if (last?.status !== "done")
    throw new Violation(
      "never-done",
      `the last run is ${last?.status}, ${last?.reason}: ${last?.detail}`,
    );
}

/** Somebody answers what waits for an answer. */
async function answerAll(
  engine: Pick<Engine, "store" | "clock">,
  random: () => number,
): Promise<void> {
  const { approvals } = await waitingApprovals(engine);
  for (const { id } of approvals) {
    const decision = random() < 0.7 ? "allow" : "deny";
    await decideApproval(engine, { id, decision, reason: null, person: "ann" });
  }
}

/** A person looks at every card and question that waits for one. */
async function freeCards({ world }: Teller): Promise<void> {
  await answerAll(world, world.random);
  const waiting = await world.store.read(async ({ cards }) =>
    cards.list({ kind: "issue", statuses: ["blocked", "waiting_for_developer"] }),
  );
  for (const { build, id, status } of waiting) {
    const to = status === "blocked" ? "ready" : "in_progress";
    await move(world, { build, card: id, to });
  }
}

const move = async (
  { store }: Pick<World, "store">,
  card: { readonly build: string; readonly card: string; readonly to: string },
): Promise<Result<unknown>> =>
  moveCardByHand(
    { store, workspaces: NO_WORKSPACES, verifier: NO_VERIFIER },
    { ...card, waitReason: "input", detail: "by hand", person: "ann", verificationRequired: false },
  );

async function checkEnd({ world }: Teller): Promise<string> {
  world.watch.look();
  world.watch.checkEnd(world.logs);
  const chain = await world.store.verifyChain();
  if (!chain.valid) throw new Violation("chain", `event ${chain.seq}: ${chain.problem}`);
  return chain.lastHash;
}

const quietPlot = (faults: ReadonlyMap<number, Fault>): Plot => ({
  target: "pair",
  concurrency: 2,
  naughtiness: 0,
  asks: false,
  budget: NO_BUDGET,
  isRemote: false,
  incidents: [],
  faults: new Map(faults),
});

const FAULTS: readonly Fault[] = ["crash-before", "crash-after", "fail-before", "fail-after"];
const NAUGHTINESS = [0, 0.15, 0.4, 0.8];

function drawPlot(random: () => number): Plot {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value;
  const faults = new Map<number, Fault>();
  for (let count = below(4); count > 0; count -= 1) faults.set(1 + below(120), pick(FAULTS));
  const incidents: Incident[] = [];
  for (let count = below(6); count > 0; count -= 1)
    incidents.push({ atStep: 5 + below(200), happen: pick(INCIDENTS) });
  return {
    target: pick(TARGETS),
    concurrency: 1 + below(3),
    naughtiness: pick(NAUGHTINESS),
    asks: random() < 0.3,
    budget: {
      ...NO_BUDGET,
      tokensMax: random() < 0.12 ? 100 + below(800) : null,
      turnsMax: random() < 0.12 ? 1 + below(5) : null,
    },
    isRemote: random() < 0.3,
    incidents,
    faults,
  };
}

/** Somebody resumes the newest run, whoever works on it. */
const resumeNewest = (teller: Teller): void => {
  const { random } = teller.world;
  const skewMs = random() < 0.2 ? (random() - 0.5) * 120_000 : 0;
  launch(teller, { skewMs: Math.round(skewMs) }, async (engine, process) => {
    const [newest] = await engine.store.read(async ({ runs }) => runs.list({ limit: 1 }));
    if (newest === undefined) return;
    const request = { run: newest.id, resume: true, isOwnerGone: isGoneFor(teller) };
    await executeRun(engine, request, process.stop.signal);
  });
};

const stopNewest =
  (wish: "pause" | "cancel") =>
  (teller: Teller): void =>
    launch(teller, { cancels: wish === "cancel" }, async (engine) => {
      const [newest] = await engine.store.read(async ({ runs }) => runs.list({ limit: 1 }));
      if (newest === undefined) return;
      await stopRun(engine, {
        run: newest.id,
        wish,
        by: "human:ann",
        isOwnerGone: isGoneFor(teller),
      });
    });

const anyone = ({ world }: Teller): SimulatedProcess | undefined => {
  const living = world.processes.filter(({ state }) => state === "running");
  return living[Math.floor(world.random() * living.length)];
};

/** What is canceled or put away by hand stays so, and its epic may never be done: no story of these. */
const BY_HAND = CARD_STATUSES.filter((status) => status !== "canceled" && status !== "archived");

const answers = (teller: Teller): void =>
  launch(teller, {}, async (engine) => answerAll(engine, teller.world.random));

const INCIDENTS: readonly Incident["happen"][] = [
  answers,
  answers,
  resumeNewest,
  resumeNewest,
  resumeNewest,
  stopNewest("pause"),
  stopNewest("cancel"),
  (teller) => launch(teller, {}, async (engine) => adoptLostRuns(engine, isGoneFor(teller))),
  (teller) => begin(teller, teller.plot.target),
  (teller) => begin(teller, TARGETS[Math.floor(teller.world.random() * TARGETS.length)] ?? "pair"),
  (teller) => {
    const frozen = anyone(teller);
    if (frozen === undefined) return;
    const { clock, random, scheduler } = teller.world;
    frozen.frozenUntilMs = clock.monotonic() + 20_000 + random() * 100_000;
    scheduler.note(`${frozen.name} is frozen`);
  },
  (teller) => {
    const victim = anyone(teller);
    if (victim !== undefined) teller.world.scheduler.crash(victim);
  },
  (teller) => anyone(teller)?.stop.abort(),
  ({ world: { clock, scheduler } }) => {
    scheduler.note("the clock jumps a day ahead");
    clock.jumpTo(clock.now() + 86_400_000);
  },
  ({ world: { clock, scheduler } }) => {
    scheduler.note("the clock jumps an hour back");
    clock.jumpTo(clock.now() - 3_600_000);
  },
  (teller) => {
    const { random } = teller.world;
    const to = BY_HAND[Math.floor(random() * BY_HAND.length)] ?? "ready";
    launch(teller, {}, async (engine) => {
      const all = await engine.store.read(async ({ cards }) => cards.list({}));
      const card = all[Math.floor(random() * all.length)];
      if (card !== undefined) await move(engine, { build: card.build, card: card.id, to });
    });
  },
];
