// The difference of two texts: from it both can be put together again, and it is as short as it can be.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DiffLine } from "./line-diff.ts";
import { lineDiff } from "./line-diff.ts";

const shown = (lines: readonly DiffLine[]) => lines.map(({ mark, text }) => `${mark}${text}`);

test("a change stands among the lines around it, and what is far is counted", () => {
  const before = Array.from({ length: 12 }, (_, at) => `line ${at}`);
  const after = before.with(5, "new");
  assert.deepEqual(shown(lineDiff(`${before.join("\n")}\n`, `${after.join("\n")}\n`)), [
    "…2 lines",
    " line 2",
    " line 3",
    " line 4",
    "-line 5",
    "+new",
    " line 6",
    " line 7",
    " line 8",
    "…3 lines",
  ]);
});

test("a file that comes, goes or stays, and a missing line end", () => {
  assert.deepEqual(shown(lineDiff(null, "a\nb\n")), ["+a", "+b"]);
  assert.deepEqual(shown(lineDiff("a\n", null)), ["-a"]);
  assert.deepEqual(lineDiff("a\nb\n", "a\nb\n"), []);
  assert.deepEqual(lineDiff(null, ""), []);
  assert.deepEqual(shown(lineDiff("a\n", "a")), ["-a", "+a (no line end)"]);
});

test("too large to compare is shown as replaced", () => {
  const text = (mark: string): string =>
    Array.from({ length: 1100 }, (_, at) => `${mark}${at}\n`).join("");
  const lines = lineDiff(text("a"), text("b"));
  assert.equal(lines.length, 2200);
  assert.ok(lines.slice(0, 1100).every(({ mark }) => mark === "-"));
});

const texts = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 7 });

test("both texts can be read off it, and no longer common part is missed", () => {
  const longest = (one: readonly string[], other: readonly string[]): number => {
    const [first, ...rest] = one;
    if (first === undefined) return 0;
    const at = other.indexOf(first);
    const without = longest(rest, other);
    return at < 0 ? without : Math.max(without, 1 + longest(rest, other.slice(at + 1)));
  };
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const end = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
      const lines = lineDiff(end(one), end(other));
      if (one.join() === other.join()) return assert.deepEqual(lines, []);
      if (lines.some(({ mark }) => mark === "…")) return undefined;
      const side = (marks: string) =>
        lines.filter(({ mark }) => marks.includes(mark)).map(({ text }) => text);
      assert.deepEqual(side(" -"), one);
      assert.deepEqual(side(" +"), other);
      assert.equal(side(" ").length, longest(one, other));
      return undefined;
    }),
  );
});
