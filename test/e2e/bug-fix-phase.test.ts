// The bug-fix phase from the end of a rock's run to its own, on real files and a real database, with days that pass at once.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { readBoard } from "../../src/app/board.ts";
import { checkPhases, phaseOfRock } from "../../src/app/bug-fix-phase.ts";
import { moveCardByHand } from "../../src/app/edit-cards.ts";
import type { TestIssue } from "../support/project.ts";
import { epicFile, say, script, simpleScript } from "../support/project.ts";
import { createMovedClock, DAY_MS } from "../support/moved-clock.ts";
import { cardOf, openProject } from "../support/open-project.ts";
import { newCard } from "../support/store-records.ts";

const ROCK = { name: "Big", epics: [{ epic: "work", department: "core" }] };
const WORDS = ["rock-phase-changed", "phase-started", "phase-extended", "phase-completed"];

async function finishRock(context: TestContext, issues: readonly TestIssue[] = [{ id: "api" }]) {
  const clock = createMovedClock();
  const opened = await openProject(context, {
    issues,
    script: simpleScript(issues.map(({ id }) => id)),
    files: { "model/core/rocks/big.yaml": ROCK, ".orket/.keep": "" },
    options: { replace: { clock } },
  });
  const run = await opened.run({ card: "big" });
  assert.equal(run.status, "done", run.detail ?? "");
  return { ...opened, clock, ended: run };
}
type Opened = Awaited<ReturnType<typeof finishRock>>;

async function phaseEvents({ engine }: Opened) {
  const all = await engine.store.read(async ({ events }) => events.list({ limit: 10_000 }));
  return all.filter(({ type }) => WORDS.includes(type));
}

/** Found by somebody: stored in the rock's build as a turn would. */
const report = async ({ engine }: Opened, ids: readonly string[], priority = 2) =>
  engine.store.transaction(async ({ cards }) => {
    for (const id of ids)
      await cards.insert(newCard(id, { build: "big/work", type: "bug", priority, epic: "work" }));
  });

const look = async (opened: Opened) => {
  const board = await readBoard(opened.engine, { department: null });
  assert.ok(board.ok);
  const rock = board.value.rocks.find(({ id }) => id === "big");
  assert.ok(rock?.phase);
  return { phase: rock.phase, alerts: board.value.alerts };
};

test("R-04 a rock whose run is done begins its bug-fix phase before the run ends, in the same transaction", async (context) => {
  const opened = await finishRock(context);
  const all = await opened.engine.store.read(async ({ events }) =>
    events.list({ run: opened.ended.id, limit: 1000 }),
  );
  const types = all.map(({ type }) => type);
  const at = types.indexOf("rock-phase-changed");
  assert.deepEqual(types.slice(at, at + 3), ["rock-phase-changed", "phase-started", "run-ended"]);
  assert.deepEqual(all[at]?.data, { rock: "big", phase: "bug_fix" });
  const { phase } = await look(opened);
  assert.deepEqual([phase.id, phase.status, phase.days], ["phase-big", "active", 7]);
  assert.equal(Date.parse(phase.endsAt) - Date.parse(phase.startedAt), 7 * DAY_MS);
});

test("R-04 a second run of the rock finds the first phase, and the phase of an epic's or issue's run is none", async (context) => {
  const opened = await finishRock(context);
  const { phase: first } = await look(opened);
  opened.clock.pass(DAY_MS);
  assert.equal((await opened.run({ card: "big" })).status, "done");
  assert.deepEqual((await look(opened)).phase, first);
  await opened.run({ card: "work", build: "alone" });
  assert.equal((await phaseEvents(opened)).length, 2);
});

test("R-04 a rock whose epic was given up is not done, and begins no phase although its run is complete", async (context) => {
  const opened = await openProject(context, {
    issues: [{ id: "api", max_retries: 0 }],
    script: script({ api: { coder: [say("No."), say("No."), say("No.")] } }),
    files: { "model/core/rocks/big.yaml": ROCK },
  });
  assert.equal((await opened.run({ card: "big" })).status, "blocked");
  const command = { build: null, waitReason: null, detail: null, person: "me" };
  const moved = await moveCardByHand(opened.engine, {
    ...command,
    card: "api",
    to: "canceled",
    verificationRequired: false,
  });
  assert.ok(moved.ok);
  assert.deepEqual((await opened.run({ card: "big" })).reason, "complete");
  assert.equal((await cardOf(opened, "big"))?.status, "in_progress");
  assert.deepEqual(
    opened.events.filter(({ type }) => WORDS.includes(type)),
    [],
  );
});

test("R-04 with few bugs the phase ends at its end, once, however often one looks", async (context) => {
  const opened = await finishRock(context);
  opened.clock.pass(7 * DAY_MS - 60_000);
  assert.equal((await look(opened)).phase.status, "active");
  opened.clock.pass(60_000);
  for (const _ of [1, 2]) assert.equal((await look(opened)).phase.status, "completed");
  const events = await phaseEvents(opened);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["rock-phase-changed", "phase-started", "phase-completed"],
  );
  assert.deepEqual((await look(opened)).alerts, []);
});

test("R-04 many bugs extend the phase with the reason in words, up to its most days, and what is open at the end is proposed as a plan", async (context) => {
  const opened = await finishRock(context);
  const critical = ["bug-1", "bug-2", "bug-3", "bug-4"];
  await report(opened, critical.slice(0, 3), 4);
  assert.equal((await look(opened)).phase.days, 7);
  await report(opened, critical.slice(3), 4);
  await report(opened, ["bug-5", "bug-6"]);
  const { phase } = await look(opened);
  assert.deepEqual(
    [phase.days, phase.bugs.total, phase.bugs.critical, phase.bugs.rate],
    [14, 6, 4, 6],
  );
  assert.equal((await look(opened)).phase.days, 14);
  for (const [days, expected] of [
    [7, 21],
    [7, 28],
    [7, 28],
  ] as const) {
    opened.clock.pass(days * DAY_MS);
    assert.equal((await look(opened)).phase.days, expected);
  }
  opened.clock.pass(7 * DAY_MS);
  const ended = await look(opened);
  assert.equal(ended.phase.status, "completed");
  const events = await phaseEvents(opened);
  assert.deepEqual(
    events.slice(2).map(({ type, data }) => [type, data["reason"] ?? data["proposed"]]),
    [
      ["phase-extended", "High rate (6.0/d); 4 critical bugs"],
      ["phase-extended", "4 critical bugs"],
      ["phase-extended", "4 critical bugs"],
      ["phase-completed", "big-phase2"],
    ],
  );
  const [alert] = ended.alerts.filter(({ code }) => code === "bug-fix-plan");
  assert.match(
    alert?.message ?? "",
    /ended with 6 open bugs.*: orket drive "Create the rock big-phase2 in the department core to fix the open bugs of big: bug-1, .*bug-6\."$/,
  );
  assert.equal((await opened.engine.assets.load()).ok, true);
});

test("R-04 the proposal goes when the next rock is there", async (context) => {
  const opened = await finishRock(context);
  await report(opened, ["bug-1"]);
  opened.clock.pass(7 * DAY_MS);
  const codes = async () => (await look(opened)).alerts.map(({ code }) => code);
  assert.deepEqual(await codes(), ["bug-fix-plan"]);
  const folder = join(opened.dir, "model/core");
  await writeFile(join(folder, "epics/fixes.yaml"), stringify(epicFile([{ id: "fix-1" }])));
  const next = { name: "Fixes", epics: [{ epic: "fixes", department: "core" }] };
  await writeFile(join(folder, "rocks/big-phase2.yaml"), stringify(next));
  assert.deepEqual(await codes(), []);
});

test("R-04 the phase follows the organization's own rules", async (context) => {
  const clock = createMovedClock();
  const rules = { bug_fix_initial_days: 2, bug_fix_max_days: 3, bug_critical_threshold: 1 };
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
    files: {
      "model/core/rocks/big.yaml": ROCK,
      "config/organization.yaml": { name: "Test", ethos: "e", vision: "v", process_rules: rules },
    },
    options: { replace: { clock } },
  });
  const run = await opened.run({ card: "big" });
  const all = { ...opened, clock, ended: run };
  assert.equal((await look(all)).phase.days, 2);
  await report(all, ["bug-1", "bug-2"], 5);
  assert.equal((await look(all)).phase.days, 3);
});

test("R-04 two who look at once write each step once", async (context) => {
  const opened = await finishRock(context);
  await report(opened, ["bug-1", "bug-2", "bug-3", "bug-4"], 4);
  const looks = async () => Promise.all(Array.from({ length: 4 }, async () => look(opened)));
  await looks();
  opened.clock.pass(40 * DAY_MS);
  await looks();
  const events = await phaseEvents(opened);
  assert.deepEqual(
    events.slice(2).map(({ type, data }) => data["days"] ?? type),
    [14, 21, 28, "phase-completed"],
  );
});

test("R-04 a phase is shown, and left as it is, while the assets do not load", async (context) => {
  const opened = await finishRock(context);
  opened.clock.pass(30 * DAY_MS);
  await writeFile(join(opened.dir, "model/core/epics/broken.yaml"), "name: [");
  assert.equal((await phaseOfRock(opened.engine, "big"))?.status, "active");
  assert.equal(await phaseOfRock(opened.engine, "other"), null);
  assert.equal((await phaseEvents(opened)).length, 2);
  assert.equal((await checkPhases(opened.engine, null)).length, 1);
});
