// Runs of rocks: each epic in its own build, in the order the rock states, and what happens when one does not get done.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { cardOf, moves, openProject, statuses } from "../support/open-project.ts";
import { approve, call, epicFile, say, script, simpleScript, write } from "../support/project.ts";

const done = (id: string) => ({
  coder: [write(`src/engines/${id}_engine.ts`, "export const one = 1;\n"), say("Done.")],
  guard: [approve],
});
const refuses = { coder: [say("No."), say("No."), say("No.")] };

const rock = (...epics: readonly unknown[]) => ({ name: "Big", epics });
const entry = (epic: string, depends_on?: readonly string[]) => ({
  epic,
  department: "core",
  ...(depends_on === undefined ? {} : { depends_on }),
});
const byText = (left: string, right: string): number => (left < right ? -1 : 1);
const alone = (id: string) => epicFile([{ id, max_retries: 0 }]);

test("R-08 each epic of a rock has its own build, and starting one touches no card and no file of another", async (context) => {
  const files = {
    "model/core/epics/second.yaml": epicFile([{ id: "ui" }]),
    "model/core/rocks/big.yaml": rock(entry("work"), entry("second", [])),
  };
  const cards = { api: done("api"), ui: done("ui") };
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: script(cards),
    files,
  });
  assert.equal((await opened.run({ card: "big" })).status, "done");
  const stored = await opened.engine.store.read(async ({ cards: all }) => all.list({}));
  assert.deepEqual(
    stored.map(({ id, build, status }) => `${id} ${build} ${status}`).toSorted(byText),
    [
      "api big/work done",
      "big big done",
      "second big/second done",
      "ui big/second done",
      "work big/work done",
    ],
  );
  const before = stored.filter(({ build }) => build !== "big/second");
  await opened.run({ card: "second", build: "big/second", restart: true });
  const after = await opened.engine.store.read(async ({ cards: all }) => all.list({}));
  assert.deepEqual(
    after.filter(({ build }) => build !== "big/second"),
    before,
  );
  const folder = join(opened.dir, ".orket/workspaces/big");
  assert.ok(existsSync(join(folder, "work/src/engines/api_engine.ts")));
  assert.ok(!existsSync(join(folder, "second/src/engines/api_engine.ts")));
});

test("an epic whose predecessor was not done is not started, independent ones go on, and the run ends blocked for dependency", async (context) => {
  const files = {
    "model/core/epics/second.yaml": alone("second-1"),
    "model/core/epics/third.yaml": alone("third-1"),
    "model/core/epics/free.yaml": alone("free-1"),
    "model/core/epics/fourth.yaml": alone("fourth-1"),
    "model/core/rocks/big.yaml": rock(
      entry("work"),
      entry("second"),
      entry("third", ["work"]),
      entry("free", []),
      entry("fourth", ["free"]),
    ),
  };
  const cards = { api: refuses, "free-1": done("free"), "fourth-1": done("fourth") };
  const opened = await openProject(context, {
    issues: [{ id: "api", max_retries: 0 }],
    script: script(cards),
    files,
  });
  const run = await opened.run({ card: "big" });
  assert.deepEqual([run.status, run.reason], ["blocked", "dependency"]);
  assert.deepEqual(await statuses(opened), {
    api: "blocked",
    "free-1": "done",
    "fourth-1": "done",
  });
  assert.match(run.detail ?? "", /api is blocked \(system\)/);
  assert.match(run.detail ?? "", /big\/second was not started: it waits for big\/work\./);
  assert.match(run.detail ?? "", /big\/third was not started: it waits for big\/work\./);
  const types = opened.events.map(({ type }) => type);
  assert.equal(types.includes("phase-started"), false);
  assert.equal((await cardOf(opened, "big"))?.status, "in_progress");
});

test("R-04 a rock that is done opens again when an epic of it gets more to do, and starts no second phase", async (context) => {
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api", "ui"]),
    files: { "model/core/rocks/big.yaml": rock(entry("work")) },
  });
  await opened.run({ card: "big" });
  const more = epicFile([{ id: "api" }, { id: "ui" }]);
  await writeFile(join(opened.dir, "model/core/epics/work.yaml"), stringify(more));
  assert.equal((await opened.run({ card: "big" })).status, "done");
  assert.deepEqual(moves(opened, "big"), ["in_progress", "done", "in_progress", "done"]);
  assert.deepEqual(moves(opened, "work"), ["in_progress", "done", "in_progress", "done"]);
  const phases = opened.events.filter(({ type }) => type === "phase-started");
  assert.equal(phases.length, 1);
});

test("independent epics of a rock share the seats of their team: no seat has more cards in progress than its limit", async (context) => {
  const names = ["a", "b", "c"];
  const slow = (id: string) => ({
    coder: [
      { ...(write(`src/engines/${id}_engine.ts`, "1\n") as object), delayMs: 20 },
      say("Done."),
    ],
    guard: [approve],
  });
  const ids = names.flatMap((name) => [`${name}1`, `${name}2`]);
  const files = {
    ...Object.fromEntries(
      names.map((name) => [
        `model/core/epics/${name}.yaml`,
        epicFile([{ id: `${name}1` }, { id: `${name}2` }]),
      ]),
    ),
    "model/core/rocks/big.yaml": rock(...names.map((name) => entry(name, []))),
    "config/organization.yaml": {
      name: "Test",
      ethos: "e",
      vision: "v",
      bottleneck_thresholds: { wip_limit_per_seat: 2 },
    },
  };
  const opened = await openProject(context, {
    issues: [{ id: "unused" }],
    script: script(Object.fromEntries(ids.map((id) => [id, slow(id)]))),
    files,
    options: { settings: { concurrency: 6 } },
  });
  assert.equal((await opened.run({ card: "big" })).status, "done");
  const busy = new Set<string>();
  let most = 0;
  for (const { type, card = "", data } of opened.events) {
    if (type !== "card-moved" || !ids.includes(card)) continue;
    if (data["to"] === "in_progress") busy.add(card);
    else busy.delete(card);
    most = Math.max(most, busy.size);
  }
  assert.equal(most, 2);
});

test("a plan node that asks for all at once does not get more cards of a seat started than its limit", async (context) => {
  const ids = ["a", "b", "c", "d", "e"];
  const opened = await openProject(context, {
    issues: ids.map((id) => ({ id })),
    script: simpleScript(ids),
    options: { settings: { concurrency: 5 } },
  });
  const { engine } = opened;
  const greedy = ({ candidates }: { candidates: readonly { id: string }[] }) =>
    candidates.map(({ id }) => id);
  const nodes = { ...engine.nodes, nodes: { ...engine.nodes.nodes, plan: greedy } };
  Object.assign(engine, { nodes });
  assert.equal((await opened.run({ card: "work" })).status, "done");
  const busy = new Set<string>();
  let most = 0;
  for (const { type, card = "", data } of opened.events) {
    if (type !== "card-moved" || !ids.includes(card)) continue;
    if (data["to"] === "in_progress") busy.add(card);
    else busy.delete(card);
    most = Math.max(most, busy.size);
  }
  assert.equal(most, 3);
});

test("a seat whose cards all wait for a person does not hold the others back: what is blocked is not in progress", async (context) => {
  const asks = { coder: [call("ask_human", { question: "Which?" })] };
  const cards = { a: asks, b: asks, c: asks, d: done("d") };
  const opened = await openProject(context, {
    issues: Object.keys(cards).map((id) => ({ id })),
    script: script(cards),
  });
  const run = await opened.run({ card: "work" });
  assert.equal(run.reason, "stalled");
  assert.equal((await statuses(opened))["d"], "done");
});

test("R-01 a single issue that was asked for is worked on although its seat has its limit in progress elsewhere in the build", async (context) => {
  const ids = ["a", "b", "c", "d"];
  const stop = new AbortController();
  const slow = { coder: [{ text: "Done.", delayMs: 60_000 }] };
  const opened = await openProject(context, {
    issues: ids.map((id) => ({ id })),
    script: script({ a: slow, b: slow, c: slow, d: done("d") }),
  });
  const live = Promise.withResolvers<void>();
  const { onEvents } = opened.engine.watcher;
  const onText = (): void => {};
  let started = 0;
  const watcher = {
    onText,
    onEvents: (events: Parameters<typeof onEvents>[0]) => {
      onEvents(events);
      started += events.filter(({ type }) => type === "turn-started").length;
      if (started === 3) live.resolve();
    },
  };
  Object.assign(opened.engine, { watcher });
  const running = opened.run({ card: "work" }, stop.signal);
  await live.promise;
  stop.abort();
  const paused = await running;
  assert.equal(paused.status, "paused");
  await opened.engine.store.transaction(async ({ runs }) =>
    runs.move(paused.id, "paused", "canceled", {
      reason: "requested",
      detail: null,
      at: "2026-01-01T00:00:00.000Z",
    }),
  );
  const run = await opened.run({ card: "d" });
  assert.deepEqual([run.status, (await statuses(opened))["d"]], ["done", "done"]);
});
