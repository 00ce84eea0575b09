// The vocabulary of the event log.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_TYPES, GENESIS_HASH } from "./events.ts";

test("event types are dashed words, each once", () => {
  for (const type of EVENT_TYPES) assert.match(type, /^[a-z]+(?:-[a-z]+)+$/);
  assert.equal(new Set(EVENT_TYPES).size, EVENT_TYPES.length);
});

test("the chain begins with 64 zeros", () => {
  assert.match(GENESIS_HASH, /^0{64}$/);
});
