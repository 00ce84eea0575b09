import assert from "node:assert/strict";
import { test } from "node:test";
import { ERROR_CODES } from "../domain/errors.ts";
import { RUN_REASONS, RUN_STATUSES } from "../domain/run.ts";
import { EXIT, EXIT_CODES, exitCodeOfRun } from "./exit-codes.ts";

test("R-69 every error code ends with a code of the table, and none with success", () => {
  const known = new Set<number>(Object.values(EXIT).filter((code) => code !== EXIT.ok));
  assert.deepEqual(Object.keys(EXIT_CODES).toSorted(), Object.keys(ERROR_CODES).toSorted());
  for (const [code, exit] of Object.entries(EXIT_CODES)) assert.ok(known.has(exit), code);
});

test("R-69 a run ends 0 when it is done and only then", () => {
  for (const status of RUN_STATUSES) {
    for (const reason of [...RUN_REASONS, null])
      assert.equal(
        exitCodeOfRun({ status, reason }) === 0,
        status === "done",
        `${status} ${reason}`,
      );
  }
});

test("the end of a run says its kind to the shell", () => {
  const ends = [
    ["failed", "provider", 4],
    ["failed", "internal", 1],
    ["blocked", "stalled", 1],
    ["canceled", "requested", 1],
    ["paused", "approval", 6],
    ["paused", "interrupted", 130],
  ] as const;
  for (const [status, reason, code] of ends)
    assert.equal(exitCodeOfRun({ status, reason }), code, `${status} ${reason}`);
});
