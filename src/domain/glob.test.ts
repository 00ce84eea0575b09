// Patterns over names and paths, and that none of them is slow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesGlob, matchesPathGlob } from "./glob.ts";

test("a star stands for any run of characters, also none, and for nothing else", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["*.config.*", "vite.config.ts", true],
    ["*.config.*", ".config.", true],
    ["*.config.*", "config.ts", false],
    ["*.config.*", "a.configxts", false],
    ["setup.py", "setup.py", true],
    ["setup.py", "setupxpy", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["*", "", true],
    ["**", "x", true],
    ["x*", "y", false],
    ["*b*c", "abd", false],
    ["*b*", "aaa", false],
    ["[a].py", "a.py", false],
  ];
  for (const [pattern, text, expected] of cases)
    assert.equal(matchesGlob(pattern, text), expected, `${pattern} on ${text}`);
  assert.equal(matchesGlob("*a".repeat(1000), "a".repeat(100_000).concat("b")), false);
});

test("a path pattern is held against the whole path: * within a part, ** for any parts", () => {
  const table: readonly (readonly [pattern: string, path: string, fits: boolean])[] = [
    ["src/a.ts", "src/a.ts", true],
    ["src/a.ts", "src/a.ts/b", false],
    ["src/a.ts", "other/src/a.ts", false],
    ["src/*", "src/a.ts", true],
    ["src/*", "src/sub/a.ts", false],
    ["src/*", "src", false],
    ["src/**", "src/sub/a.ts", true],
    ["src/**", "src", true],
    ["src/**", "srcs/a.ts", false],
    ["**/a.ts", "a.ts", true],
    ["**/a.ts", "x/y/a.ts", true],
    ["**/*.sql", "db/0001.sql", true],
    ["**/law/**/*.md", "docs/law/eu/a.md", true],
    ["**/law/**/*.md", "docs/law/eu/a.txt", false],
    ["**", ".", true],
    ["**", "a/b/c", true],
    ["*", "a/b", false],
    ["SRC/**", "src/a", false],
  ];
  for (const [pattern, path, fits] of table)
    assert.equal(matchesPathGlob(pattern, path), fits, `${pattern} on ${path}`);
  const slow = Array.from({ length: 200 }, () => "**/a*a*a").join("/");
  assert.equal(matchesPathGlob(slow, `${"aaaa/".repeat(200)}b`), false);
});
