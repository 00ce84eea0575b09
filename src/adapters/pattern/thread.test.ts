// Patterns of people, matched within limits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createThreadPatterns } from "./thread.ts";

const { match } = createThreadPatterns(2000);

test("says whether a text matches, and what is no pattern", async () => {
  assert.equal(await match({ pattern: "^a\\d+$", text: "a12" }), "match");
  assert.equal(await match({ pattern: "^a\\d+$", text: "b" }), "no-match");
  assert.equal(await match({ pattern: "(", text: "b" }), "invalid");
});

test("ends a pattern that takes for ever, or all memory", async () => {
  const impatient = createThreadPatterns(200);
  const text = `${"a".repeat(50)}!`;
  assert.equal(await impatient.match({ pattern: "^(a+)+$", text }), "too-slow");
  assert.equal(await match({ pattern: "^a+!$", text }), "match", "the next one is answered");
});
