// `orket run` and `orket resume`: one run to its end in this process, watched in a terminal, as plain lines or as JSON Lines.
import type { Engine } from "../../app/engine.ts";
import { forkRun } from "../../app/fork-run.ts";
import { executeRun } from "../../app/execute-run.ts";
import { pausedRun } from "../../app/take-up-runs.ts";
import { keepSandboxes } from "../../app/sandboxes/keep.ts";
import { adoptLostRuns } from "../../app/stop-run.ts";
import { runResult, showRun } from "../../app/show-run.ts";
import { startRun } from "../../app/start-run.ts";
import type { ApproveMode } from "../../domain/approval.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Budget, Run } from "../../domain/run.ts";
import { NO_USAGE } from "../../domain/run.ts";
import { EXIT, exitCodeOfRun } from "../exit-codes.ts";
import { plain, projectFlag } from "../io.ts";
import type { ViewCard, ViewStart } from "../live-frame.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import type { Project } from "../workbench.ts";
import type { OfferTarget } from "./run-offers.ts";
import { offerAfter, showOffered } from "./run-offers.ts";
import { showProblem } from "../problem.ts";
import type { RunScreen } from "../run-screen.ts";
import { createRunScreen } from "../run-screen.ts";
import { modelFlag, withProject } from "../with-project.ts";

export type RunOptions = GlobalOptions &
  BudgetOptions & {
    readonly build?: string;
    readonly restart?: boolean;
    readonly model?: string;
    readonly department?: string;
    readonly approve?: ApproveMode;
    readonly from?: string;
    /** True where no repository is named. */
    readonly pullRequest?: string | true;
  };

type BudgetOptions = {
  readonly maxTokens?: number;
  readonly maxCost?: number;
  readonly maxMinutes?: number;
};

export async function run(
  cli: Cli,
  options: RunOptions,
  [card = ""]: readonly string[],
): Promise<number> {
  const problem = contradiction(card, options);
  if (problem !== null) return showProblem(cli.io, problem, options.json === true);
  return watched(cli, options, async ({ engine, offers }) => {
    const { build = null, department = null, restart = false, model = null, from } = options;
    const { approve = "ask", pullRequest } = options;
    const budget = budgetOf(options);
    const offerTo =
      pullRequest === undefined
        ? ok(null)
        : await offers.choose(pullRequest === true ? null : pullRequest);
    if (!offerTo.ok) return offerTo;
    const started =
      from === undefined
        ? await startRun(engine, { card, build, department, restart, model, budget, approve })
        : await forkRun(engine, { from, build, model, budget, approve });
    if (!started.ok) return started;
    return ok({ run: started.value.id, resume: false, offerTo: offerTo.value });
  });
}

export const budgetOf = ({ maxTokens, maxCost, maxMinutes }: BudgetOptions): Budget => ({
  tokensMax: maxTokens ?? null,
  costUsdMax: maxCost ?? null,
  minutesMax: maxMinutes ?? null,
  turnsMax: null,
});

/** A fork has its card, its department and its state from the run it comes from. */
function contradiction(
  card: string,
  { from, restart = false, department }: RunOptions,
): Refusal | null {
  const words =
    from === undefined
      ? card === "" &&
        "Which card? Name a rock, an epic or an issue, or a run with --from <run>:<turn>."
      : (card !== "" || restart || department !== undefined) &&
        "--from takes the card and its state from the run; leave out the card, --restart and --department.";
  return words === false ? null : { code: "USAGE", message: words, details: {} };
}

export async function resume(
  cli: Cli,
  options: GlobalOptions & BudgetOptions,
  [id = ""]: readonly string[],
): Promise<number> {
  const budget = budgetOf(options);
  return watched(cli, options, async () => ok({ run: id, resume: true, budget }));
}

export async function continueRun(
  cli: Cli,
  options: GlobalOptions & BudgetOptions,
  [id = ""]: readonly string[],
): Promise<number> {
  return watched(cli, options, async ({ engine }) => {
    const found = await pausedRun(engine, id);
    return found.ok ? ok({ run: id, resume: true, budget: budgetOf(options) }) : found;
  });
}

type Chosen = { readonly run: string; readonly resume: boolean; readonly budget?: Budget };
type Begun = Chosen & {
  /** Where a person wants what is built as a pull request. */
  readonly offerTo?: OfferTarget;
};

async function watched(
  cli: Cli,
  options: GlobalOptions & { readonly model?: string },
  choose: (project: Project) => Promise<Result<Begun>>,
): Promise<number> {
  const screen = createRunScreen(cli.io, options.json === true);
  const flags = modelFlag(options);
  return withProject(cli, { ...options, flags, watcher: screen.watcher }, async (project) => {
    const { engine } = project;
    const lost = await adoptLostRuns(engine, cli.workbench.isOwnerGone);
    const chosen = await choose(project);
    if (!chosen.ok) return showProblem(cli.io, chosen.error, options.json === true);
    const { offerTo = null, ...begun } = chosen.value;
    const others = lost.filter((one) => one.id !== begun.run);
    for (const { id } of others)
      cli.io.err(`Run ${id} lost its process. Go on with: orket resume ${id}\n`);
    const done = await driveRun(cli, { engine, screen, chosen: begun });
    if (!done.ok) return showProblem(cli.io, done.error, options.json === true);
    const offered = await offerAfter(cli, project, { run: done.value, offerTo });
    await report(cli, { engine, run: done.value, options });
    return showOffered(cli, offered, options.json === true) ?? exitCodeOfRun(done.value);
  });
}

export type Drive = {
  readonly engine: Engine;
  readonly screen: RunScreen;
  readonly chosen: Chosen;
};

/** The first signal stops the run cleanly, the second ends the process at once. */
export async function driveRun(
  { io, workbench }: Cli,
  { engine, screen, chosen }: Drive,
): Promise<Result<Run>> {
  const stop = new AbortController();
  const forget = io.onSignal(() => {
    if (stop.signal.aborted) {
      screen.stop();
      io.exitNow(EXIT.interrupted);
    }
    screen.say("Stopping; every finished turn is kept. Once more ends at once.");
    stop.abort();
  });
  screen.start(await viewOf(engine, chosen.run));
  const { isOwnerGone } = workbench;
  const over = new AbortController();
  const keeping = keepSandboxes(engine, isOwnerGone, over.signal);
  try {
    return await executeRun(engine, { ...chosen, isOwnerGone }, stop.signal);
  } finally {
    over.abort();
    await keeping;
    screen.stop();
    forget();
  }
}

type SnapshotCard = { readonly id: string; readonly summary: string };
type SnapshotAssets = {
  readonly rocks?: Readonly<Record<string, SnapshotCard>>;
  readonly epics?: Readonly<
    Record<string, SnapshotCard & { readonly issues: readonly SnapshotCard[] }>
  >;
};

/** What the screen shows before the first event: the cards of the run's snapshot as they are stored now. */
export async function viewOf(engine: Engine, run: string): Promise<ViewStart> {
  const view = await showRun(engine, run);
  // A rock lies in no build of the run: it is stored beside them.
  const { snapshot, goal } = await engine.store.read(async ({ runs, cards }) => ({
    snapshot: await runs.snapshot(run),
    goal: view.ok ? await cards.find(view.value.run.card) : null,
  }));
  const { rocks = {}, epics = {} } = (snapshot?.["assets"] ?? {}) as SnapshotAssets;
  const known = new Map(view.ok ? view.value.cards.map((card) => [card.id, card.status]) : []);
  if (goal !== null) known.set(goal.id, goal.status);
  const toCard = ({ id, summary }: SnapshotCard): ViewCard => ({
    id,
    summary,
    status: known.get(id) ?? "ready",
  });
  const [rock] = Object.values(rocks);
  const { turns = 0, usage = NO_USAGE } = view.ok ? view.value.run : {};
  return {
    rock: rock === undefined ? null : toCard(rock),
    epics: Object.values(epics).map((epic) => ({
      ...toCard(epic),
      issues: epic.issues.map(toCard),
    })),
    turns,
    tokens: usage.inputTokens + usage.outputTokens,
    costUsd: usage.costUsd,
  };
}

export type Report = {
  readonly engine: Engine;
  readonly run: Run;
  readonly options: GlobalOptions;
};

export async function report({ io }: Cli, { engine, run: ended, options }: Report): Promise<void> {
  if (options.json === true) {
    const view = await showRun(engine, ended.id);
    if (view.ok) io.out(`${JSON.stringify(runResult(view.value))}\n`);
    return;
  }
  const { id, card, status, reason, detail, turns, usage } = ended;
  const tokens = usage.inputTokens + usage.outputTokens;
  const costs = `${turns} turns, ${tokens} tokens, ${usage.costUsd.toFixed(4)} USD`;
  io.out(`${card} ${status}${reason === null ? "" : ` (${reason})`}: ${costs}\n`);
  for (const line of detail?.split("\n") ?? []) io.out(`  ${plain(line)}\n`);
  const there = projectFlag(options.project);
  if (status === "done") io.err(`See what was done: orket runs show ${id} --diff${there}\n`);
  else if (reason === "approval")
    io.err(`When it is decided, go on with: orket resume ${id}${there}\n`);
  else if (status !== "canceled") io.err(`Go on with: orket resume ${id}${there}\n`);
}
