// `orket run` and `orket resume`: one run to its end in this process, watched in a terminal, as plain lines or as JSON Lines.
import type { Engine } from "../../app/engine.ts";
import { executeRun } from "../../app/execute-run.ts";
import { runResult, showRun } from "../../app/show-run.ts";
import { startRun } from "../../app/start-run.ts";
import type { Result } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import { EXIT, exitCodeOfRun } from "../exit-codes.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import type { RunScreen } from "../run-screen.ts";
import { createRunScreen } from "../run-screen.ts";
import { withProject } from "../with-project.ts";

export type RunOptions = GlobalOptions & {
  readonly build?: string;
  readonly restart?: boolean;
  readonly model?: string;
  readonly department?: string;
  readonly maxTokens?: number;
  readonly maxCost?: number;
  readonly maxMinutes?: number;
  readonly approve?: "ask" | "deny";
};

export async function run(
  cli: Cli,
  options: RunOptions,
  [card = ""]: readonly string[],
): Promise<number> {
  return watched(cli, options, async (engine) => {
    const { build = null, department = null, restart = false, model = null } = options;
    const { maxTokens = null, maxCost = null, maxMinutes = null } = options;
    const budget = { tokensMax: maxTokens, costUsdMax: maxCost, minutesMax: maxMinutes };
    const started = await startRun(engine, { card, build, department, restart, model, budget });
    return started.ok ? { ok: true, value: { run: started.value.id, resume: false } } : started;
  });
}

export async function resume(
  cli: Cli,
  options: GlobalOptions,
  [id = ""]: readonly string[],
): Promise<number> {
  return watched(cli, options, async () => ({ ok: true, value: { run: id, resume: true } }));
}

type Chosen = { readonly run: string; readonly resume: boolean };

async function watched(
  cli: Cli,
  options: GlobalOptions,
  choose: (engine: Engine) => Promise<Result<Chosen>>,
): Promise<number> {
  const screen = createRunScreen(cli.io, options.json === true);
  return withProject(cli, { ...options, watcher: screen.watcher }, async ({ engine }) => {
    const chosen = await choose(engine);
    if (!chosen.ok) return showProblem(cli.io, chosen.error, options.json === true);
    const done = await driveRun(cli, { engine, screen, chosen: chosen.value });
    if (!done.ok) return showProblem(cli.io, done.error, options.json === true);
    await report(cli, { engine, run: done.value, json: options.json === true });
    return exitCodeOfRun(done.value);
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
    io.err("\nStopping; every finished turn is kept. Once more ends at once.\n");
    stop.abort();
  });
  screen.start(await titles(engine, chosen.run));
  try {
    return await executeRun(engine, { ...chosen, isOwnerGone: workbench.isOwnerGone }, stop.signal);
  } finally {
    screen.stop();
    forget();
  }
}

/** What the screen calls the cards, before their first event. */
async function titles(engine: Engine, run: string): Promise<Parameters<RunScreen["start"]>[0]> {
  const snapshot = await engine.store.read(async ({ runs }) => runs.snapshot(run));
  const view = await showRun(engine, run);
  const assets = (snapshot?.["assets"] ?? {}) as {
    epics?: Record<
      string,
      { id: string; summary: string; issues: readonly { id: string; summary: string }[] }
    >;
  };
  const known = new Map(view.ok ? view.value.cards.map((card) => [card.id, card]) : []);
  return Object.values(assets.epics ?? {}).map((epic) => ({
    id: epic.id,
    summary: epic.summary,
    issues: epic.issues.map((issue) => ({
      id: issue.id,
      summary: issue.summary,
      status: known.get(issue.id)?.status ?? "ready",
    })),
  }));
}

async function report(
  { io }: Cli,
  { engine, run: ended, json }: { engine: Engine; run: Run; json: boolean },
): Promise<void> {
  if (json) {
    const view = await showRun(engine, ended.id);
    if (view.ok) io.out(`${JSON.stringify(runResult(view.value))}\n`);
    return;
  }
  const { id, card, status, reason, detail, turns, usage } = ended;
  const tokens = usage.inputTokens + usage.outputTokens;
  io.out(
    `${card} ${status} (${reason ?? ""}): ${turns} turns, ${tokens} tokens, ${usage.costUsd.toFixed(4)} USD\n`,
  );
  for (const line of detail?.split("\n") ?? []) io.out(`  ${line}\n`);
  if (status === "done") io.err(`See what was done: orket runs show ${id} --diff\n`);
  else if (status !== "canceled") io.err(`Go on with: orket resume ${id}\n`);
}
