// Ids that repeat: against the contract, and the repetition itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testIds } from "../../../test/contract/ids.suite.ts";
import { createSeededIds } from "./seeded.ts";

testIds("seeded", () => createSeededIds(42));

test("gives the same again for the same seed and other chance for another", () => {
  const draw = (seed: number): readonly unknown[] => {
    const ids = createSeededIds(seed);
    return [ids.create("a"), ids.random(), ids.create("b"), ids.random()];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.equal(draw(7)[0], "a-000000001");
});
