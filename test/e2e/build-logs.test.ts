// The log of a build: only its own events, all of them, once, whatever died in between.
import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { stringify } from "yaml";
import { clearLogs } from "../../src/app/clear-logs.ts";
import { eventsOf, logPath, recordsOf } from "../support/build-log.ts";
import { openProject } from "../support/open-project.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, say, simpleScript, write } from "../support/project.ts";

const IDS = ["api", "ui", "docs"];

/** A coder that can be asked any number of times; `delayMs` holds its second reply back. */
const endless = (delayMs: number): string =>
  stringify({
    version: 1,
    match: [
      { when: { seat: "guard" }, reply: approve },
      {
        when: { contains: '"ok":true' },
        reply: { ...(say("Done.") as object), delayMs },
      },
      ...IDS.map((card) => ({
        when: { card },
        reply: write(`src/engines/${card}_engine.ts`, "1\n"),
      })),
    ],
  });

async function project(context: TestContext, delayMs: number) {
  const made = await makeProject({
    "model/core/epics/work.yaml": epicFile(IDS.map((id) => ({ id }))),
    "script.yaml": endless(delayMs),
  });
  context.after(made.remove);
  return made.dir;
}

test("R-60 a build's log holds every event of its build in order, each with its ids, and none of another build", async (context) => {
  const rock = {
    name: "The rock",
    epics: ["one", "two"].map((epic) => ({ epic, department: "core" })),
  };
  const made = await makeProject({
    "model/core/epics/one.yaml": epicFile([{ id: "api" }]),
    "model/core/epics/two.yaml": epicFile([{ id: "ui" }]),
    "model/core/rocks/stone.yaml": rock,
    "script.yaml": stringify(simpleScript(["api", "ui"])),
  });
  context.after(made.remove);
  const ended = await runOrket(["run", "stone"], { cwd: made.dir });
  assert.equal(ended.code, 0, ended.err);
  for (const build of ["stone", "stone/one", "stone/two"]) {
    const records = recordsOf(made.dir, build);
    assert.ok(records.length > 1, build);
    assert.deepEqual(records, await eventsOf(made.dir, build));
    assert.deepEqual([...new Set(records.map((record) => record.build))], [build]);
  }
  const turns = recordsOf(made.dir, "stone/two").filter(({ type }) => type.startsWith("turn-"));
  assert.ok(turns.length > 0);
  for (const { run, card, turn } of turns)
    assert.ok(run !== null && card === "ui" && turn !== null);
  assert.equal(statSync(logPath(made.dir, "stone/one")).mode & 0o077, 0, "nobody else reads it");
});

test("R-60 the log is complete and without duplicates after kill -9 and resume, also when its last line is torn", async (context) => {
  const dir = await project(context, 60_000);
  const running = startOrket(["run", "work", "--json"], { cwd: dir });
  await running.says('"tool-finished"');
  running.signal("SIGKILL");
  const { out } = await running.ended;
  const { run = "" } = JSON.parse(out.split("\n")[0] ?? "") as { run?: string };
  // As a crash in the middle of a write leaves it, and as one before any write does.
  if (existsSync(logPath(dir, "build-work"))) {
    const { size } = statSync(logPath(dir, "build-work"));
    truncateSync(logPath(dir, "build-work"), size - 7);
  } else {
    mkdirSync(dirname(logPath(dir, "build-work")), { recursive: true });
    writeFileSync(logPath(dir, "build-work"), '{"seq":1,"at":"20');
  }
  writeFileSync(`${dir}/script.yaml`, endless(0));
  const resumed = await runOrket(["resume", run], { cwd: dir });
  assert.equal(resumed.code, 0, resumed.err);
  const records = recordsOf(dir, "build-work");
  assert.deepEqual(records, await eventsOf(dir, "build-work"));
  assert.ok(records.some(({ type }) => type === "run-continued"));
});

test("R-60 a second run adds to the log and wipes nothing, and brings what a person did in between", async (context) => {
  const dir = await project(context, 0);
  assert.equal((await runOrket(["run", "work"], { cwd: dir })).code, 0);
  const before = readFileSync(logPath(dir, "build-work"), "utf8");
  const moved = await runOrket(["cards", "comment", "api", "Well done."], { cwd: dir });
  assert.equal(moved.code, 0, moved.err);
  assert.equal((await runOrket(["run", "work", "--restart"], { cwd: dir })).code, 0);
  const after = readFileSync(logPath(dir, "build-work"), "utf8");
  assert.ok(after.startsWith(before) && after.length > before.length);
  const records = recordsOf(dir, "build-work");
  assert.deepEqual(records, await eventsOf(dir, "build-work"));
  assert.ok(records.some(({ type, actor }) => type === "card-commented" && actor !== "engine"));
});

test("R-60 a deleted log is written again from the table, and lines of somebody else stay where they are", async (context) => {
  const dir = await project(context, 0);
  assert.equal((await runOrket(["run", "work"], { cwd: dir })).code, 0);
  rmSync(logPath(dir, "build-work"));
  assert.equal((await runOrket(["run", "work", "--restart"], { cwd: dir })).code, 0);
  assert.deepEqual(recordsOf(dir, "build-work"), await eventsOf(dir, "build-work"));
  appendFileSync(logPath(dir, "build-work"), "a note of mine\n");
  assert.equal((await runOrket(["run", "work", "--restart"], { cwd: dir })).code, 0);
  const lines = readFileSync(logPath(dir, "build-work"), "utf8").trimEnd().split("\n");
  const records = lines.filter((line) => line !== "a note of mine").map((line) => JSON.parse(line));
  assert.equal(lines.length, records.length + 1);
  assert.deepEqual(records, await eventsOf(dir, "build-work"));
});

test("R-60 a log that cannot be written fails no run, and is warned of once", async (context) => {
  const dir = await project(context, 0);
  mkdirSync(logPath(dir, "build-work"), { recursive: true });
  const ended = await runOrket(["run", "work"], { cwd: dir });
  assert.equal(ended.code, 0, ended.err);
  const lines = readFileSync(`${dir}/.orket/process.jsonl`, "utf8").trimEnd().split("\n");
  const warnings = lines.filter((line) => line.includes("build log not written"));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /"run":"run-\w+"/);
  rmSync(logPath(dir, "build-work"), { recursive: true });
  assert.equal((await runOrket(["run", "work", "--restart"], { cwd: dir })).code, 0);
  assert.deepEqual(recordsOf(dir, "build-work"), await eventsOf(dir, "build-work"));
});

test("R-60 two runs at the same time on one project each keep their own log whole", async (context) => {
  const made = await makeProject({
    "model/core/epics/one.yaml": epicFile([{ id: "api" }]),
    "model/core/epics/two.yaml": epicFile([{ id: "ui" }]),
    "script.yaml": stringify(simpleScript(["api", "ui"])),
  });
  context.after(made.remove);
  const ended = await Promise.all(
    ["one", "two"].map(async (card) => runOrket(["run", card], { cwd: made.dir })),
  );
  assert.deepEqual(
    ended.map(({ code }) => code),
    [0, 0],
  );
  for (const build of ["build-one", "build-two"])
    assert.deepEqual(recordsOf(made.dir, build), await eventsOf(made.dir, build));
});

test("R-60 a log that tells of events the database never had is put aside", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
  });
  mkdirSync(dirname(logPath(engine.dir, "build-work")), { recursive: true });
  writeFileSync(logPath(engine.dir, "build-work"), '{"seq":100000,"type":"run-ended"}\n');
  await engine.run({ card: "work" });
  const text = readFileSync(logPath(engine.dir, "build-work"), "utf8");
  const records = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(records, await eventsOf(engine.dir, "build-work"));
  assert.match(readFileSync(`${logPath(engine.dir, "build-work")}.1`, "utf8"), /100000/);
});

test("R-60 clearing the logs begins new files, keeps the events, and says who did it", async (context) => {
  const scene = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
  });
  await scene.run({ card: "work" });
  const before = await eventsOf(scene.dir, "build-work");
  assert.deepEqual(await clearLogs(scene.engine, "ada"), ["build-work"]);
  assert.ok(!existsSync(logPath(scene.dir, "build-work")));
  assert.deepEqual(await eventsOf(scene.dir, "build-work"), before);
  const [cleared] = await scene.engine.store.read(async ({ events }) =>
    events.list({ types: ["log-cleared"], limit: 2 }),
  );
  assert.deepEqual([cleared?.actor, cleared?.data], ["human:ada", { builds: ["build-work"] }]);
  await scene.run({ card: "work", restart: true });
  const records = recordsOf(scene.dir, "build-work");
  assert.deepEqual(records, await eventsOf(scene.dir, "build-work"));
});
