// Held to what a real git prints, odd names included.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { splitDiff } from "./split-diff.ts";

type Files = Readonly<Record<string, string | Buffer>>;

async function diffOf(context: TestContext, before: Files, after: Files): Promise<string> {
  const dir = await tempFolder(context);
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", "-C", dir, ...args], {
      encoding: "utf8",
    });
  const put = (files: Files): void => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), content);
    }
  };
  git("init", "--quiet");
  put(before);
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message=one");
  for (const path of Object.keys(before)) rmSync(join(dir, path));
  put(after);
  git("add", "--all");
  git("commit", "--quiet", "--message=two");
  return git("diff-tree", "-p", "--no-renames", "--no-commit-id", "HEAD");
}

test("takes a commit apart by files, with what happened to each", async (context) => {
  const diff = await diffOf(
    context,
    { "a.txt": "one\ntwo\n", "gone.txt": "x\n" },
    { "a.txt": "one\nthree\nfour\n", "src/new.ts": "y\n", "empty.txt": "" },
  );
  const files = splitDiff(diff);
  assert.deepEqual(
    files.map((file) => ({ ...file, text: "" })),
    [
      {
        path: "a.txt",
        change: "modified",
        isBinary: false,
        linesAdded: 2,
        linesRemoved: 1,
        text: "",
      },
      {
        path: "empty.txt",
        change: "added",
        isBinary: false,
        linesAdded: 0,
        linesRemoved: 0,
        text: "",
      },
      {
        path: "gone.txt",
        change: "deleted",
        isBinary: false,
        linesAdded: 0,
        linesRemoved: 1,
        text: "",
      },
      {
        path: "src/new.ts",
        change: "added",
        isBinary: false,
        linesAdded: 1,
        linesRemoved: 0,
        text: "",
      },
    ],
  );
  assert.equal(files.map(({ text }) => text).join(""), diff);
});

test("is not misled by content that looks like a diff", async (context) => {
  const nasty = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\nnew file mode 100644\n";
  const files = splitDiff(await diffOf(context, { "real.txt": "-\n" }, { "real.txt": nasty }));
  assert.equal(files.length, 1);
  assert.deepEqual(
    files.map(({ path, change, linesAdded }) => [path, change, linesAdded]),
    [["real.txt", "modified", 5]],
  );
});

test("reads names with blanks, quotes, umlauts, tabs and the halves' own words", async (context) => {
  const names = [
    "with blank b/and more",
    'say "hi".txt',
    "größe – 日本.txt",
    "tab\there",
    "bell\u0007",
    "back\\slash",
  ];
  const files = await diffOf(context, {}, Object.fromEntries(names.map((name) => [name, "x\n"])));
  assert.deepEqual(
    splitDiff(files)
      .map(({ path }) => path)
      .toSorted(),
    names.toSorted(),
  );
});

test("leaves bytes that are no UTF-8 as git wrote them", () => {
  const text = 'diff --git "a/\\377.txt" "b/\\377.txt"\nnew file mode 100644\n';
  assert.equal(splitDiff(text)[0]?.path, "\\377.txt");
});

test("names a binary file and has no lines of it", async (context) => {
  const bytes = Buffer.from([0, 1, 2, 3]);
  const [file] = splitDiff(await diffOf(context, {}, { "a.bin": bytes }));
  assert.deepEqual(
    [file?.path, file?.isBinary, file?.linesAdded, file?.change],
    ["a.bin", true, 0, "added"],
  );
});

test("of nothing there is nothing, and a note behind the last file belongs to it", () => {
  assert.deepEqual(splitDiff(""), []);
  assert.deepEqual(splitDiff("… cut\n"), []);
});
