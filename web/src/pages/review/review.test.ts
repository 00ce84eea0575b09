// The steps and conditions of a pull request, held against the rules that they show.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MERGE_CAUSES } from "../../../../src/domain/merge-gate.ts";
import { needsPerson } from "../reviews/look.ts";
import { CONDITIONS, conditionsOf } from "./conditions.ts";
import { stepsOf } from "./steps.ts";

const LIMITS = { escalation: 3, rejection: 4 };
const OPEN = { cycles: 0, isEscalated: false, isRejecting: false, state: "active" as const };
const kinds = (change: Partial<typeof OPEN>) =>
  stepsOf({ ...OPEN, ...change }, LIMITS).map(({ kind, isNow }) => `${kind}${isNow ? "!" : ""}`);

test("each time of being sent back is a step, up to the limit", () => {
  assert.deepEqual(kinds({}), ["open", "open", "will-escalate", "will-reject"]);
  assert.deepEqual(kinds({ cycles: 3, isEscalated: true }), [
    "changes",
    "changes",
    "escalated!",
    "will-reject",
  ]);
  assert.deepEqual(kinds({ cycles: 4, isEscalated: true, isRejecting: true }).slice(2), [
    "escalated",
    "rejected!",
  ]);
  // The limit was lowered meanwhile.
  assert.equal(stepsOf({ ...OPEN, cycles: 6 }, LIMITS).length, 6);
});

test("every reason against a merge belongs to one condition", () => {
  const causes = CONDITIONS.flatMap((condition) => condition.causes);
  assert.deepEqual(causes.toSorted(), [...MERGE_CAUSES].toSorted());
});

test("what is missing stands first, with its reasons", () => {
  const [first, second] = conditionsOf([{ cause: "not-verified", detail: "none" }]);
  assert.deepEqual(first, { word: "Its own verification passed for this head", details: ["none"] });
  assert.deepEqual(second?.details, []);
  assert.deepEqual(conditionsOf([{ cause: "forge-refused", detail: "no" }])[0], {
    word: "forge-refused",
    details: ["no"],
  });
});

test("a person is needed where only a person takes the reason away", () => {
  const review = { state: "active" as const, isEscalated: false, refusals: [] };
  const against = (cause: string) => ({ ...review, refusals: [{ cause, detail: "" }] });
  assert.equal(needsPerson(review), false);
  assert.equal(needsPerson({ ...review, isEscalated: true }), true);
  assert.equal(needsPerson(against("approvals-missing")), true);
  assert.equal(needsPerson(against("status-not-green")), false);
  assert.equal(needsPerson({ ...against("approvals-missing"), state: "closed" }), false);
});
