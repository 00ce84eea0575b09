// `orket demo`: the shipped sample rock, run like any other project. A path escape stops its card until a person releases
// it; with the script the demo is that person, and says so.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { moveCardByHand } from "../../app/edit-cards.ts";
import { showRun } from "../../app/show-run.ts";
import type { RunView } from "../../app/show-run.ts";
import { startRun } from "../../app/start-run.ts";
import type { Card } from "../../domain/card.ts";
import type { Event } from "../../domain/events.ts";
import type { Result } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import { NO_BUDGET } from "../../domain/run.ts";
import { glyphOf, styleOf } from "../card-style.ts";
import { EXIT, exitCodeOfRun } from "../exit-codes.ts";
import type { Io, Paint } from "../io.ts";
import { createPaint, plain, projectFlag } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { createRunScreen } from "../run-screen.ts";
import type { RunScreen } from "../run-screen.ts";
import type { Project } from "../workbench.ts";
import { withProject } from "../with-project.ts";
import { driveRun } from "./run.ts";

const ROCK = "unit-kit";
const SCRIPT = "scripted:demo-script.yaml";
const FILES_MAX = 200;
const STOPS_MAX = 100;

type Options = GlobalOptions & { readonly model?: string; readonly keep?: string };

export async function demo(cli: Cli, options: Options): Promise<number> {
  const { io, workbench } = cli;
  const json = options.json === true;
  const copied = await workbench.copyDemo(options.keep ?? null);
  if (!copied.ok) return showProblem(io, copied.error, json);
  const screen = createRunScreen(io, json);
  const refused: Event[] = [];
  const watcher = {
    ...screen.watcher,
    onEvents: (events: readonly Event[]) => {
      refused.push(...events.filter((event) => event.type === "tool-denied"));
      screen.watcher.onEvents(events);
    },
  };
  if (!json) io.err(`The demo project is ${copied.value}\n\n`);
  const model = options.model ?? SCRIPT;
  // The person's own settings neither choose the demo's model nor get its state.
  const flags = { model, state_dir: ".orket" };
  const opening = { ...options, flags, project: copied.value, watcher };
  return withProject(cli, opening, async (project) => {
    const play = { project, screen, model, isScripted: options.model === undefined };
    const ended = await runToTheEnd(cli, play);
    if (!ended.ok) return showProblem(io, ended.error, json);
    const view = await showRun(project.engine, ended.value.id);
    if (!view.ok) return showProblem(io, view.error, json);
    const builds = await look(cli, play, view.value);
    const rock = await project.engine.store.read(async ({ cards }) => cards.find(ROCK));
    const ending = { project, view: view.value, rock, refused, builds };
    if (json) io.out(`${JSON.stringify(toJson(ending))}\n`);
    else tell(io, ending);
    const tested = builds.every((build) => build.passed !== false);
    return view.value.run.status === "done" && !tested
      ? EXIT.endedBadly
      : exitCodeOfRun(view.value.run);
  });
}

type Play = {
  readonly project: Project;
  readonly screen: RunScreen;
  readonly model: string;
  readonly isScripted: boolean;
};

async function runToTheEnd(
  cli: Cli,
  { project, screen, model, isScripted }: Play,
): Promise<Result<Run>> {
  const { engine } = project;
  const request = { card: ROCK, build: null, department: null, restart: false, model };
  const started = await startRun(engine, { ...request, budget: NO_BUDGET });
  if (!started.ok) return started;
  const run = started.value.id;
  const first = await driveRun(cli, { engine, screen, chosen: { run, resume: false } });
  if (!first.ok || first.value.status !== "blocked" || !isScripted) return first;
  screen.say("");
  for (const card of await stoppedByTheGate(project, run)) {
    screen.say(`The gate stopped ${card}: it waits for a person. As that person, the demo does:`);
    screen.say(`  orket cards move ${card} ready`);
    const moved = await release(cli, project, card);
    if (!moved.ok) return moved;
  }
  screen.say(`  orket resume ${run}`);
  screen.say("");
  return driveRun(cli, { engine, screen, chosen: { run, resume: true } });
}

const release = async (cli: Cli, { engine }: Project, card: string): Promise<Result<Card>> =>
  moveCardByHand(engine, {
    card,
    build: null,
    to: "ready",
    waitReason: null,
    detail: null,
    person: cli.workbench.person,
    verificationRequired: false,
  });

async function stoppedByTheGate({ engine }: Project, run: string): Promise<readonly string[]> {
  const events = await engine.store.read(async ({ events: log }) =>
    log.list({ run, types: ["governance-violated"], limit: STOPS_MAX }),
  );
  return [...new Set(events.map((event) => event.card).filter((card) => card !== undefined))];
}

/** What a build holds. `passed` null = its tests were not run: only the script's own text is known to be harmless. */
type Built = {
  readonly build: string;
  readonly dir: string;
  readonly files: readonly string[];
  readonly tests: string | null;
  readonly passed: boolean | null;
};

async function look(
  { workbench }: Cli,
  { project, isScripted }: Play,
  { run }: RunView,
): Promise<readonly Built[]> {
  const builds: Built[] = [];
  for (const build of run.builds) {
    const dir = join(project.stateDir, "workspaces", build);
    const files = await filesBelow(dir);
    const isTestable = isScripted && run.status === "done" && files.length > 0;
    const tested = isTestable ? await workbench.testDemo(dir) : null;
    const { summary: tests = null, passed = null } = tested ?? {};
    builds.push({ build, dir, files, tests, passed });
  }
  return builds;
}

const filesBelow = async (dir: string): Promise<readonly string[]> =>
  (await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .filter((file) => !file.startsWith(".git/"))
    .sort()
    .slice(0, FILES_MAX);

type Ending = {
  readonly project: Project;
  readonly view: RunView;
  readonly rock: Card | null;
  readonly refused: readonly Event[];
  readonly builds: readonly Built[];
};

const toJson = ({ project, view: { run, cards }, refused, builds }: Ending): unknown => ({
  v: 1,
  type: "demo",
  dir: project.dir,
  run: run.id,
  status: run.status,
  reason: run.reason,
  cards: Object.fromEntries(
    cards.filter((card) => card.kind === "issue").map((card) => [card.id, card.status]),
  ),
  refusals: refused.map(({ card, data }) => ({ card, ...data })),
  builds: builds.map(({ build, dir, files, tests }) => ({ build, dir, files, tests })),
});

function tell(io: Io, ending: Ending): void {
  const paint = createPaint(io.color);
  const { project, view, refused, builds } = ending;
  const { run } = view;
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0)
      io.out(`\n${paint("bold", title)}\n${lines.map((line) => `  ${line}\n`).join("")}`);
  };
  section(
    "Refused on the way",
    refused.map((event) => refusalLine(event, paint)),
  );
  section("The cards", cardLines(ending, paint));
  section(
    "What was built",
    builds.flatMap((build) => builtLines(build, paint)),
  );
  if (run.status !== "done")
    section(
      `The demo is not finished: ${run.status}${run.reason === null ? "" : ` (${run.reason})`}`,
      (run.detail ?? "").split("\n").map(plain),
    );
  const there = projectFlag(project.dir);
  const first =
    run.status === "done"
      ? `orket runs show ${run.id} --diff${there}`
      : `orket resume ${run.id}${there}`;
  section("Next", [
    first,
    `orket events verify${there}`,
    "orket init my-project && cd my-project && orket run greeting --model ollama:<model>",
  ]);
}

const refusalLine = ({ card = "", data }: Event, paint: Paint): string =>
  `${paint("red", "✖")} ${card}  ${data["tool"] as string}: ${plain(data["reason"] as string)}`;

function cardLines({ view: { cards }, rock }: Ending, paint: Paint): readonly string[] {
  const line = (card: Card): string =>
    `${paint(styleOf(card.status), glyphOf(card.status))} ${paint("bold", card.id)}  ${plain(card.summary)}  ${paint("dim", card.status)}`;
  const epics = cards.filter((card) => card.kind === "epic");
  const issuesOf = (epic: Card): readonly Card[] =>
    cards.filter((card) => card.epic === epic.id && card.build === epic.build);
  return [
    ...(rock === null ? [] : [line(rock)]),
    ...epics.flatMap((epic) => [
      `  ${line(epic)}`,
      ...issuesOf(epic).map((issue) => `    ${line(issue)}`),
    ]),
  ];
}

function builtLines({ build, files, tests, passed }: Built, paint: Paint): readonly string[] {
  if (files.length === 0) return [];
  const verdict = tests === null ? "" : `  ${paint(passed === true ? "green" : "red", tests)}`;
  return [`${build}${verdict}`, ...files.map((file) => `  ${plain(file)}`)];
}
