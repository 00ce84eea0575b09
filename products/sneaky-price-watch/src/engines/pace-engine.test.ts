// Chance keeps within its bounds, rests double up to a day, and a site's own wish counts within reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRetryAfter, restMs, spreadMs } from "./pace-engine.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

test("a poll comes within 15 % of its time, to either side", () => {
  assert.deepEqual(
    [0, 0.5, 1 - Number.EPSILON].map((chance) => spreadMs(100_000, () => chance)),
    [85_000, 100_000, 115_000],
  );
});

test("a rest doubles with each refusal, up to a day", () => {
  assert.deepEqual(
    [1, 2, 3, 7, 8, 5000].map((refusals) => restMs(refusals, null) / MINUTE_MS),
    [15, 30, 60, 960, 1440, 1440],
  );
});

test("Retry-After lengthens a rest, up to a week, and never shortens it", () => {
  assert.equal(restMs(1, 3_600_000), 3_600_000);
  assert.equal(restMs(1, 1000), 15 * MINUTE_MS);
  assert.equal(restMs(1, 1e15), 7 * DAY_MS);
});

test("Retry-After is read in both of its forms, and nonsense is none", () => {
  const now = Date.UTC(2026, 0, 1);
  assert.equal(parseRetryAfter("120", now), 120_000);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:02:00 GMT", now), 120_000);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  assert.equal(parseRetryAfter("soon", now), null);
  assert.equal(parseRetryAfter(null, now), null);
  fc.assert(fc.property(fc.string(), (text) => (parseRetryAfter(text, now) ?? 0) >= 0));
});
