import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestName } from "./nearest.ts";

const ROWS: readonly (readonly [string, readonly string[], string | null])[] = [
  ["epcis", ["rocks", "epics"], "epics"],
  ["ORKET_CONCURENCY", ["ORKET_CONCURRENCY", "ORKET_HOST"], "ORKET_CONCURRENCY"],
  ["Sumary", ["name", "summary"], "summary"],
  ["x", ["a", "y"], null],
  ["completely", ["different"], null],
  ["", ["a"], null],
  ["a".repeat(100_000), ["a".repeat(99_999)], null],
];

for (const [name, known, expected] of ROWS) {
  test(`the nearest name to ${JSON.stringify(name.slice(0, 20))} is ${expected}`, () => {
    assert.equal(nearestName(name, known), expected);
  });
}
