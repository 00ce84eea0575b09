// The line of how busy something was, and the words for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, withSample, wordsOf } from "./samples.ts";

const at = (seconds: number, cpu: number) => ({ atMs: seconds * 1000, cpu, memory: 50 });

test("a line goes from the first look to the last, and stops where nobody looked", () => {
  const lines = linesOf([at(0, 0), at(5, 100), at(50, 20), at(100, 40)], "cpu", 45_000);
  assert.deepEqual(lines, [
    [
      { x: 0, y: 100 },
      { x: 5, y: 0 },
      { x: 50, y: 80 },
    ],
    [{ x: 100, y: 60 }],
  ]);
  assert.deepEqual(linesOf([], "cpu", 1), []);
});

test("in words it is from what to what, and in how long", () => {
  assert.equal(wordsOf([at(0, 3)], "cpu"), "one look so far");
  assert.equal(wordsOf([at(0, 3), at(65, 1)], "cpu"), "between 1 % and 3 % in 1 min");
});

test("only the newest looks are kept", () => {
  let samples = [at(0, 0)] as readonly ReturnType<typeof at>[];
  for (let second = 1; second <= 400; second += 1) samples = withSample(samples, at(second, 1));
  assert.deepEqual([samples.length, samples.at(-1)?.atMs], [360, 400_000]);
});
