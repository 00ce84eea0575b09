// What an unanswered question holds up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cardsBehind } from "./behind.ts";

const card = (id: string, dependsOn: readonly string[], status = "ready" as const) => ({
  id,
  dependsOn,
  status,
});

test("what hangs on a card stands behind it, also over others, once, and not what is closed", () => {
  const cards = [
    card("a", []),
    card("b", ["a"]),
    card("c", ["b", "a"]),
    card("d", ["c"]),
    { ...card("e", ["a"]), status: "done" as const },
    card("f", []),
  ];
  assert.deepEqual(cardsBehind(cards, "a"), ["b", "c", "d"]);
  assert.deepEqual(cardsBehind(cards, "f"), []);
});

test("a circle ends", () => {
  assert.deepEqual(cardsBehind([card("a", ["b"]), card("b", ["a"])], "a"), ["b"]);
});
