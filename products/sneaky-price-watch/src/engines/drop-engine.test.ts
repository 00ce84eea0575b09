// What is a drop, to the last thousandth, and how often it is news.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dropPercentOf, judgePrice, thresholdMilli } from "./drop-engine.ts";

const euros = (amountMilli: number) => ({ amountMilli, currency: "EUR" });
const judge = (baselineMilli: number, alertedMilli: number | null, priceMilli: number): string =>
  judgePrice({ baseline: euros(baselineMilli), alertedMilli, dropPercent: 20 }, euros(priceMilli))
    .kind;

test("the first price locks the baseline", () => {
  const watch = { baseline: null, alertedMilli: null, dropPercent: 20 };
  assert.deepEqual(judgePrice(watch, euros(5)), { kind: "baseline", baseline: euros(5) });
});

test("20 % is a drop, a thousandth less is none", () => {
  assert.equal(judge(100_000, null, 80_000), "drop");
  assert.equal(judge(100_000, null, 80_001), "steady");
  assert.equal(judge(100_000, null, 150_000), "steady");
});

test("an alert is news once; again after a recovery, or for a price as far below it", () => {
  assert.equal(judge(100_000, 80_000, 80_000), "steady");
  assert.equal(judge(100_000, 80_000, 70_000), "steady");
  assert.equal(judge(100_000, 80_000, 64_000), "drop");
  assert.equal(judge(100_000, 80_000, 90_000), "recovered");
});

test("a price of nothing is a drop once, and from nothing there is none", () => {
  assert.equal(judge(100_000, 50_000, 0), "drop");
  assert.equal(judge(100_000, 0, 0), "steady");
  assert.equal(judge(0, null, 0), "steady");
  assert.equal(dropPercentOf(euros(0), euros(0)), 0);
});

test("another currency is not compared", () => {
  const watch = { baseline: euros(100), alertedMilli: null, dropPercent: 20 };
  assert.deepEqual(judgePrice(watch, { amountMilli: 1, currency: "USD" }), {
    kind: "foreign",
    expected: "EUR",
  });
});

test("whatever the amounts, a drop is one by exact arithmetic", () => {
  const amount = fc.integer({ min: 1, max: 10 ** 12 });
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 99 }), (baseline, price, percent) => {
      const isDrop = BigInt(price) * 100n <= BigInt(baseline) * BigInt(100 - percent);
      assert.equal(price <= thresholdMilli(baseline, percent), isDrop);
    }),
  );
});
