// `orket demo`: the shipped sample rock, run like any other project. A path escape stops its card until a person releases
// it; with the script the demo is that person, and says so.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { moveCardByHand } from "../../app/edit-cards.ts";
import { showRun } from "../../app/show-run.ts";
import type { RunView } from "../../app/show-run.ts";
import { startRun } from "../../app/start-run.ts";
import type { Event } from "../../domain/events.ts";
import type { Result } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import { NO_BUDGET } from "../../domain/run.ts";
import { glyphOf, styleOf } from "../card-style.ts";
import { EXIT, exitCodeOfRun } from "../exit-codes.ts";
import { createPaint, plain } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { createRunScreen } from "../run-screen.ts";
import type { RunScreen } from "../run-screen.ts";
import type { Project } from "../workbench.ts";
import { withProject } from "../with-project.ts";
import { driveRun } from "./run.ts";

const ROCK = "unit-kit";
const FILES_MAX = 200;

type Options = GlobalOptions & { readonly model?: string; readonly keep?: string };

export async function demo(cli: Cli, options: Options): Promise<number> {
  const { io, workbench } = cli;
  const json = options.json === true;
  const dir = await workbench.copyDemo(options.keep ?? null);
  const screen = createRunScreen(io, json);
  const refused: Event[] = [];
  const watcher = {
    ...screen.watcher,
    onEvents: (events: readonly Event[]) => {
      refused.push(...events.filter((event) => event.type === "tool-denied"));
      screen.watcher.onEvents(events);
    },
  };
  if (!json) io.err(`The demo project is ${dir}\n\n`);
  return withProject(cli, { ...options, project: dir, watcher }, async (project) => {
    const ended = await runToTheEnd(cli, {
      project,
      screen,
      scripted: options.model === undefined,
      model: options.model ?? null,
    });
    if (!ended.ok) return showProblem(io, ended.error, json);
    const view = await showRun(project.engine, ended.value.id);
    if (!view.ok) return showProblem(io, view.error, json);
    return tell(cli, {
      project,
      view: view.value,
      refused,
      json,
      scripted: options.model === undefined,
    });
  });
}

type Play = {
  readonly project: Project;
  readonly screen: RunScreen;
  readonly scripted: boolean;
  readonly model: string | null;
};

async function runToTheEnd(
  cli: Cli,
  { project, screen, scripted, model }: Play,
): Promise<Result<Run>> {
  const { engine } = project;
  const request = {
    card: ROCK,
    build: null,
    department: null,
    restart: false,
    model,
    budget: NO_BUDGET,
  };
  const started = await startRun(engine, request);
  if (!started.ok) return started;
  const run = started.value.id;
  const first = await driveRun(cli, { engine, screen, chosen: { run, resume: false } });
  if (!first.ok || first.value.status !== "blocked" || !scripted) return first;
  for (const card of await stoppedByTheGate(project, run)) {
    screen.say(
      `The gate stopped ${card}: its card waits for a person. As that person:  orket cards move ${card} ready`,
    );
    const move = {
      card,
      build: null,
      to: "ready",
      waitReason: null,
      detail: null,
      person: cli.workbench.person,
      verificationRequired: false,
    };
    const moved = await moveCardByHand(engine, move);
    if (!moved.ok) return moved;
  }
  screen.say(`and on with it:  orket resume ${run}\n`);
  return driveRun(cli, { engine, screen, chosen: { run, resume: true } });
}

async function stoppedByTheGate({ engine }: Project, run: string): Promise<readonly string[]> {
  const events = await engine.store.read(async ({ events: log }) =>
    log.list({ run, types: ["governance-violated"], limit: 100 }),
  );
  return [...new Set(events.map((event) => event.card).filter((card) => card !== undefined))];
}

type Ending = {
  readonly project: Project;
  readonly view: RunView;
  readonly refused: readonly Event[];
  readonly json: boolean;
  readonly scripted: boolean;
};

async function tell(
  { io, workbench }: Cli,
  { project, view, refused, json, scripted }: Ending,
): Promise<number> {
  const done = view.run.status === "done";
  const builds: {
    readonly build: string;
    readonly dir: string;
    readonly files: readonly string[];
    readonly tests: string | null;
  }[] = [];
  let passed = true;
  for (const build of view.run.builds) {
    const dir = join(project.stateDir, "workspaces", build);
    const files = (await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
      .sort()
      .slice(0, FILES_MAX);
    const tested =
      scripted && done && files.some((file) => file.endsWith(".test.mjs"))
        ? await workbench.testDemo(dir)
        : null;
    if (tested?.passed === false) passed = false;
    builds.push({ build, dir, files, tests: tested?.summary ?? null });
  }
  const code = done && passed ? EXIT.ok : done ? EXIT.endedBadly : exitCodeOfRun(view.run);
  if (json) {
    const refusals = refused.map(({ card, data }) => ({ card, ...data }));
    const cards = Object.fromEntries(
      view.cards.filter((card) => card.kind === "issue").map((card) => [card.id, card.status]),
    );
    io.out(
      `${JSON.stringify({ v: 1, type: "demo", dir: project.dir, run: view.run.id, status: view.run.status, cards, refusals, builds })}\n`,
    );
    return code;
  }
  const paint = createPaint(io.color);
  io.out(`\n${paint("bold", "Refused on the way")}\n`);
  for (const { card, data } of refused)
    io.out(
      `  ${paint("red", "✖")} ${card ?? ""}  ${data["tool"] as string}: ${plain(data["reason"] as string)}\n`,
    );
  io.out(`\n${paint("bold", "The cards")}\n`);
  for (const epic of view.cards.filter((card) => card.kind === "epic")) {
    io.out(
      `  ${paint(styleOf(epic.status), glyphOf(epic.status))} ${paint("bold", epic.id)}  ${plain(epic.summary)}\n`,
    );
    for (const card of view.cards.filter(
      (one) => one.epic === epic.id && one.build === epic.build,
    )) {
      io.out(
        `    ${paint(styleOf(card.status), glyphOf(card.status))} ${card.id}  ${plain(card.summary)}  ${paint("dim", card.status)}\n`,
      );
    }
  }
  io.out(`\n${paint("bold", "What was built")}\n`);
  for (const { build, files, tests } of builds) {
    io.out(`  ${build}${tests === null ? "" : `  ${paint(passed ? "green" : "red", tests)}`}\n`);
    for (const file of files) io.out(`    ${file}\n`);
  }
  const at = project.dir;
  io.out(`\n${paint("bold", "Next")}\n`);
  io.out(`  orket runs show ${view.run.id} --diff --project ${at}\n`);
  io.out(`  orket events verify --project ${at}\n`);
  io.out(`  orket init my-project && cd my-project && orket run greeting --model ollama:<model>\n`);
  return code;
}
