// The SQLite store against the contract, in memory and on disk, and what is its own: durability settings, migrations,
// rows that cannot be read, and how each query finds its rows.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { testStore } from "../../../test/contract/store.suite.ts";
import {
  moveTo,
  newApproval,
  newCard,
  newEvent,
  newMemory,
  newPlanApproval,
  newRun,
  newStep,
  newTurn,
} from "../../../test/support/store-records.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createRedactor, REDACTED } from "../../domain/redact.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { createSqliteStore, openSqliteDatabase, openSqliteStore } from "./sqlite.ts";

function settableClock(): { readonly clock: Clock; readonly setNow: (nowMs: number) => void } {
  let now = Date.parse("2025-01-01T00:00:00.000Z");
  const clock = { now: () => now, monotonic: () => 0, sleep: async () => undefined };
  return { clock, setNow: (nowMs) => (now = nowMs) };
}

const { clock } = settableClock();

testStore("SQLite in memory", async (context) => {
  const time = settableClock();
  const store = await openSqliteStore({ path: ":memory:", clock: time.clock });
  context.after(async () => store.close());
  return { store, setNow: time.setNow };
});

testStore("SQLite on disk", async (context) => {
  const time = settableClock();
  const folder = await tempFolder(context);
  const store = await openSqliteStore({ path: join(folder, "orket.db"), clock: time.clock });
  context.after(async () => store.close());
  return { store, setNow: time.setNow };
});

const insertCard = (store: Store): Promise<boolean> =>
  store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));

test("each commit is on the disk when it returns: write-ahead log, full synchronization, foreign keys", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const database = await openSqliteDatabase({ path, clock });
  context.after(() => database.close());
  const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  assert.equal(pragma("journal_mode"), "wal");
  assert.equal(pragma("synchronous"), 2);
  assert.equal(pragma("foreign_keys"), 1);
});

test("finds everything again after it was closed and opened", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const first = await openSqliteStore({ path, clock });
  await insertCard(first);
  await first.transaction(async ({ events }) => events.append([newEvent()]));
  await first.close();
  const second = await openSqliteStore({ path, clock });
  context.after(async () => second.close());
  assert.equal((await second.read(async ({ cards }) => cards.get("build-a", "A-1")))?.id, "A-1");
  await second.transaction(async ({ events }) => events.append([newEvent()]));
  const check = await second.verifyChain();
  assert.equal(check.valid && check.count, 2);
});

test("reads without writing, and says what is missing", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  await assert.rejects(openSqliteStore({ path, clock, readOnly: true }), { code: "STORE_FAILED" });
  await assert.rejects(openSqliteStore({ path: join(path, "deeper.db"), clock }), {
    code: "STORE_FAILED",
  });
  const writer = await openSqliteStore({ path, clock });
  await insertCard(writer);
  const reader = await openSqliteStore({ path, clock, readOnly: true });
  context.after(async () => reader.close());
  assert.equal((await reader.read(async ({ cards }) => cards.list({}))).length, 1);
  await assert.rejects(insertCard(reader), { code: "PROJECT_READ_ONLY" });
  await writer.transaction(async ({ cards }) => cards.insert(newCard("A-2")));
  assert.equal((await reader.read(async ({ cards }) => cards.list({}))).length, 2);
  await writer.close();
});

test("takes secrets out of an event before it is hashed", async (context) => {
  const redact = createRedactor({ values: ["geheimnis"] });
  const store = await openSqliteStore({ path: ":memory:", clock, redact });
  context.after(async () => store.close());
  const [event] = await store.transaction(async ({ events }) =>
    events.append([newEvent({ data: { token: "hunter2", text: "geheimnis" } })]),
  );
  assert.deepEqual(event?.data, { token: REDACTED, text: REDACTED });
  assert.deepEqual((await store.read(async ({ events }) => events.list({ limit: 1 })))[0], event);
  assert.equal((await store.verifyChain()).valid, true);
});

test("takes secrets out of what a person is asked and answers, and leaves the hash as it was", async (context) => {
  const redact = createRedactor({ values: ["hunter2-hunter2"] });
  const store = await openSqliteStore({ path: ":memory:", clock, redact });
  context.after(async () => store.close());
  const secret = "it is hunter2-hunter2";
  const asked = newPlanApproval("approval-1", {
    arguments: { text: secret, password: "x" },
    payload: { deep: [secret] },
    reason: secret,
  });
  const answer = {
    state: "denied",
    by: "human:me",
    reason: secret,
    at: asked.requestedAt,
  } as const;
  await store.transaction(async ({ approvals }) => {
    await approvals.request(asked);
    await approvals.decide("approval-1", answer);
  });
  const found = await store.read(async ({ approvals }) => approvals.get("approval-1"));
  assert.deepEqual(
    [found?.arguments, found?.payload, found?.reason, found?.decisionReason, found?.argsHash],
    [
      { text: "it is [redacted]", password: "[redacted]" },
      { deep: ["it is [redacted]"] },
      "it is [redacted]",
      "it is [redacted]",
      asked.argsHash,
    ],
  );
});

test("a file that is no database is STORE_CORRUPT, also one with tables of somebody else", async (context) => {
  const folder = await tempFolder(context);
  const text = join(folder, "text.db");
  await writeFile(
    text,
    "this is not a database, although it is long enough to look like something\n".repeat(40),
  );
  await assert.rejects(openSqliteStore({ path: text, clock }), { code: "STORE_CORRUPT" });
  const other = join(folder, "other.db");
  const database = new DatabaseSync(other);
  database.exec("CREATE TABLE recipes (id INTEGER)");
  database.close();
  await assert.rejects(openSqliteStore({ path: other, clock }), { code: "STORE_CORRUPT" });
  await assert.rejects(openSqliteStore({ path: folder, clock }), { code: "PROJECT_READ_ONLY" });
});

test("takes secrets out of a memory before it is cut, so that no half of one is left", async (context) => {
  const secret = "hunter2-hunter2-hunter2";
  const redact = createRedactor({ values: [secret] });
  const store = await openSqliteStore({ path: ":memory:", clock, redact });
  context.after(async () => store.close());
  const [memory] = await store.transaction(async ({ runs, turns, memories }) => {
    await runs.insert(newRun("run-1"), {});
    await turns.insert(newTurn("turn-1"), []);
    await memories.add(newMemory(`${"x".repeat(185)} ${secret} and more`));
    return memories.find(new Set(), 1);
  });
  assert.match(memory?.text ?? "", /xxx \[redacted\] and$/);
});

test("memories and what was forgotten cannot be changed, and the index stays in step with them", async (context) => {
  const { database, store } = await openWithRows(context);
  await store.transaction(async ({ memories }) => memories.forget(1));
  for (const text of [
    "UPDATE memories SET text = 'other'",
    "DELETE FROM memories",
    "UPDATE forgotten_memories SET at = ''",
    "DELETE FROM forgotten_memories",
  ])
    assert.throws(() => database.exec(text), /never changed|never removed|stays forgotten/, text);
  const words = database.prepare("SELECT count(*) AS found FROM memory_index('storage')").get();
  assert.equal(words?.["found"], 0);
});

async function openWithRows(context: { after: (work: () => Promise<void>) => void }) {
  const database = await openSqliteDatabase({ path: ":memory:", clock });
  const store = createSqliteStore(database, { path: ":memory:", clock });
  context.after(async () => store.close());
  await store.transaction(async ({ cards, comments, runs, turns, memories, events }) => {
    await cards.insert(newCard("A-1"));
    await comments.add({ build: "build-a", card: "A-1", author: "engine", text: "x", turn: null });
    await runs.insert(newRun("run-1"), {});
    await runs.saveBuild({
      id: "build-a",
      epic: "a",
      department: "core",
      rock: null,
      workspaceDigest: null,
    });
    await turns.insert(newTurn("turn-1"), [{ role: "user", content: "x" }]);
    await turns.addStep("turn-1", newStep(1, { calls: [{ id: "c", tool: "t", args: {} }] }));
    await turns.finishCall("turn-1", 1, "c", { ok: true });
    await memories.add(newMemory("storage"));
    await events.append([newEvent()]);
  });
  return { database, store };
}

test("a row that cannot be read is STORE_CORRUPT and names its table, key and column", async (context) => {
  const { database, store } = await openWithRows(context);
  database.exec("PRAGMA ignore_check_constraints = ON; DROP TRIGGER events_are_not_changed");
  database.exec("DROP TRIGGER memories_are_not_changed");
  type Read = Parameters<Store["read"]>[0];
  const card: Read = async ({ cards }) => cards.get("build-a", "A-1");
  const run: Read = async ({ runs }) => runs.get("run-1");
  const turn: Read = async ({ turns }) => turns.get("turn-1");
  const steps: Read = async ({ turns }) => turns.steps("turn-1");
  const events: Read = async (transaction) => transaction.events.list({ limit: 5 });
  const table: readonly (readonly [table: string, column: string, value: string, read: Read])[] = [
    ["cards", "status", "'finished'", card],
    ["cards", "kind", "''", card],
    ["cards", "wait_reason", "'boredom'", card],
    ["cards", "depends_on", "'[1]'", card],
    ["cards", "depends_on", "'{}'", card],
    ["cards", "author_seats", "'[\"a'", card],
    ["cards", "verified", "2", card],
    ["cards", "created_at", "'yesterday'", card],
    ["card_briefs", "brief", "'{}'", async ({ cards }) => cards.brief("build-a", "A-1")],
    ["comments", "at", "''", async ({ comments }) => comments.list("build-a", "A-1", 1)],
    ["runs", "status", "'dreaming'", run],
    ["runs", "reason", "'mood'", run],
    ["runs", "builds", "'null'", run],
    ["runs", "epoch", "9007199254740993", run],
    ["run_snapshots", "snapshot", "'[]'", async ({ runs }) => runs.snapshot("run-1")],
    ["turns", "kind", "'nap'", turn],
    ["turns", "started_at", "'x'", turn],
    [
      "turn_prompts",
      "prompt",
      '\'[{"role":"poet","content":""}]\'',
      async ({ turns }) => turns.prompt("turn-1"),
    ],
    ["turn_steps", "calls", "'[{\"id\":1}]'", steps],
    ["turn_calls", "result", "'{\"ok\":false}'", steps],
    ["memories", "at", "'once'", async ({ memories }) => memories.get(1)],
    ["events", "type", "'gossip'", events],
    ["events", "data", "'[]'", events],
    ["events", "data", "'{'", events],
  ];
  for (const [name, column, value, read] of table) {
    const before = database.prepare(`SELECT ${column} AS kept FROM ${name}`).get();
    database.exec(`UPDATE ${name} SET ${column} = ${value}`);
    await assert.rejects(
      store.read(read),
      (error: Error & { code?: string; details?: { table?: string; column?: string } }) => {
        assert.equal(error.code, "STORE_CORRUPT", `${name}.${column}`);
        if (value.length < 16)
          assert.deepEqual([error.details?.table, error.details?.column], [name, column]);
        return true;
      },
    );
    database.prepare(`UPDATE ${name} SET ${column} = ?`).run(before?.["kept"] ?? null);
    await store.read(read);
  }
});

test("no query of the loop looks at more rows than it gives: each finds them by an index", async (context) => {
  const database = await openSqliteDatabase({ path: ":memory:", clock });
  const texts = new Set<string>();
  const prepare = database.prepare.bind(database);
  database.prepare = (text) => {
    texts.add(text);
    return prepare(text);
  };
  const store = createSqliteStore(database, { path: ":memory:", clock });
  context.after(async () => store.close());
  await store.transaction(async ({ runs }) => {
    await runs.insert(newRun("run-1"), {});
    await runs.claim("run-1", "me", 1, 2);
  });
  await store.transaction(everythingTheLoopDoes, { run: "run-1", epoch: 1 });
  assert.ok(texts.size > 50, `${texts.size} statements`);
  for (const text of texts) {
    if (/^(begin|commit|rollback)/.test(text)) continue;
    // The plan holds the search for orphaned turns, which runs only while a foreign key is violated.
    if (text.startsWith('insert into "runs"')) continue;
    const places = Array.from({ length: text.split("?").length - 1 }, () => null);
    for (const { detail } of prepare(`EXPLAIN QUERY PLAN ${text}`).all(...places)) {
      const plan = String(detail);
      if (READS_NO_MORE.test(plan)) continue;
      const scans =
        plan.startsWith("SCAN") && !/^SCAN \d+-ROW VALUES|^SCAN CONSTANT ROW/.test(plan);
      assert.ok(!scans, `${plan}: ${text}`);
    }
  }
});

/** The words that are asked for, what the full-text index has of each (M: by MATCH), the few that were found so, and the
 * newest memories, from the end of their table. */
const READS_NO_MORE =
  /^SCAN (?:word VIRTUAL TABLE INDEX 1:|memory_index VIRTUAL TABLE INDEX \d+:M\d+|found|memories)$/;

async function everythingTheLoopDoes({
  cards,
  comments,
  runs,
  turns,
  memories,
  approvals,
  events,
}: Parameters<Parameters<Store["transaction"]>[0]>[0]) {
  const build = "build-a";
  const usage = { inputTokens: 1, outputTokens: 1, costUsd: 1 };
  await cards.insert(newCard("A-1"));
  await cards.get(build, "A-1");
  await cards.find("A-1");
  await cards.brief(build, "A-1");
  await cards.changedSince(build, 0);
  await cards.list({ build });
  await cards.list({ build, ids: ["A-1"], statuses: ["ready"] });
  await cards.move({ build, id: "A-1", version: 1 }, moveTo("ready", "in_progress"));
  await cards.move(
    { build, id: "A-1", version: 2 },
    moveTo("in_progress", "done", { verified: true, cycle: 0 }),
  );
  await cards.write(build, "A-1", { retryCount: 1, lastError: "x" });
  await cards.define(build, "A-1", {
    ...newCard("A-1"),
    summary: "Other",
    brief: { ...newCard("A-1").brief, note: "n" },
  });
  await cards.lastVerification(build, "A-1");
  await comments.add({ build, card: "A-1", author: "engine", text: "x", turn: null });
  await comments.list(build, "A-1", 10);
  await turns.insert(newTurn("turn-1"), []);
  await turns.get("turn-1");
  await turns.prompt("turn-1");
  await turns.addStep("turn-1", newStep(1, { calls: [{ id: "c", tool: "t", args: {} }] }));
  await turns.steps("turn-1");
  await turns.beginCall("turn-1", 1, "c", null);
  await turns.finishCall("turn-1", 1, "c", { ok: true });
  await turns.addWrite("turn-1", "a.py");
  await turns.uncommittedWrites(build, "A-1");
  await turns.filesOf(build, "A-1", 10);
  await turns.counts({ run: "run-1", build, card: "A-1", seat: "coder" });
  await turns.list({ run: "run-1", statuses: ["live"], limit: 10 });
  await turns.list({ build, card: "A-1", limit: 10 });
  await memories.any();
  await memories.add(newMemory("storage"));
  await memories.find(new Set(["storage"]), 10);
  await memories.find(new Set(), 10);
  await memories.get(1);
  await memories.forget(1);
  await approvals.request(newApproval("approval-1"));
  await approvals.get("approval-1");
  await approvals.list({ turn: "turn-1", limit: 10 });
  await approvals.list({ run: "run-1", limit: 10 });
  await approvals.decide("approval-1", {
    state: "allowed",
    by: "human:me",
    reason: null,
    at: "2025-01-01T00:00:00.000Z",
  });
  await approvals.use("approval-1", "2025-01-01T00:00:00.000Z");
  await turns.finish("turn-1", {
    status: "committed",
    outcome: "x",
    commit: "c",
    at: "2025-01-01T00:00:00.000Z",
  });
  await events.append([newEvent(), newEvent()]);
  await events.lastSeq();
  for (const filter of [{ after: 0 }, { before: 9 }, { run: "r" }, { card: "A-1", before: 9 }]) {
    await events.list({ ...filter, limit: 10 });
  }
  await runs.activeOn([build]);
  await runs.addUsage("run-1", usage, 1);
  await runs.renew("run-1", 1, 5);
  await runs.lease("run-1");
  await runs.snapshot("run-1");
  await runs.list({ build, limit: 5 });
  await runs.saveBuild({
    id: build,
    epic: "a",
    department: "core",
    rock: null,
    workspaceDigest: null,
  });
  await runs.build(build);
  await runs.move("run-1", "queued", "failed", {
    reason: "node",
    detail: null,
    at: "2025-01-01T00:00:00.000Z",
  });
  await runs.move("run-1", "failed", "running", {
    reason: null,
    detail: null,
    at: "2025-01-01T00:00:00.000Z",
  });
  await runs.release("run-1", 1);
}
