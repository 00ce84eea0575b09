// An old project taken over in this process: what becomes of its rows in the store, and what is refused.
import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { importFrom } from "../../src/assemble-import.ts";
import { makeOldProject, OLD_TABLES, survey } from "../support/old-project.ts";
import { openTestEngine } from "../support/project.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function openScene(context: TestContext, sql: string | null = OLD_TABLES) {
  const old = await makeOldProject(context, sql);
  const dir = await tempFolder(context);
  const project = await openTestEngine(dir);
  context.after(project.close);
  const take = async (executes = true, database: string | null = null, source = old) =>
    importFrom({ engine: project.engine, dir }, { source, database, executes, person: "ada" });
  const cards = async () =>
    project.engine.store.read(async (read) => read.cards.list({ kind: "issue" }));
  return { old, dir, project, take, cards };
}

test("cards come with state, comments and history, in the build that a run would use", async (context) => {
  const { old, take, cards, project } = await openScene(context);
  const before = survey(old);
  assert.ok((await take(false)).ok);
  assert.deepEqual(await cards(), [], "it was only shown");
  const done = await take();
  assert.ok(done.ok, JSON.stringify(done));
  const [first, second, third, fourth] = (await cards()).toSorted((one, other) =>
    one.id.localeCompare(other.id),
  );
  assert.deepEqual(
    [first?.build, first?.status, first?.verified, first?.retryCount, first?.createdAt],
    ["build-work", "done", false, 1, "2026-02-03T04:05:06.000Z"],
  );
  assert.equal(second?.status, "ready");
  assert.deepEqual([third?.status, third?.waitReason], ["blocked", "system"]);
  assert.deepEqual([fourth?.id, fourth?.status], ["A-4", "ready"]);
  const { store } = project.engine;
  const told = await store.read(async ({ comments, events }) => ({
    comments: await comments.list("build-work", "A-1", 10),
    events: await events.list({ types: ["card-imported", "project-imported"], limit: 10 }),
  }));
  assert.equal(told.comments[0]?.author, "agent:coder");
  assert.deepEqual(
    told.events.map(({ type, card = "" }) => `${type} ${card}`),
    ["card-imported A-1", "card-imported A-2", "card-imported A-3", "project-imported "],
  );
  assert.match(JSON.stringify(told.events[0]?.data), /guard: Set Status to 'done'/);
  assert.ok((await store.verifyChain()).valid);
  assert.deepEqual(survey(old), before);
  const again = await take();
  assert.ok(again.ok);
  assert.deepEqual([again.value.cards.taken, again.value.cards.kept.length], [[], 3]);
});

test("cards of a rock go to the build that the rock would use, and one that is there twice is taken once", async (context) => {
  const sql = OLD_TABLES.replaceAll("'build-work'", "'rock-build-stone'");
  const { old, take, cards } = await openScene(context, sql);
  mkdirSync(join(old, "model/core/rocks"), { recursive: true });
  const rock = {
    summary: "Stone",
    description: "d",
    epics: [{ epic: "work", department: "core" }],
  };
  writeFileSync(join(old, "model/core/rocks/stone.json"), JSON.stringify(rock));
  const database = new DatabaseSync(join(old, "orket_persistence.db"));
  database.exec(
    "INSERT INTO issues (id, build_id, status) VALUES ('a-1', 'rock-build-stone', 'ready')",
  );
  database.exec(
    "INSERT INTO issues (id, build_id, status) VALUES (NULL, 'rock-build-stone', 'ready')",
  );
  database.close();
  const done = await take();
  assert.ok(done.ok, JSON.stringify(done));
  assert.deepEqual([...new Set((await cards()).map(({ build }) => build))], ["stone/work"]);
  const said = done.value.notes.map(({ what, why }) => `${what}: ${why}`).join("\n");
  assert.match(said, /a-1: It is there twice/);
  assert.match(said, /issues: A row has no id/);
});

test("what is no old project, no database or a damaged one is refused, and a link is not followed", async (context) => {
  const { old, take, cards, project } = await openScene(context);
  const code = async (...args: Parameters<typeof take>) => {
    const done = await take(...args);
    return done.ok ? "ok" : done.error.code;
  };
  const empty = await tempFolder(context);
  assert.equal(await code(true, null, join(empty, "gone")), "IMPORT_INVALID");
  assert.equal(await code(true, null, empty), "IMPORT_INVALID");
  assert.equal(await code(true, "gone.db"), "IMPORT_INVALID");
  const path = join(old, "orket_persistence.db");
  for (const content of ["nonsense".repeat(1000), Buffer.alloc(8192)]) {
    writeFileSync(path, content);
    assert.equal(await code(), "IMPORT_INVALID");
  }
  rmSync(path);
  symlinkSync("/etc/passwd", path);
  symlinkSync("/etc/passwd", join(old, "model/core/epics/link.yaml"));
  const done = await take();
  assert.ok(done.ok);
  assert.match(done.value.notes[0]?.why ?? "", /only assets/);
  assert.ok(!done.value.assets.taken.includes("model/core/epics/link.yaml"));
  assert.deepEqual(await cards(), []);
  assert.ok((await project.engine.assets.load()).ok, "what was taken loads here");
});

test("a project whose own assets do not load takes nothing", async (context) => {
  const { dir, take } = await openScene(context);
  mkdirSync(join(dir, "model/core/epics"), { recursive: true });
  writeFileSync(join(dir, "model/core/epics/mine.yaml"), "what: 1\n");
  const done = await take();
  assert.equal(done.ok ? "ok" : done.error.code, "ASSET_INVALID");
});
