// The built-in order of candidates.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import type { Candidate, CandidateClass } from "../domain/decision.ts";
import { plan } from "./plan.ts";

const CLASSES: readonly CandidateClass[] = ["review", "rework", "testing", "ready"];

const candidate = (id: string, rest: Partial<Candidate> = {}): Candidate => ({
  id,
  kind: "issue",
  type: "issue",
  status: "ready",
  seat: "coder",
  priority: 2,
  cycle: 0,
  retryCount: 0,
  createdAt: "2026-02-02T00:00:00.000Z",
  position: 0,
  class: "ready",
  score: 2,
  ...rest,
});
const order = (candidates: readonly Candidate[]): readonly string[] =>
  plan({ candidates, live: [], slots: 1 });

test("R-68 the higher score comes first, whatever the class", () => {
  assert.deepEqual(order([candidate("a", { class: "review" }), candidate("b", { score: 9 })]), [
    "b",
    "a",
  ]);
});

test("review and rework come before ready at equal score", () => {
  const mixed = CLASSES.toReversed().map((name) => candidate(name, { class: name }));
  assert.deepEqual(order(mixed), CLASSES);
});

test("then the time of creation, the place in the file, the id", () => {
  const list = [
    candidate("b"),
    candidate("a"),
    candidate("c", { position: 1 }),
    candidate("d", { createdAt: "2026-02-01T00:00:00.000Z" }),
  ];
  assert.deepEqual(order(list), ["d", "a", "b", "c"]);
});

testSeeded(
  "the answer is every candidate once, in an order that does not depend on theirs, and the input is untouched",
  (seed) => {
    const one = fc.record({
      score: fc.nat({ max: 3 }),
      class: fc.constantFrom(...CLASSES),
      position: fc.nat({ max: 2 }),
      createdAt: fc.constantFrom("2026-01-01", "2026-01-02"),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), (parts) => {
        const list = Object.freeze(
          parts.map((part, place) => Object.freeze(candidate(`c${place}`, part))),
        );
        const answer = order(list);
        assert.deepEqual(answer.toSorted(), list.map((item) => item.id).toSorted());
        assert.deepEqual(order(list.toReversed()), answer);
        const byId = new Map(list.map((item) => [item.id, item]));
        const sorted = answer.map((id) => byId.get(id));
        for (const [place, item] of sorted.entries()) {
          const next = sorted[place + 1];
          if (item === undefined || next === undefined) continue;
          assert.ok(item.score >= next.score);
          if (item.score === next.score)
            assert.ok(CLASSES.indexOf(item.class) <= CLASSES.indexOf(next.class));
        }
      }),
      { seed, numRuns: 300 },
    );
  },
);
