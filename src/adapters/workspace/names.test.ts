// The grammar of paths, walked at random; its single cases are in test/contract/workspace.suite.ts.
import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isOwnName, isTemporary, parsePath, shownName, temporaryName } from "./names.ts";

const ROOTS = ["/srv/state/workspaces/ws", "/real/ws"];

const pieces = fc.oneof(
  fc.constantFrom(
    "a",
    "b.py",
    ".",
    "..",
    "",
    "...",
    ".git",
    ".GIT",
    "%2e%2e",
    "%2f",
    "\\",
    "\0",
    "\u200b",
    " ",
    "-rf",
    "~",
  ),
  fc.string({ maxLength: 6, unit: "binary" }),
);
const paths = fc
  .tuple(
    fc.constantFrom("", "/", "./", `${ROOTS[0]}/`, `${ROOTS[0]}-evil/`, `${ROOTS[1]}/`),
    fc.array(pieces, { maxLength: 8 }),
  )
  .map(([start, names]) => start + names.join("/"));

test("accepts only paths whose walk stays inside and names no folder of Orket or git", () => {
  fc.assert(
    fc.property(paths, (path) => {
      const parsed = parsePath(path, ROOTS);
      if (!parsed.ok) {
        assert.ok(["PATH_ESCAPE", "PATH_PROTECTED", "TOOL_ARGUMENT"].includes(parsed.error.code));
        return;
      }
      const walked = posix.join("/root", ...parsed.value);
      assert.ok(walked === "/root" || walked.startsWith("/root/"), walked);
      for (const name of parsed.value) {
        assert.match(name, /^[^/\\\0\n]+$/);
        assert.ok(name !== "." && name !== ".." && !/^\.(?:git|orket)$/i.test(name), name);
      }
      assert.deepEqual(
        parsePath(parsed.value.join("/") || ".", ROOTS),
        parsed,
        "a normal form is its own normal form",
      );
    }),
    { numRuns: 3000 },
  );
});

test("knows its own unfinished files by name, and nothing else by it", () => {
  assert.ok(isTemporary(temporaryName("0123456789abcdef01234567")));
  assert.ok(isOwnName(temporaryName("0123456789abcdef01234567")));
  for (const name of [".orket-x.tmp", "a.tmp", ".orketrc", ".gitignore", "git", ".git2"])
    assert.ok(!isOwnName(name), name);
});

test("shows hidden characters and leaves all others", () => {
  assert.equal(shownName("a\u202eb\nc"), "a\\u{202e}b\\u{a}c");
  assert.equal(shownName("größe 文件.py"), "größe 文件.py");
});

test("judges a very long name quickly", () => {
  const startedAt = performance.now();
  isOwnName(". ".repeat(200_000) + "x");
  parsePath(`${"../a/".repeat(200_000)}`, ROOTS);
  assert.ok(performance.now() - startedAt < 1000);
});
