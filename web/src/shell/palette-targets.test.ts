// What the palette finds, and in which order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findTargets, targetsOf } from "./palette-targets.ts";

const CARDS = [
  { id: "API-1", build: "stone/shop", summary: "Answer & carry", kind: "issue" },
  { id: "shop", build: "stone/shop", summary: "Shop", kind: "epic" },
] as const;
const RUNS = [{ id: "run-9", card: "shop", status: "done" }] as const;
const names = (typed: string): readonly string[] =>
  findTargets(targetsOf(CARDS, RUNS), typed).map(({ kind, name }) => `${kind} ${name}`);

test("pages, issues and runs are found by every word, in any order and case", () => {
  assert.deepEqual(names("CARRY api"), ["Card API-1 Answer & carry"]);
  assert.deepEqual(names("run shop"), ["Run run-9 shop done"]);
  assert.deepEqual(names("usage"), ["Page Usage"]);
  assert.deepEqual(names("nothing like it"), []);
});

test("a name that begins so stands first, and few are shown", () => {
  assert.equal(names("run")[0], "Page Runs");
  assert.ok(names("").length <= 12);
  assert.equal(names("")[0], "Page Board");
});

test("an address holds whatever a build's name holds", () => {
  const [found] = findTargets(targetsOf(CARDS, RUNS), "carry");
  assert.equal(found?.path, "/board?card=stone%2Fshop%3AAPI-1");
});
