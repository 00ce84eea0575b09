// Ids made of time and chance: against the contract, over processes, and with a clock that jumps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testIds } from "../../../test/contract/ids.suite.ts";
import { createRandomIds } from "./random.ts";

testIds("random", () => createRandomIds({ clock: { now: () => 1_800_000_000_123.7 } }));

test("sorts later times behind earlier ones, over processes and up to the year 3000", () => {
  const times = [0, 1, 31, 32, 1_000_000, 1_800_000_000_000, 1_800_000_000_001, 32_503_680_000_000];
  const made = times.map((now) => createRandomIds({ clock: { now: () => now } }).create("card"));
  assert.deepEqual(made.toSorted(), made);
  assert.equal(new Set(made.map((id) => id.length)).size, 1);
});

test("differs between processes that start in the same millisecond", () => {
  const made = Array.from({ length: 2000 }, () =>
    createRandomIds({ clock: { now: () => 5 } }).create("run"),
  );
  assert.equal(new Set(made).size, 2000);
});

test("keeps the order when the clock is set back", () => {
  let now = 1000;
  const ids = createRandomIds({ clock: { now: () => now } });
  const made = [ids.create("a")];
  for (const next of [500, 0, 999, 1000, 1001, -5]) {
    now = next;
    made.push(ids.create("a"));
  }
  assert.deepEqual(made.toSorted(), made);
  assert.equal(new Set(made).size, made.length);
});
