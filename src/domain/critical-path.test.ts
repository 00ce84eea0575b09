// Scores and cycles against models that are slow and obvious: sets that grow until nothing changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import { criticalPathScores, findCycle } from "./critical-path.ts";
import type { PathCard } from "./critical-path.ts";

const card = (
  id: string,
  dependsOn: readonly string[] = [],
  rest: Partial<PathCard> = {},
): PathCard => ({
  id,
  priority: 2,
  open: true,
  dependsOn,
  ...rest,
});

/** Everything that waits for the card, by adding whoever names a member until the set stands still. */
function waitingFor(id: string, cards: readonly PathCard[]): ReadonlySet<string> {
  const set = new Set<string>();
  for (let size = -1; size !== set.size;) {
    size = set.size;
    for (const one of cards)
      if (one.dependsOn.some((other) => other === id || set.has(other))) set.add(one.id);
  }
  set.delete(id);
  return set;
}

const graphs = (acyclic: boolean): fc.Arbitrary<readonly PathCard[]> =>
  fc.nat({ max: 12 }).chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, place) =>
        fc.record({
          id: fc.constant(`c${place}`),
          priority: fc.constantFrom(0, 1, 2, 3, 4, 2.5),
          open: fc.boolean(),
          dependsOn: fc
            .uniqueArray(fc.nat({ max: acyclic ? Math.max(0, place - 1) : size }), { maxLength: 4 })
            .map((places) =>
              places.filter((other) => !acyclic || other < place).map((other) => `c${other}`),
            ),
        }),
      ),
    ),
  );

testSeeded(
  "R-68 a score is the priority and the number of distinct open cards that wait, each counted once",
  (seed) => {
    fc.assert(
      fc.property(fc.boolean().chain(graphs), (cards) => {
        const scores = criticalPathScores(cards);
        assert.equal(scores.size, cards.length);
        const open = new Set(cards.filter((one) => one.open).map((one) => one.id));
        for (const one of cards) {
          const waiting = [...waitingFor(one.id, cards)].filter((id) => open.has(id)).length;
          assert.equal(scores.get(one.id), one.priority + waiting, one.id);
        }
      }),
      { seed, numRuns: 500 },
    );
  },
);

testSeeded(
  "R-68 whoever is waited for by an open card scores at least as many waiting cards as that card, and one more",
  (seed) => {
    fc.assert(
      fc.property(graphs(true), (cards) => {
        const scores = criticalPathScores(
          cards.map((one) => ({ ...one, priority: 0, open: true })),
        );
        for (const one of cards)
          for (const id of one.dependsOn)
            assert.ok((scores.get(id) ?? -1) > (scores.get(one.id) ?? Infinity));
      }),
      { seed, numRuns: 200 },
    );
  },
);

testSeeded(
  "R-24 a cycle is found exactly when a card waits for itself, and is a real one",
  (seed) => {
    fc.assert(
      fc.property(fc.boolean().chain(graphs), (cards) => {
        const ids = new Set(cards.map((one) => one.id));
        const known = cards.map((one) => ({
          ...one,
          dependsOn: one.dependsOn.filter((id) => ids.has(id)),
        }));
        const reaches = (from: string): boolean =>
          known.some(
            (one) =>
              one.id === from &&
              (one.dependsOn.includes(from) ||
                one.dependsOn.some((id) => waitingFor(from, known).has(id))),
          );
        const expected = known.some((one) => reaches(one.id));
        const cycle = findCycle(cards);
        assert.equal(cycle !== null, expected);
        if (cycle === null) return;
        assert.equal(cycle[0], cycle.at(-1));
        assert.equal(new Set(cycle).size, cycle.length - 1);
        for (const [place, id] of cycle.slice(0, -1).entries())
          assert.ok(
            known.some((one) => one.id === id && one.dependsOn.includes(cycle[place + 1] ?? "")),
          );
      }),
      { seed, numRuns: 500 },
    );
  },
);

test("a diamond counts its end once", () => {
  const cards = [card("a"), card("b", ["a"]), card("c", ["a"]), card("d", ["b", "c"])];
  assert.deepEqual(
    [...criticalPathScores(cards)],
    [
      ["a", 5],
      ["b", 3],
      ["c", 3],
      ["d", 2],
    ],
  );
});

test("closed cards are not counted, but work behind them is", () => {
  const cards = [card("a"), card("b", ["a"], { open: false }), card("c", ["b"])];
  assert.equal(criticalPathScores(cards).get("a"), 3);
});

test("dependencies that nobody knows do no harm", () => {
  assert.equal(criticalPathScores([card("a", ["ghost"])]).get("a"), 2);
  assert.equal(findCycle([card("a", ["ghost"])]), null);
});

test("a card that waits for itself is a cycle of one", () => {
  assert.deepEqual(findCycle([card("a", ["a"])]), ["a", "a"]);
  assert.equal(criticalPathScores([card("a", ["a"])]).get("a"), 2);
});

test("a chain of ten thousand is scored and searched without a stack overflow", () => {
  const chain = Array.from({ length: 10_000 }, (_, place) =>
    card(`c${place}`, place === 0 ? [] : [`c${place - 1}`]),
  );
  assert.equal(criticalPathScores(chain).get("c0"), 2 + 9999);
  assert.equal(findCycle(chain), null);
  assert.equal(findCycle(chain.with(0, card("c0", ["c9999"])))?.length, 10_001);
});
