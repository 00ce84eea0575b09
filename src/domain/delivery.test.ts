// Deliveries: which wait for work, what is worked on one at a time, and when a failed one is tried again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTEMPTS_MAX, AWAITED_EVENTS, isAwaited, laneOf, waitAfter } from "./delivery.ts";

test("every event of pull requests, pushes and statuses is waited for, and no other", () => {
  for (const event of AWAITED_EVENTS) assert.equal(isAwaited(event), true);
  for (const event of ["issues", "issue_comment", "pull_request_label", "pull_request_review", ""])
    assert.equal(isAwaited(event), false, event);
});

test("a lane is a pull request of a repository; the same number elsewhere is another", () => {
  const lanes = [
    laneOf({ repository: { id: 7, fullName: "a/b" }, pullRequest: 12 }),
    laneOf({ repository: { id: 71, fullName: "a/b" }, pullRequest: 2 }),
    laneOf({ repository: { id: 7, fullName: "a/b" }, pullRequest: null }),
    laneOf({ repository: null, pullRequest: null }),
  ];
  assert.deepEqual(lanes, ["7/12", "71/2", "7/none", "none/none"]);
  assert.equal(laneOf({ repository: { id: 7, fullName: "renamed" }, pullRequest: 12 }), lanes[0]);
});

test("each wait is longer than the one before, up to ten minutes, and the last attempt has none", () => {
  const waits = Array.from({ length: ATTEMPTS_MAX }, (_, place) => waitAfter(place + 1));
  assert.deepEqual(waits, [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, null]);
  assert.equal(waitAfter(0), 5000);
  assert.equal(waitAfter(99), null);
});
