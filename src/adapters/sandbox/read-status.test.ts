// Both forms of the status, and what is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isWell, readStatus } from "./read-status.ts";

const ROWS = [
  { Service: "web", State: "running", Health: "healthy", ExitCode: 0, Publishers: [] },
  { Service: "db", State: "exited", Health: "", ExitCode: 137 },
];
const READ = [
  { service: "db", state: "exited", health: null, exitCode: 137 },
  { service: "web", state: "running", health: "healthy", exitCode: null },
];

test("R-56 an array and one object per line are the same", () => {
  const lines = ROWS.map((row) => JSON.stringify(row)).join("\n");
  for (const text of [JSON.stringify(ROWS), JSON.stringify(ROWS, null, 2), lines, `${lines}\n`])
    assert.deepEqual(readStatus(text), { ok: true, value: READ });
  for (const text of ["", "\n", "[]"]) assert.deepEqual(readStatus(text), { ok: true, value: [] });
});

test("what is no status is refused", () => {
  for (const text of ["null", "nonsense", "{}", "[1]", '{"Service":"a"}', "[{]", '{"a":1}\n}'])
    assert.equal(readStatus(text).ok, false, text);
});

test("only what runs and does not fail its check is well", () => {
  const one = { service: "a", state: "running", health: null, exitCode: null } as const;
  assert.deepEqual(
    [
      one,
      { ...one, health: "starting" as const },
      { ...one, health: "unhealthy" as const },
      { ...one, state: "exited" },
    ].map(isWell),
    [true, true, false, false],
  );
});
