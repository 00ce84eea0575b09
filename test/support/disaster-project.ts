// The scene of a disaster: a project of two epics with dependencies and follow-up cards, a model on loopback that counts
// what it is asked, and the product as a process; and the check that all of its work was done, and each piece once.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import type { Card } from "../../src/domain/card.ts";
import type { Event } from "../../src/domain/events.ts";
import type { Run } from "../../src/domain/run.ts";
import type { Step, Turn } from "../../src/domain/turn.ts";
import type { Store } from "../../src/ports/store.ts";
import { answerOf, entryOf, ledgerOf } from "./diligent-model.ts";
import type { GitShim } from "./git-shim.ts";
import { createGitShim } from "./git-shim.ts";
import type { Behaviour, ModelServer, ReceivedRequest } from "./model-server.ts";
import { startModelServer } from "./model-server.ts";
import type { Started } from "./orket.ts";
import { runOrket, startOrket } from "./orket.ts";
import { epicFile, makeProject } from "./project.ts";
import { runCommand } from "./run-command.ts";

/** One request to the model, with the name of the reply it got. */
export type Asked = { readonly body: string; readonly reply: string };

export type StartSetting = {
  readonly onLine?: (line: string) => void;
  /** More variables than `env`, or others. */
  readonly env?: Readonly<Record<string, string>>;
};

export type Scene = {
  readonly dir: string;
  readonly stateDir: string;
  readonly server: ModelServer;
  readonly shim: GitShim;
  readonly asked: readonly Asked[];
  /** What happens when the model is asked; null = it answers. */
  readonly onRequest: (react: (request: ReceivedRequest) => Behaviour | null) => void;
  readonly env: Readonly<Record<string, string>>;
  readonly start: (args: readonly string[], setting?: StartSetting) => Started;
  readonly remove: () => Promise<void>;
};

/** The one that waits stands first in its rock. */
const rockFile = (waitsFor: readonly string[]): unknown => ({
  name: "Everything",
  epics: [
    { epic: "beta", department: "core", depends_on: waitsFor },
    { epic: "alpha", department: "core", depends_on: [] },
  ],
});
const EPICS = {
  "model/core/rocks/together.yaml": rockFile([]),
  "model/core/rocks/chained.yaml": rockFile(["alpha"]),
  "model/core/epics/alpha.yaml": epicFile([
    { id: "alpha-root" },
    { id: "alpha-next", depends_on: ["alpha-root"] },
  ]),
  "model/core/epics/beta.yaml": epicFile([{ id: "beta-root" }]),
  "model/core/environments/local.yaml": { name: "local", model: "openai:test" },
};
/** Those of the files, and one follow-up of each root. */
const ISSUES = 5;

export type SceneOptions = {
  readonly signal?: "KILL" | "STOP";
  /** Where the project lies; a temporary folder without it. */
  readonly dir?: string;
  readonly files?: Readonly<Record<string, unknown>>;
};

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const project = await makeProject({ ...EPICS, ...options.files }, options.dir);
  const tools = await mkdtemp(join(tmpdir(), "orket-test-tools-"));
  const shim = createGitShim(tools, options.signal ?? "KILL");
  const asked: Asked[] = [];
  let react: (request: ReceivedRequest) => Behaviour | null = () => null;
  const server = await startModelServer((request) => {
    const reaction = react(request);
    if (reaction !== null && reaction.kind !== "answer") return reaction;
    const reply = `reply-${asked.length + 1}`;
    asked.push({ body: JSON.stringify(request.body["messages"]), reply });
    return { kind: "answer", ...reaction, ...answerOf(request), text: reply };
  });
  const env = {
    OPENAI_BASE_URL: `${server.url}/v1`,
    PATH: `${tools}${delimiter}${process.env["PATH"] ?? ""}`,
  };
  const { dir } = project;
  return {
    dir,
    stateDir: join(dir, ".orket"),
    server,
    shim,
    asked,
    env,
    onRequest: (next) => {
      react = next;
    },
    start: (args, { env: more = {}, ...setting } = {}) =>
      startOrket(args, { ...setting, cwd: dir, env: { ...env, ...more } }),
    remove: async () => {
      await server.close();
      await rm(tools, { recursive: true, force: true });
      await project.remove();
    },
  };
}

export type Survey = {
  readonly runs: readonly Run[];
  readonly cards: readonly Card[];
  readonly turns: readonly (Turn & { readonly steps: readonly Step[] })[];
  readonly events: readonly Event[];
  readonly comments: number;
};

const ALL = 100_000;

/** What the database holds, read beside whoever uses it; null before there is one. */
export async function survey(stateDir: string): Promise<Survey | null> {
  const path = join(stateDir, "orket.db");
  if (!existsSync(path)) return null;
  const clock = createSystemClock();
  const store = await openSqliteStore({ path, clock, readOnly: true }).catch(() => null);
  if (store === null) return null;
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

const read = async (store: Store): Promise<Survey> =>
  store.read(async ({ runs, cards, turns, events, comments }) => {
    const list = await turns.list({ limit: ALL });
    const withSteps = [];
    for (const turn of list) withSteps.push({ ...turn, steps: await turns.steps(turn.id) });
    const issues = await cards.list({ kind: "issue" });
    let said = 0;
    for (const card of issues) said += (await comments.list(card.build, card.id, ALL)).length;
    return {
      runs: await runs.list({ limit: ALL }),
      cards: await cards.list({}),
      turns: withSteps,
      events: await events.list({ limit: ALL }),
      comments: said,
    };
  });

export type Figures = {
  readonly issues: number;
  readonly turns: number;
  readonly calls: number;
  readonly requests: number;
  readonly events: number;
};

/** Every issue is done, every finished thing was done once, and the log and the history agree with it. */
export async function assertDoneOnce(scene: Scene): Promise<Figures> {
  const { cards, comments, turns, events } = await assertDone(scene);
  const issues = cards.filter((card) => card.kind === "issue");
  assert.equal(issues.length, ISSUES, "one follow-up a root");
  assert.equal(comments, ISSUES, "one comment a card");
  return {
    issues: issues.length,
    turns: turns.length,
    calls: events.filter((event) => event.type === "tool-finished").length,
    requests: scene.asked.length,
    events: events.length,
  };
}

async function surveyed({ stateDir }: Scene): Promise<Survey> {
  const found = await survey(stateDir);
  assert.ok(found !== null);
  return found;
}

/** The same where turns may have failed: a card that is tried again says again what it said before. */
export async function assertDone(scene: Scene): Promise<Survey> {
  const found = await surveyed(scene);
  const { runs, cards, turns, events } = found;
  assert.deepEqual(
    runs.map(({ status, reason }) => [status, reason]),
    [["done", "complete"]],
  );
  const issues = cards.filter((card) => card.kind === "issue");
  assert.deepEqual(
    issues.map((card) => card.status),
    issues.map(() => "done"),
  );
  assertOnce(
    events.filter((event) => event.type === "card-moved" && event.data["to"] === "done"),
    (event) => `${event.build}/${event.card}`,
    "moved to done",
  );
  const finished = events.filter((event) => event.type === "tool-finished");
  assertOnce(
    finished,
    (event) => `${event.turn} ${JSON.stringify(event.data["call"])}`,
    "calls finished",
  );
  assert.deepEqual(
    turns.filter((turn) => turn.status === "live"),
    [],
  );
  assertOnce(
    turns.filter((turn) => turn.status === "committed" && turn.kind === "work"),
    (turn) => `${turn.build}/${turn.card}`,
    "worked on",
  );
  assertAskedOnce(scene, turns);
  await assertFiles(scene, issues);
  await assertHistory(scene, turns);
  const verified = await runOrket(["events", "verify", "--json"], {
    cwd: scene.dir,
    env: scene.env,
  });
  assert.equal(verified.code, 0, verified.err);
  return found;
}

function assertOnce<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  what: string,
): void {
  const counts = Object.entries(Object.groupBy(items, nameOf));
  assert.deepEqual(
    counts.filter(([, list = []]) => list.length > 1).map(([name]) => name),
    [],
    `${what} more than once`,
  );
}

/** Of requests with the same words only the last may have a reply that is stored: else a stored reply was asked for again. */
function assertAskedOnce({ asked }: Scene, turns: Survey["turns"]): void {
  const stored = new Set(turns.flatMap((turn) => turn.steps.map((step) => step.text)));
  assert.equal(stored.size, turns.flatMap((turn) => turn.steps).length, "a reply is stored once");
  const again = Object.values(Object.groupBy(asked, ({ body }) => body)).flatMap((same = []) =>
    same.slice(0, -1).filter(({ reply }) => stored.has(reply)),
  );
  assert.deepEqual(
    again.map(({ reply }) => reply),
    [],
    "stored replies that were asked for again",
  );
}

async function assertFiles({ stateDir }: Scene, issues: readonly Card[]): Promise<void> {
  for (const { build, id } of issues) {
    const path = join(stateDir, "workspaces", build, ledgerOf(id));
    assert.equal(readFileSync(path, "utf8"), `# ${id}\n${entryOf(id)}\nend\n`);
  }
}

/** Each turn that worked is one commit, and the last state of each file is in the history. */
async function assertHistory({ stateDir }: Scene, turns: Survey["turns"]): Promise<void> {
  const worked = turns.filter((turn) => turn.kind === "work" && turn.status === "committed");
  for (const build of new Set(worked.map((turn) => turn.build))) {
    const git = [`--git-dir=${join(stateDir, "git", `${build}.git`)}`];
    const trailer = "--format=%(trailers:key=Turn,valueonly,separator=%x2C)";
    const log = await runCommand("git", ...git, "log", trailer, "main");
    const ofBuild = worked.filter((turn) => turn.build === build);
    assert.deepEqual(
      log.trim().split("\n").toSorted(),
      ofBuild.map((turn) => turn.id).toSorted(),
      "one commit a turn",
    );
    for (const { card } of ofBuild) {
      const text = await runCommand("git", ...git, "show", `main:${ledgerOf(card)}`);
      assert.equal(text, `# ${card}\n${entryOf(card)}\nend\n`);
    }
    await runCommand("git", ...git, "fsck", "--strict");
  }
}
