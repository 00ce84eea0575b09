// Somebody edits the event log behind the engine's back: the check names the first event that is not as it was.
import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { newEvent } from "../../../test/support/store-records.ts";
import type { ChainCheck, Store } from "../../ports/store.ts";
import { createSqliteStore, openSqliteDatabase } from "./sqlite.ts";

const clock = { now: () => 1_700_000_000_000, monotonic: () => 0, sleep: async () => undefined };
const EVENTS = 2100;

async function openLog(
  context: TestContext,
  count: number,
): Promise<{ readonly database: DatabaseSync; readonly store: Store }> {
  const database = await openSqliteDatabase({ path: ":memory:", clock });
  const store = createSqliteStore(database, { path: ":memory:", clock });
  context.after(async () => store.close());
  const events = Array.from({ length: count }, (_, number) =>
    newEvent({ run: "run-1", card: `A-${number}`, data: { number } }),
  );
  await store.transaction(async (transaction) => transaction.events.append(events));
  assert.deepEqual(
    database.prepare("SELECT count(*) AS count FROM events").get()?.["count"],
    count,
  );
  return { database, store };
}

const WITHOUT_TRIGGERS = `DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_not_removed;
  DROP TRIGGER event_head_only_rises; DROP TRIGGER event_head_stays;`;

test("an event cannot be changed or removed while the triggers are there", async (context) => {
  const { database, store } = await openLog(context, 3);
  for (const sql of [
    "UPDATE events SET actor = 'x' WHERE seq = 2",
    "UPDATE events SET seq = 9 WHERE seq = 2",
    "DELETE FROM events WHERE seq = 3",
    "DELETE FROM events",
    "UPDATE event_head SET seq = 2",
    "UPDATE event_head SET hash = 'x'",
    "DELETE FROM event_head",
  ]) {
    assert.throws(() => database.exec(sql), /never|only/, sql);
  }
  assert.equal((await store.verifyChain()).valid, true);
});

const swap = (one: number, two: number): string =>
  `UPDATE events SET seq = -1 WHERE seq = ${one}; UPDATE events SET seq = ${one} WHERE seq = ${two};
   UPDATE events SET seq = ${two} WHERE seq = -1`;

const change = (column: string, value: string, seq: number): string =>
  `UPDATE events SET ${column} = ${value} WHERE seq = ${seq}`;

const TAMPERINGS: readonly (readonly [what: string, sql: string, seq: number, problem: RegExp])[] =
  [
    ["one digit of the data", change("data", `'{"number":7}'`, 7), 7, /was changed/],
    ["a space in the data", change("data", `'{"number": 6}'`, 7), 7, /was changed/],
    ["data that is not JSON any more", change("data", "'{'", 7), 7, /was changed/],
    ["the actor", change("actor", "'human:eve'", 1), 1, /was changed/],
    ["the time", change("at", "'2020-01-01T00:00:00.000Z'", EVENTS), EVENTS, /was changed/],
    ["the type", change("type", "'card-archived'", 1001), 1001, /was changed/],
    ["the run taken away", change("run", "NULL", 4), 4, /was changed/],
    ["a build added", change("build", "''", 4), 4, /was changed/],
    ["the card", change("card", "'A-1'", 4), 4, /was changed/],
    ["the hash of an event", change("hash", "'00'", 4), 4, /was changed/],
    ["the hash before it", change("prev_hash", "'00'", 4), 4, /moved or replaced/],
    ["a row in the middle gone", "DELETE FROM events WHERE seq = 5", 5, /is missing/],
    ["the first row gone", "DELETE FROM events WHERE seq = 1", 1, /is missing/],
    [
      "many rows gone, over more than a page",
      "DELETE FROM events WHERE seq BETWEEN 500 AND 1900",
      500,
      /is missing/,
    ],
    [
      "the last row gone",
      `DELETE FROM events WHERE seq = ${EVENTS}`,
      EVENTS,
      /is missing: the log went on to event 2100/,
    ],
    ["the tail gone", "DELETE FROM events WHERE seq > 1000", 1001, /is missing/],
    ["everything gone", "DELETE FROM events", 1, /is missing/],
    ["two neighbours swapped", swap(3, 4), 3, /moved or replaced/],
    ["two far ones swapped", swap(10, 2000), 10, /moved or replaced/],
    [
      "a row put in twice",
      `DELETE FROM events WHERE seq = 9; INSERT INTO events SELECT 9, at, type, run, build, card, turn,
    actor, data, prev_hash, hash FROM events WHERE seq = 8`,
      9,
      /moved or replaced/,
    ],
    [
      "a gap closed by renumbering",
      "DELETE FROM events WHERE seq = 5; UPDATE events SET seq = seq - 1 WHERE seq > 5",
      5,
      /moved or replaced/,
    ],
    [
      "an event added at the end",
      `INSERT INTO events SELECT ${EVENTS + 1}, at, type, run, build, card, turn, actor, data,
    prev_hash, hash FROM events WHERE seq = 1`,
      EVENTS + 1,
      /moved or replaced/,
    ],
    [
      "an event before the first",
      `INSERT INTO events SELECT 0, at, type, run, build, card, turn, actor, data, prev_hash, hash
    FROM events WHERE seq = 1`,
      0,
      /was added/,
    ],
    [
      "the end of the log forgotten",
      "DELETE FROM event_head",
      EVENTS + 1,
      /record of the log's end is gone/,
    ],
    ["the end of the log set back", "UPDATE event_head SET seq = 50", 51, /was added/],
    [
      "the end of the log with another hash",
      "UPDATE event_head SET hash = 'x'",
      EVENTS,
      /is not the last one/,
    ],
  ];

for (const [what, sql, seq, problem] of TAMPERINGS) {
  test(`verify finds ${what}`, async (context) => {
    const { database, store } = await openLog(context, EVENTS);
    database.exec(WITHOUT_TRIGGERS);
    database.exec(sql);
    const check = (await store.verifyChain()) as Extract<ChainCheck, { valid: false }>;
    assert.equal(check.valid, false);
    assert.equal(check.seq, seq, check.problem);
    assert.match(check.problem, problem);
  });
}

test("verify finds an event that was replaced together with its own hash at the event after it", async (context) => {
  const { database, store } = await openLog(context, 5);
  const { database: other } = await openLog(context, 2);
  database.exec(WITHOUT_TRIGGERS);
  other.exec(WITHOUT_TRIGGERS);
  // A whole event 2 of another log: consistent in itself, and it follows the same event 1.
  const foreign = await (async () => {
    const forged = await openSqliteDatabase({ path: ":memory:", clock });
    const log = createSqliteStore(forged, { path: ":memory:", clock });
    context.after(async () => log.close());
    const data = [{ number: 0 }, { number: 666 }];
    const events = data.map((one, number) =>
      newEvent({ run: "run-1", card: `A-${number}`, data: one }),
    );
    return (await log.transaction(async (transaction) => transaction.events.append(events)))[1];
  })();
  assert.ok(foreign !== undefined);
  database
    .prepare("UPDATE events SET data = ?, hash = ? WHERE seq = 2")
    .run('{"number":666}', foreign.hash);
  assert.deepEqual(await store.verifyChain(), {
    valid: false,
    seq: 3,
    problem: "Event 3 does not follow the event before it: one of the two was replaced.",
  });
});

test("a log whose end is not recorded takes no more events", async (context) => {
  const { database, store } = await openLog(context, 2);
  database.exec(`${WITHOUT_TRIGGERS} DELETE FROM event_head`);
  await assert.rejects(
    store.transaction(async ({ events }) => events.append([newEvent()])),
    { code: "STORE_CORRUPT" },
  );
});
