// Sums of what turns used, and how they are said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetLines, pricedAs, sumsBy } from "./cost-sums.ts";

const turn = (card: string, inputTokens: number, costUsd: number) => ({
  card,
  seat: "coder",
  model: "m",
  usage: { inputTokens, outputTokens: 0, costUsd },
});

test("what used most comes first, and the shares make one whole", () => {
  const sums = sumsBy(
    [turn("a", 10, 0), turn("b", 60, 0.5), turn("a", 30, 0.5)],
    (one) => one.card,
  );
  assert.deepEqual(
    sums.map(({ name, turns, share, unpriced }) => [name, turns, share, unpriced]),
    [
      ["b", 1, 0.6, 0],
      ["a", 2, 0.4, 1],
    ],
  );
});

test("a price that is not known is said, and no amount is drawn as nothing", () => {
  const priced = (turns: ReturnType<typeof turn>[]) =>
    sumsBy(turns, () => "all").map(pricedAs)[0] ?? "";
  assert.equal(priced([turn("a", 10, 0)]), "no price known");
  assert.equal(priced([turn("a", 0, 0)]), "none yet");
  assert.match(priced([turn("a", 10, 0), turn("a", 10, 1)]), /1\.00.*no price known of 1 of 2/);
});

test("each limit stands beside its amount, and none is said in words", () => {
  const run = {
    usage: { inputTokens: 400_000, outputTokens: 12_000, costUsd: 0 },
    budget: { tokensMax: 500_000, costUsdMax: null, minutesMax: 2, turnsMax: null },
    activeMs: 60_000,
    turns: 3,
  };
  const lines = budgetLines(run, undefined);
  assert.deepEqual(
    lines.map(({ text, share }) => [text, share]),
    [
      ["412K of 500K", 0.824],
      ["none yet, no limit", null],
      ["1:00 of 2:00", 0.5],
      ["3, no limit", null],
    ],
  );
});
