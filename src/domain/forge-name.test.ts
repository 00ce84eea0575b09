// Names that go into an address, and names that would make another address of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isBranchName, isForgeName, isSha } from "./forge-name.ts";

test("a name on the forge is one plain part of a path", () => {
  for (const name of ["demo", "a", "My_App", "v1.2", "_x", "a-b", "x".repeat(100)])
    assert.equal(isForgeName(name), true, name);
  const hostile = [
    "",
    ".",
    "..",
    "-x",
    "a/b",
    "a..b",
    "a.",
    "a b",
    "a@b",
    "a:b",
    "a\\b",
    "%2e",
    "é",
  ];
  for (const name of [...hostile, "a.git", "a.WIKI", "a?b", "a#b", "a\n", "\0", "x".repeat(101)])
    assert.equal(isForgeName(name), false, name);
});

test("a branch is what git takes and no option", () => {
  for (const name of ["main", "orket/build-1", "a.b", "v1"])
    assert.equal(isBranchName(name), true, name);
  const hostile = [
    "",
    "-x",
    "--force",
    "a..b",
    "a//b",
    "a/",
    "/a",
    "a/.b",
    "a.",
    "a.lock",
    "a.lock/b",
  ];
  for (const name of [...hostile, "a b", "a:b", "+a", "a*", "a~1", "a^", "@{u}", "a\nb"])
    assert.equal(isBranchName(name), false, name);
});

test("a sha is forty lower-case digits", () => {
  assert.equal(isSha("0a".repeat(20)), true);
  for (const text of ["", "0A".repeat(20), "0a".repeat(19), `${"0a".repeat(20)}\n`, "HEAD"])
    assert.equal(isSha(text), false, text);
});
