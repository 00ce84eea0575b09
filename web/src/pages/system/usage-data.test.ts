// Sums of what runs used: by day, by name, and what is not known of prices.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UsageRun } from "./usage-data.ts";
import { by, byDay, startOf, sumOf } from "./usage-data.ts";

const NOW = new Date(2026, 10, 24, 12).getTime();

const run = (
  daysAgo: number,
  [input, output, costUsd]: readonly number[],
  card = "a",
): UsageRun => ({
  card,
  model: null,
  usage: { inputTokens: input ?? 0, outputTokens: output ?? 0, costUsd: costUsd ?? 0 },
  createdAt: new Date(2026, 10, 24 - daysAgo, 12).toISOString(),
});

test("thirty days end with today, each with its runs, and older ones are left out", () => {
  const days = byDay([run(0, [5, 1]), run(0, [2, 1]), run(29, [7, 0]), run(30, [100, 0])], NOW);
  assert.equal(days.length, 30);
  assert.equal(new Set(days.map(({ name }) => name)).size, 30);
  assert.deepEqual(
    [days[0], days[29]].map((day) => [day?.name, day?.runs, day?.inputTokens, day?.outputTokens]),
    [
      ["2026-10-26", 1, 7, 0],
      ["2026-11-24", 2, 7, 2],
    ],
  );
  assert.equal(
    days.slice(1, 29).every(({ runs }) => runs === 0),
    true,
  );
  assert.equal(new Date(startOf(NOW)).getDate(), 26);
});

test("a run of tokens without a price is counted as such, and adds nothing to the cost", () => {
  const sum = sumOf([run(0, [5, 1, 0.5]), run(0, [5, 1]), run(0, [0, 0])]);
  assert.deepEqual(sum, { runs: 3, inputTokens: 10, outputTokens: 2, costUsd: 0.5, unpriced: 1 });
});

test("by name: most tokens first, then by the name", () => {
  const runs = [run(0, [1, 0], "b"), run(0, [1, 0], "a"), run(1, [3, 0], "c"), run(1, [1, 1], "a")];
  const names = by(runs, ({ card }) => card).map(({ name, runs: count }) => [name, count]);
  assert.deepEqual(names, [
    ["a", 2],
    ["c", 1],
    ["b", 1],
  ]);
});
