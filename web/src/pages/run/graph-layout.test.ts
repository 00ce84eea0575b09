// The layers of cards that depend on each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { graphOf } from "./graph-layout.ts";

const node = (key: string, ...dependsOn: string[]) => ({ key, dependsOn });

test("a card lies right of all it depends on, by the longest way", () => {
  const { places, keys } = graphOf([
    node("d", "a", "c"),
    node("c", "b"),
    node("b", "a"),
    node("a"),
  ]);
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => places.get(key)?.layer),
    [0, 1, 2, 3],
  );
  assert.deepEqual(keys, ["a", "b", "c", "d"]);
});

test("circles, the card itself and cards that are not there do no harm; no two share a place", () => {
  const nodes = fc.array(fc.array(fc.nat(12), { maxLength: 4 }), { maxLength: 10 });
  fc.assert(
    fc.property(nodes, (made) => {
      const given = made.map((on, at) => node(String(at), ...on.map(String)));
      const { places, keys } = graphOf(given);
      assert.equal(keys.length, given.length);
      const taken = new Set([...places.values()].map(({ layer, order }) => `${layer} ${order}`));
      assert.equal(taken.size, given.length);
    }),
  );
});

test("cards that are joined lie beside each other", () => {
  const { places } = graphOf([node("a"), node("b"), node("x", "b"), node("y", "a")]);
  assert.deepEqual(places.get("y"), { layer: 1, order: 0 });
});
