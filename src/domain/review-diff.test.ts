import assert from "node:assert/strict";
import { test } from "node:test";
import { cutReviewDiff, isInDiff, readReviewDiff, showReviewDiff } from "./review-diff.ts";
import type { ReviewFile } from "./review-diff.ts";

const lines = (...text: readonly string[]): string => `${text.join("\n")}\n`;

const CHANGED = lines(
  "diff --git a/a.txt b/a.txt",
  "index 1..2 100644",
  "--- a/a.txt",
  "+++ b/a.txt",
  "@@ -1,2 +1,3 @@ head",
  " one",
  "+@@ -9,9 +9,9 @@",
  "-two",
  "\\ No newline at end of file",
  "+drei",
  "@@ -10 +11 @@",
  "-x",
  "+y",
  "@@ -20,1 +21,0 @@",
  "-gone",
);

const file = (path: string, more: Partial<ReviewFile> = {}): ReviewFile => ({
  path,
  change: "modified",
  isBinary: false,
  linesAdded: 1,
  linesRemoved: 0,
  ranges: [],
  text: path,
  ...more,
});

test("a comment can stand on the lines of the new file that a hunk shows, and on no others", () => {
  const files = readReviewDiff(CHANGED);
  assert.deepEqual(
    files.map(({ path, ranges }) => ({ path, ranges })),
    [
      {
        path: "a.txt",
        ranges: [
          [1, 3],
          [11, 11],
        ],
      },
    ],
  );
  const stands = [0, 1, 3, 4, 11, 12, 21].filter((line) =>
    isInDiff(files, { path: "a.txt", line }),
  );
  assert.deepEqual(stands, [1, 3, 11]);
  assert.equal(isInDiff(files, { path: "b.txt", line: 1 }), false);
});

const NAMES: readonly { readonly name: string; readonly diff: string; readonly path: string }[] = [
  {
    name: "a file that moved has its new name",
    diff: lines(
      "diff --git a/old b/new",
      "similarity index 100%",
      "rename from old",
      "rename to new",
    ),
    path: "new",
  },
  {
    name: "a copy has the name of the copy",
    diff: lines("diff --git a/old b/new", "copy from old", "copy to new"),
    path: "new",
  },
  {
    name: "a file that is gone keeps the name it had",
    diff: lines(
      "diff --git a/gone b/gone",
      "deleted file mode 100644",
      "--- a/gone",
      "+++ /dev/null",
      "@@ -1 +0,0 @@",
      "-x",
    ),
    path: "gone",
  },
  {
    name: "a name with a space has no tab behind it",
    diff: lines("diff --git a/a b b/a b", "--- a/a b\t", "+++ b/a b\t", "@@ -1 +1 @@", "-x", "+y"),
    path: "a b",
  },
  {
    name: "a quoted name is read",
    diff: lines(
      'diff --git "a/\\303\\244" "b/\\303\\244"',
      '--- "a/\\303\\244"',
      '+++ "b/\\303\\244"',
      "@@ -1 +1 @@",
      "-x",
      "+y",
    ),
    path: "ä",
  },
  {
    name: "a file of which only the mode changed",
    diff: lines("diff --git a/run b/run", "old mode 100644", "new mode 100755"),
    path: "run",
  },
  {
    name: "a hunk without names leaves the name of the head",
    diff: lines("diff --git a/run b/run", "@@ -1 +1 @@", "+++ b/other", "-x"),
    path: "run",
  },
];
for (const { name, diff, path } of NAMES)
  test(`names of a diff: ${name}`, () => {
    assert.deepEqual(
      readReviewDiff(diff).map((one) => one.path),
      [path],
    );
  });

test("whole files are shown as long as they fit, of the others what they are", () => {
  const cut = cutReviewDiff(
    [file("aaaa"), file("bbbbbbbb"), file("cc"), file("dd", { text: null })],
    6,
  );
  assert.deepEqual(
    cut.map(({ text }) => text),
    ["aaaa", null, "cc", null],
  );
  assert.deepEqual(showReviewDiff(cut), {
    text: "aaaacc",
    leftOut: ['"bbbbbbbb" (modified, +1 -0)', '"dd" (modified, +1 -0)'],
  });
});

test("so many names are listed, and then how many there are more", () => {
  const out = Array.from({ length: 203 }, (_, at) =>
    file(`f${at}`, { text: null, isBinary: at === 0 }),
  );
  const { leftOut } = showReviewDiff(out);
  assert.equal(leftOut.length, 201);
  assert.equal(leftOut[0], '"f0" (modified, binary, +1 -0)');
  assert.equal(leftOut.at(-1), "… and 3 more");
});
