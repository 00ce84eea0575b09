import assert from "node:assert/strict";
import { test } from "node:test";
import { cutTo, padTo, widthOf } from "./text-width.ts";

test("the width is what a terminal shows: wide scripts and emoji two, marks and colours none", () => {
  const widths: readonly (readonly [text: string, width: number])[] = [
    ["", 0],
    ["plain", 5],
    ["é", 1],
    ["e\u0301", 1],
    ["漢字", 4],
    ["ｆｕ", 4],
    ["🧪", 2],
    ["👩‍🔬", 2],
    ["●○◐✖", 4],
    ["\u001b[31mred\u001b[39m", 3],
    ["\u0301", 0],
  ];
  for (const [text, width] of widths) assert.equal(widthOf(text), width, JSON.stringify(text));
});

test("a text is cut between characters, and never wider than asked", () => {
  assert.equal(cutTo("short", 5), "short");
  assert.equal(cutTo("longer", 5), "long…");
  assert.equal(cutTo("漢字漢字", 5), "漢字…");
  assert.equal(cutTo("漢字漢字", 4), "漢…");
  assert.equal(cutTo("👩‍🔬👩‍🔬", 3), "👩‍🔬…");
  assert.equal(cutTo("any", 0), "");
  assert.equal(padTo("漢", 4), "漢  ");
});
