// The diff is held to what makes it one: applied to the old text it gives the new one, and nothing more than that.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { unifiedDiff } from "./unified-diff.ts";

const file = "model/core/epics/a.yaml";

/** Applies a diff the way a patch program does: each hunk at its place, each kept and removed line as it stands. */
function patched(before: string, diff: string): string {
  const old = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const made: string[] = [];
  let place = 0;
  const lines = diff.split("\n").slice(2, -1);
  for (const [number, line] of lines.entries()) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(line);
    const ending = lines[number + 1]?.startsWith("\\") === true ? "" : "\n";
    if (header !== null) {
      const start = Number(header[1]) - (header[2] === "0" ? 0 : 1);
      made.push(...old.slice(place, start));
      place = start;
    } else if (line.startsWith("+")) made.push(line.slice(1) + ending);
    else if (!line.startsWith("\\")) {
      assert.equal(old[place], line.slice(1) + ending);
      if (line.startsWith(" ")) made.push(old[place] ?? "");
      place += 1;
    }
  }
  return [...made, ...old.slice(place)].join("");
}

test("equal texts have no difference", () => {
  assert.equal(unifiedDiff({ file, before: "a\n", after: "a\n" }), "");
  assert.equal(unifiedDiff({ file, before: null, after: null }), "");
});

test("a change stands with three lines around it", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  assert.equal(
    unifiedDiff({ file, before, after: before.replace("5\n", "five\n") }),
    `--- a/${file}\n+++ b/${file}\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n`,
  );
});

test("changes far apart are hunks of their own", () => {
  const before = Array.from({ length: 20 }, (_, place) => `${place}\n`).join("");
  const diff = unifiedDiff({ file, before, after: `first\n${before}last\n` });
  assert.deepEqual(
    diff.split("\n").filter((line) => line.startsWith("@@")),
    ["@@ -1,3 +1,4 @@", "@@ -18,3 +19,4 @@"],
  );
});

test("a new file and a removed one are told against nothing", () => {
  assert.equal(
    unifiedDiff({ file, before: null, after: "a\n" }),
    `--- /dev/null\n+++ b/${file}\n@@ -0,0 +1 @@\n+a\n`,
  );
  assert.equal(
    unifiedDiff({ file, before: "a", after: null }),
    `--- a/${file}\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\\ No newline at end of file\n`,
  );
});

test("applied to the old text the diff gives the new one", () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\n", "x"), { maxLength: 30 });
  fc.assert(
    fc.property(text, text, (left, right) => {
      const [before, after] = [left.join(""), right.join("")];
      assert.equal(patched(before, unifiedDiff({ file, before, after })), after);
    }),
    { numRuns: 2000 },
  );
});

test("a change that is small in lines is told in few lines", () => {
  const before = ["a\n", "b\n", "c\n", "d\n"].join("");
  const diff = unifiedDiff({ file, before, after: ["a\n", "x\n", "c\n", "y\n", "d\n"].join("") });
  assert.deepEqual(diff.split("\n").slice(3, -1), [" a", "-b", "+x", " c", "+y", " d"]);
});

test("texts that have nothing in common are told as replaced, however long they are", () => {
  const long = (word: string): string => `${word}\n`.repeat(5000).replaceAll("\n", () => "\n");
  const before = Array.from({ length: 5000 }, (_, place) => `old ${place}\n`).join("");
  const after = long("new");
  const diff = unifiedDiff({ file, before, after });
  assert.ok(diff.startsWith(`--- a/${file}\n+++ b/${file}\n@@ -1,5000 +1,5000 @@\n-old 0\n`));
  assert.equal(patched(before, diff), after);
});
