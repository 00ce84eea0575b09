// The sliding minute: how many, how long to wait, and that names do not pile up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRateLimit } from "./rate-limit.ts";

const limitOf = (perMinute: number, namesMax = 10) => {
  const clock = { ms: 5 };
  const limit = createRateLimit({ perMinute, namesMax, nowMs: () => clock.ms });
  return { clock, take: limit.take };
};

test("R-40 refuses the one too many, says how long to wait, and lets it in after that", () => {
  const { clock, take } = limitOf(3);
  assert.deepEqual([take("a"), take("a"), take("a")], [null, null, null]);
  assert.equal(take("a"), 60);
  clock.ms += 59_500;
  assert.equal(take("a"), 1);
  clock.ms += 500;
  assert.equal(take("a"), null);
});

test("a refused one does not count, and the minute slides", () => {
  const { clock, take } = limitOf(2);
  take("a");
  clock.ms += 40_000;
  take("a");
  for (let again = 0; again < 5; again += 1) assert.equal(take("a"), 20);
  clock.ms += 20_000;
  assert.equal(take("a"), null);
  assert.equal(take("a"), 40);
});

test("each name has its own count, and the quietest goes when there are too many", () => {
  const { take } = limitOf(1, 2);
  assert.deepEqual([take("a"), take("b")], [null, null]);
  assert.equal(take("a"), 60);
  assert.equal(take("c"), null);
  assert.equal(take("a"), 60);
  assert.equal(take("b"), null);
});
