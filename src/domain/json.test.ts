// The canonical form: one text for each value.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import { canonicalJson, isJsonObject } from "./json.ts";

test("objects are told from arrays, null and the rest", () => {
  assert.equal(isJsonObject({}), true);
  for (const value of [null, [], "x", 5, undefined, true]) assert.equal(isJsonObject(value), false);
});

test("keys are sorted at every depth, and undefined is left out as JSON does", () => {
  assert.equal(
    canonicalJson({ b: [{ d: 1, c: null }, undefined], a: undefined, "": "é" }),
    '{"":"é","b":[{"c":null,"d":1},null]}',
  );
  assert.equal(canonicalJson(undefined), "null");
  assert.equal(canonicalJson(Number.NaN), "null");
  assert.equal(canonicalJson("a\n"), '"a\\n"');
});

testSeeded(
  "the form is JSON of the same value and does not depend on the order of keys",
  (seed) => {
    const shuffled = fc
      .dictionary(fc.string(), fc.jsonValue())
      .chain((value) =>
        fc
          .shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length })
          .map((entries) => ({ value, entries })),
      );
    fc.assert(
      fc.property(shuffled, ({ value, entries }) => {
        const text = canonicalJson(value);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(text, canonicalJson(Object.fromEntries(entries)));
      }),
      { seed, numRuns: 300 },
    );
  },
);
