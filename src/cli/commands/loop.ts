// `orket loop`: one run after another until a signal ends it, each watched as `orket run` is.
import type { Engine, Watcher } from "../../app/engine.ts";
import type { LoopWatch } from "../../app/organization-loop.ts";
import { runOrganizationLoop } from "../../app/organization-loop.ts";
import { keepSandboxes } from "../../app/sandboxes/keep.ts";
import { EXIT } from "../exit-codes.ts";
import { plain } from "../io.ts";
import type { Cli } from "../main.ts";
import { showProblem } from "../problem.ts";
import type { RunScreen } from "../run-screen.ts";
import { createRunScreen } from "../run-screen.ts";
import { modelFlag, withProject } from "../with-project.ts";
import type { RunOptions } from "./run.ts";
import { budgetOf, report, viewOf } from "./run.ts";

export type LoopOptions = Omit<RunOptions, "build" | "restart">;

export async function loop(cli: Cli, options: LoopOptions): Promise<number> {
  const stage = createStage(cli, options.json === true);
  const flags = modelFlag(options);
  const opening = { ...options, flags, watcher: stage.watcher };
  return withProject(cli, opening, async ({ engine }) => {
    const { department = null, model = null, approve = "ask" } = options;
    const budget = budgetOf(options);
    const stop = new AbortController();
    const forget = cli.io.onSignal(() => {
      if (stop.signal.aborted) {
        stage.close();
        cli.io.exitNow(EXIT.interrupted);
      }
      stage.say("Stopping; every finished turn is kept. Once more ends at once.");
      stop.abort();
    });
    const { isOwnerGone } = cli.workbench;
    const watch = watchOn(cli, { engine, stage, options });
    const request = { department, model, budget, approve, isOwnerGone, watch };
    const over = new AbortController();
    const keeping = keepSandboxes(engine, isOwnerGone, over.signal);
    try {
      const done = await runOrganizationLoop(engine, request, stop.signal);
      if (!done.ok) return showProblem(cli.io, done.error, options.json === true);
      const runs = done.value === 1 ? "1 run" : `${done.value} runs`;
      if (options.json !== true) cli.io.err(`The loop ended after ${runs}.\n`);
      return EXIT.interrupted;
    } finally {
      over.abort();
      await keeping;
      stage.close();
      forget();
    }
  });
}

/** The screen of the run that goes, and plain lines in between: a frame with nothing in it would only hide them. */
type Stage = {
  readonly watcher: Watcher;
  readonly say: (text: string) => void;
  readonly open: () => RunScreen;
  readonly close: () => void;
};

function createStage({ io }: Cli, json: boolean): Stage {
  const between = createRunScreen({ ...io, screen: null }, json);
  let current: RunScreen | null = null;
  const screen = (): RunScreen => current ?? between;
  return {
    watcher: {
      onEvents: (events) => screen().watcher.onEvents(events),
      onText: (turn, text) => screen().watcher.onText(turn, text),
    },
    say: (text) => (json ? io.err(`${plain(text)}\n`) : screen().say(text)),
    open: () => (current = createRunScreen(io, json)),
    close: () => {
      current?.stop();
      current = null;
    },
  };
}

type Watching = {
  readonly engine: Engine;
  readonly stage: Stage;
  readonly options: LoopOptions;
};

const watchOn = (cli: Cli, { engine, stage, options }: Watching): LoopWatch => ({
  runStarts: async (run) => stage.open().start(await viewOf(engine, run)),
  runEnds: async (run) => {
    stage.close();
    if (run !== null) await report(cli, { engine, run, options });
  },
  say: stage.say,
});
