// What is told first of all that waits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstWaits } from "./waits.ts";

const wait = (card: string, on: string, waitsFor = "work") => ({
  card,
  on,
  waitsFor,
  since: "2026-01-01T00:00:00.000Z",
  wayOut: null,
});

test("where a person has to act stands first, what follows from other cards last", () => {
  const waits = [
    wait("late", "early", "dependency"),
    wait("early", "coder", "turn 1 (work)"),
    wait("held", "other cards", "dependency: of another build"),
    wait("asked", "a person", "input: which one?"),
    wait("next", "a free slot"),
  ];
  const { shown, others } = firstWaits(waits);
  assert.deepEqual(
    shown.map(({ card }) => card),
    ["asked", "early", "next", "late", "held"],
  );
  assert.equal(others, 0);
});

test("of many only the first are shown, and the others are counted", () => {
  const waits = Array.from({ length: 3000 }, (_, at) => wait(`c-${at}`, "c", "dependency"));
  const { shown, others } = firstWaits([...waits, wait("asked", "a person")]);
  assert.deepEqual([shown[0]?.card, shown.length, others], ["asked", 20, 2981]);
});
