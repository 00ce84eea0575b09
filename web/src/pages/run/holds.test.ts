// What comes from the stream is looked through as the server looks through what it has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { holds } from "./holds.ts";

const event = {
  type: "tool-called",
  card: "LEDG-7",
  actor: "agent:coder",
  data: { path: "src/Ledger.ts" },
} as const;

test("words are found in type, card, actor and data, without regard to case", () => {
  for (const words of ["", "TOOL-called", "ledg-7", "agent:CODER", "src/ledger.ts"])
    assert.ok(holds(event, words), words);
  for (const words of ["nothing", "ledg-8", "2026"]) assert.ok(!holds(event, words), words);
  assert.ok(!holds({ ...event, card: null }, "LEDG-7"));
});
