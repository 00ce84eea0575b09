// The mark that an errand leaves behind, and how long it waits after failing.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewErrand } from "./pull-request-errand.ts";
import { errandWaitMs, markOf } from "./pull-request-errand.ts";

const ERRAND: NewErrand = {
  repository: 7,
  number: 12,
  round: 2,
  kind: "escalation-comment",
  about: "",
  facts: {},
};

test("the mark of an errand tells it from those of other rounds, kinds and subjects", () => {
  assert.equal(markOf(ERRAND), "<!-- orket:escalation-comment:7/12:2 -->");
  assert.equal(
    markOf({ ...ERRAND, kind: "deployment", about: "abc" }),
    "<!-- orket:deployment:7/12:2:abc -->",
  );
});

test("a failed errand waits twice as long each time, and never longer than ten minutes", () => {
  assert.deepEqual([0, 1, 2, 3].map(errandWaitMs), [5000, 5000, 10_000, 20_000]);
  assert.equal(errandWaitMs(8), 600_000);
  assert.equal(errandWaitMs(Number.MAX_SAFE_INTEGER), 600_000);
});
