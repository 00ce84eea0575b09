// The table of system.md 6.4, row by row.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EvaluateInput } from "../domain/decision.ts";
import type { TurnEnd } from "../domain/verdict.ts";
import { checkNodeAnswer } from "./check-answer.ts";
import { evaluate } from "./evaluate.ts";

const ENDS: readonly TurnEnd[] = [
  "answered",
  "move-staged",
  "step-limit",
  "no-usable-reply",
  "no-decision",
  "loop-detected",
  "denied-too-often",
  "violation",
  "provider-failed",
  "failed",
  "budget",
  "card-budget",
  "effect-unverified",
  "aborted",
];
const input = (end: TurnEnd, rest: Partial<EvaluateInput> = {}): EvaluateInput => ({
  end,
  kind: "work",
  card: { id: "card-1", status: "in_progress", cycle: 0, retryCount: 0, retriesMax: 3 },
  successfulWrites: 0,
  staged: null,
  detail: "words",
  ...rest,
});

test("a staged move is committed", () => {
  for (const kind of ["work", "review"] as const) {
    assert.deepEqual(evaluate(input("move-staged", { kind, staged: "done" })), { kind: "commit" });
    assert.deepEqual(evaluate(input("answered", { kind, staged: "done" })), { kind: "commit" });
    assert.deepEqual(evaluate(input("step-limit", { kind, staged: "done" })), { kind: "commit" });
  }
});

test("R-11 finished work without a move goes on to review", () => {
  assert.deepEqual(evaluate(input("answered", { successfulWrites: 1 })), { kind: "promote" });
});

test("work that ran out of steps is kept, and its card stays where it is", () => {
  assert.deepEqual(evaluate(input("step-limit", { successfulWrites: 1 })), { kind: "commit" });
});

test("a turn that wrote nothing and moved nothing failed", () => {
  for (const end of ["answered", "step-limit"] as const) {
    assert.deepEqual(evaluate(input(end)), {
      kind: "retry",
      reason: "The turn wrote nothing and moved nothing. words",
    });
  }
});

test("R-11 a reviewer without a decision blocks the card for review", () => {
  for (const end of ["answered", "step-limit", "no-decision"] as const) {
    const answer = evaluate(input(end, { kind: "review", successfulWrites: 5 }));
    assert.deepEqual(answer, {
      kind: "block",
      reason: "review",
      detail: "The reviewer ended without a decision. words",
    });
  }
});

test("violations and too many denials are violations", () => {
  for (const end of ["violation", "denied-too-often"] as const)
    assert.deepEqual(evaluate(input(end, { staged: "done", successfulWrites: 9 })), {
      kind: "violation",
      detail: "words",
    });
});

test("a card over its budget waits for somebody to give it more", () => {
  assert.deepEqual(evaluate(input("card-budget", { successfulWrites: 5 })), {
    kind: "block",
    reason: "resource",
    detail: "words",
  });
});

test("a card with a call nobody can vouch for waits for a person", () => {
  assert.deepEqual(evaluate(input("effect-unverified", { successfulWrites: 5 })), {
    kind: "block",
    reason: "input",
    detail: "words",
  });
});

test("R-13 every other failure is tried again, and drops what was staged", () => {
  for (const end of [
    "no-usable-reply",
    "loop-detected",
    "provider-failed",
    "failed",
    "budget",
    "aborted",
  ] as const)
    assert.deepEqual(evaluate(input(end, { staged: "done", successfulWrites: 9 })), {
      kind: "retry",
      reason: "words",
    });
});

test("every end gives an answer of the schema, also without words and with far too many", () => {
  for (const end of ENDS) {
    for (const kind of ["work", "review"] as const) {
      for (const detail of ["", "   ", "x".repeat(1_000_000)]) {
        const facts = input(end, { kind, detail });
        assert.equal(checkNodeAnswer("evaluate", evaluate(facts), facts), null, `${end} ${kind}`);
      }
    }
  }
  assert.deepEqual(evaluate(input("failed", { detail: " " })), {
    kind: "retry",
    reason: "The turn ended: failed.",
  });
});
