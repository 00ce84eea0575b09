// The table of codes and the one exception.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError, ERROR_CODES, isErrorCode } from "./errors.ts";

test("every code is upper case and has a sentence of its own", () => {
  for (const [code, meaning] of Object.entries(ERROR_CODES)) {
    assert.match(code, /^[A-Z]+(?:_[A-Z]+)*$/);
    assert.match(meaning, /^[A-Z].*\.$/);
    assert.equal(isErrorCode(code), true);
  }
  const meanings = Object.values(ERROR_CODES);
  assert.equal(new Set(meanings).size, meanings.length);
});

test("what the prototype knows is no code", () => {
  for (const word of ["toString", "__proto__", "", "usage"]) assert.equal(isErrorCode(word), false);
});

test("a failure carries its code, its details and its cause", () => {
  const cause = new Error("disk");
  const error = new EngineError("STORE_FAILED", "The database failed.", {
    details: { table: "cards" },
    cause,
  });
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.code, error.message, error.details, error.cause],
    ["EngineError", "STORE_FAILED", "The database failed.", { table: "cards" }, cause],
  );
  assert.deepEqual(new EngineError("INTERNAL", "x").details, {});
});
