// Refusals are values.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ok, refuse } from "./result.ts";

test("a result is a value or a coded refusal", () => {
  assert.deepEqual(ok(5), { ok: true, value: 5 });
  assert.deepEqual(refuse("CARD_UNKNOWN", "No card x.", { card: "x" }), {
    ok: false,
    error: { code: "CARD_UNKNOWN", message: "No card x.", details: { card: "x" } },
  });
  assert.deepEqual(refuse("CARD_UNKNOWN", "No card.").error.details, {});
});
