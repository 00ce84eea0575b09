// What the memory costs a turn: while a project has none, one look whether it has; then one search by the index.
import assert from "node:assert/strict";
import type { SQLInputValue } from "node:sqlite";
import { test } from "node:test";
import { newMemory, newRun, newTurn } from "../../test/support/store-records.ts";
import { createSystemClock } from "../adapters/clock/system.ts";
import { createSqliteStore, openSqliteDatabase } from "../adapters/store/sqlite.ts";
import { recall } from "./recall.ts";

test("a card asks the full-text index once, and not at all while nothing is remembered", async (context) => {
  const options = { path: ":memory:", clock: createSystemClock() };
  const database = await openSqliteDatabase(options);
  const asked: string[] = [];
  const prepare = database.prepare.bind(database);
  database.prepare = (text) => {
    const statement = prepare(text);
    if (!/^select .*memor/.test(text)) return statement;
    const all = statement.all.bind(statement);
    // All statements bind their values by place.
    statement.all = (...values: unknown[]) => {
      asked.push(text.includes("memory_index") ? "search" : "look");
      return all(...(values as SQLInputValue[]));
    };
    return statement;
  };
  const store = createSqliteStore(database, options);
  context.after(async () => store.close());
  const ask = async () =>
    store.read(async (transaction) =>
      recall(transaction, { summary: "The storage" }, { note: "and its format" }),
    );
  assert.deepEqual(await ask(), []);
  assert.deepEqual(await ask(), []);
  assert.deepEqual(asked.splice(0), ["look", "look"]);
  await store.transaction(async ({ runs, turns, memories }) => {
    await runs.insert(newRun("run-1"), {});
    await turns.insert(newTurn("turn-1"), []);
    await memories.add(newMemory("storage"));
  });
  assert.equal((await ask()).length, 1);
  assert.equal((await ask()).length, 1);
  assert.deepEqual(asked, ["look", "search", "search"]);
});
