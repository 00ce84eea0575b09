// The words of a card's life and the reading of priorities, ids and slugs.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CARD_ID_PATTERN,
  isBuildId,
  CARD_STATUSES,
  isCardStatus,
  isClosed,
  isWaitReason,
  parsePriority,
  priorityWord,
  slugOf,
} from "./card.ts";

const JUNK: readonly unknown[] = [
  null,
  undefined,
  5,
  true,
  {},
  [],
  ["done"],
  "",
  "Done",
  " done",
  "constructor",
  "__proto__",
];

test("only the nine statuses are statuses, and only the five reasons are reasons", () => {
  assert.equal(CARD_STATUSES.length, 9);
  for (const status of CARD_STATUSES) assert.equal(isCardStatus(status), true);
  for (const reason of ["resource", "dependency", "review", "input", "system"])
    assert.equal(isWaitReason(reason), true);
  for (const junk of JUNK) {
    assert.equal(isCardStatus(junk), false);
    assert.equal(isWaitReason(junk), false);
  }
});

test("done, canceled and archived are closed, the others are not", () => {
  assert.deepEqual(CARD_STATUSES.filter(isClosed), ["done", "canceled", "archived"]);
});

test("R-68 one reader takes priorities as words, numbers and numeric texts, and nothing else", () => {
  const good: readonly (readonly [unknown, number])[] = [
    ["critical", 4],
    ["HIGH", 3],
    [" Medium ", 2],
    ["low", 1],
    [0, 0],
    [2.5, 2.5],
    ["2.5", 2.5],
    ["7", 7],
    [" 0 ", 0],
  ];
  for (const [value, priority] of good) assert.equal(parsePriority(value), priority, String(value));
  const bad = [
    null,
    undefined,
    -1,
    NaN,
    Infinity,
    -Infinity,
    "",
    "urgent",
    "-1",
    "1e3",
    "0x10",
    ".5",
    "1.",
    "NaN",
    true,
    [],
    {},
    "constructor",
  ];
  for (const value of bad) assert.equal(parsePriority(value), null);
});

test("a priority is shown as the word below it", () => {
  const shown = [0, 1, 1.9, 2, 2.9, 3, 3.9, 4, 99].map(priorityWord);
  assert.deepEqual(shown, [
    "low",
    "low",
    "low",
    "medium",
    "medium",
    "high",
    "high",
    "critical",
    "critical",
  ]);
});

test("a card id is short and cannot leave a folder", () => {
  for (const id of ["a", "ISSUE-1", "1.2_3", "x".repeat(64)]) assert.match(id, CARD_ID_PATTERN);
  for (const id of ["", ".", "..", "-a", "a/b", "a\\b", "a b", "ä", "a\n", "x".repeat(65)])
    assert.doesNotMatch(id, CARD_ID_PATTERN);
});

test("a slug is lower case with single dashes, never at its ends, and at most 40 characters", () => {
  assert.equal(slugOf("  Build the *Price* Engine!  "), "build-the-price-engine");
  assert.equal(slugOf("Äpfel & Birnen"), "pfel-birnen");
  assert.equal(slugOf("!!!"), "");
  assert.equal(slugOf(`${"a".repeat(39)} b`), "a".repeat(39));
  assert.equal(slugOf("x".repeat(99)).length, 40);
});

test("a build id is at most four names, none of which leaves its folder or enters a repository", () => {
  for (const id of ["build-work", "stone/one", "a/b/c/d"]) assert.ok(isBuildId(id), id);
  for (const id of ["", "a//b", "../a", "a/..", "/a", "a/b/c/d/e", "a.git/b", "x.GIT"])
    assert.ok(!isBuildId(id), id);
});
