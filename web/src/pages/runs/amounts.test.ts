// Amounts as a page shows them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { costOf, durationOf, tokensOf } from "./amounts.ts";

test("a price that is not known is said, and never nothing", () => {
  const usage = { inputTokens: 1500, outputTokens: 20, costUsd: 0 };
  assert.equal(costOf(usage), "no price known");
  assert.equal(costOf({ ...usage, inputTokens: 0 }), "none yet");
  assert.match(costOf({ ...usage, costUsd: 1.5 }), /1[.,]50/);
  assert.match(costOf({ ...usage, costUsd: 0.0004 }), /^under .*0[.,]01/);
  assert.match(tokensOf(usage), /^1[.,]5K \/ 20$/i);
});

test("how long is said in the largest parts that are needed", () => {
  assert.deepEqual([0, 59_999, 60_000, 3_723_000].map(durationOf), [
    "0 s",
    "59 s",
    "1:00",
    "1:02:03",
  ]);
});
