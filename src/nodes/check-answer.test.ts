// What a node of the user's own may answer, and what it may not.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import { SEAMS } from "../domain/decision.ts";
import type { Seam } from "../domain/decision.ts";
import { ANSWER_TEXT_MAX, checkNodeAnswer } from "./check-answer.ts";

const INPUT = {
  candidates: [{ id: "a" }, { id: "b" }, { id: "c" }],
  seats: [{ key: "coder" }, { key: "reviewer" }],
};
const check = (seam: Seam, answer: unknown): string | null => checkNodeAnswer(seam, answer, INPUT);

test("answers of the schema pass", () => {
  const good: Readonly<Record<Seam, readonly unknown[]>> = {
    plan: [[], ["b"], ["c", "a", "b"]],
    route: [{ seat: "coder" }, { seat: null, reason: "nobody" }],
    selectModel: [{ model: "ollama:qwen" }, { model: "" }],
    gate: [{ kind: "abstain" }, { kind: "ask", reason: "why" }, { kind: "deny", reason: "no" }],
    evaluate: [
      { kind: "commit" },
      { kind: "promote" },
      { kind: "retry", reason: "again" },
      { kind: "block", reason: "review", detail: "x" },
      { kind: "violation", detail: "x" },
    ],
  };
  for (const seam of SEAMS)
    for (const answer of good[seam])
      assert.equal(check(seam, Object.freeze(answer)), null, `${seam} ${JSON.stringify(answer)}`);
});

test("answers out of the schema are named", () => {
  const long = "x".repeat(ANSWER_TEXT_MAX + 1);
  const bad: Readonly<Record<Seam, readonly (readonly [unknown, RegExp])[]>> = {
    plan: [
      [null, /null, not a list/],
      ["a", /'a', not a list/],
      [{ 0: "a", length: 1 }, /type object, not a list/],
      [["x"], /'x' is no candidate/],
      [["a", "a"], /named twice/],
      [["a", "b", "c", "a"], /more ids/],
      [[5], /type number, which is no card id/],
      [[["a"]], /a list, which is no card id/],
    ],
    route: [
      [undefined, /type undefined, not an object/],
      [[], /a list, not an object/],
      [{ seat: "poet" }, /'poet' is no seat/],
      [{ seat: 5 }, /is no seat/],
      [{}, /is no seat/],
      [{ seat: null }, /reason is missing/],
      [{ seat: null, reason: " " }, /reason is missing/],
      [{ seat: null, reason: long }, /reason is longer/],
      [{ seat: "coder", reason: "x" }, /unknown member reason/],
      [{ seat: "coder", [Symbol("s")]: 1 }, /unknown member Symbol\(s\)/],
    ],
    selectModel: [
      ["ollama:x", /not an object/],
      [{ model: 5 }, /not a short text/],
      [{ model: long }, /not a short text/],
      [{}, /not a short text/],
      [{ model: "a", provider: "b" }, /unknown member provider/],
      [
        {
          get model() {
            return "x";
          },
        },
        /model is computed/,
      ],
    ],
    gate: [
      [true, /not an object/],
      [{ kind: "allow" }, /'allow', not one of abstain, ask, deny/],
      [{ kind: "constructor" }, /'constructor', not one of/],
      [{ kind: 5 }, /type number, not one of/],
      [{ kind: "deny" }, /reason is missing/],
      [{ kind: "ask", reason: 5 }, /reason is missing/],
      [{ kind: "abstain", reason: "x" }, /unknown member reason/],
    ],
    evaluate: [
      [null, /null, not an object/],
      [{ kind: "done" }, /'done', not one of/],
      [{ kind: "block", reason: "because", detail: "x" }, /'because', which is no wait reason/],
      [{ kind: "block", reason: "review" }, /detail is missing/],
      [{ kind: "retry", reason: "" }, /reason is missing/],
      [{ kind: "commit", force: true }, /unknown member force/],
    ],
  };
  for (const seam of SEAMS)
    for (const [answer, problem] of bad[seam])
      assert.match(check(seam, answer) ?? "", problem, seam);
});

test("an asynchronous answer is refused, and its failure ends nothing", async () => {
  for (const seam of SEAMS) {
    assert.match(check(seam, Promise.resolve([])) ?? "", /promise/);
    assert.match(check(seam, Promise.reject(new Error("late"))) ?? "", /promise/);
  }
  await new Promise((resolve) => setImmediate(resolve));
});

test("an answer that cannot be read is refused", () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error("no");
      },
      ownKeys: () => {
        throw new Error("no");
      },
    },
  );
  for (const seam of ["route", "selectModel", "gate", "evaluate"] as const)
    assert.match(check(seam, hostile) ?? "", /cannot be read/);
});

testSeeded(
  "whatever a node answers, the check gives a text or nothing and never throws",
  (seed) => {
    const words = fc.constantFrom(
      "kind",
      "reason",
      "detail",
      "seat",
      "model",
      "block",
      "review",
      "commit",
      "coder",
      "a",
    );
    const value = fc.oneof(
      fc.anything({
        withBigInt: true,
        withNullPrototype: true,
        key: words,
        values: [words, fc.constant(null)],
      }),
      fc.array(words),
    );
    fc.assert(
      fc.property(fc.constantFrom(...SEAMS), value, (seam, answer) => {
        const problem = check(seam, answer);
        assert.ok(problem === null || problem.length > 0);
      }),
      { seed, numRuns: 1000 },
    );
  },
);
