// The states of a run, against the table of system.md 4.2.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addUsage, decideRunMove, isActive, NO_USAGE, RUN_STATUSES } from "./run.ts";

const TABLE = `
queued running canceled failed
running done blocked failed paused canceled
paused running canceled
blocked running
failed running
done
canceled
`;

test("a run moves as the table says and in no other way", () => {
  const allowed = new Set(
    TABLE.trim()
      .split("\n")
      .flatMap((line) => {
        const [from, ...to] = line.split(" ");
        return to.map((status) => `${from} ${status}`);
      }),
  );
  for (const from of RUN_STATUSES) {
    for (const to of RUN_STATUSES) {
      const answer = decideRunMove({ id: "run-1", status: from }, to);
      assert.equal(answer.ok, allowed.has(`${from} ${to}`), `${from} → ${to}`);
      if (answer.ok) assert.equal(answer.value, to);
      else
        assert.deepEqual(
          [answer.error.code, answer.error.details],
          ["RUN_STATE", { run: "run-1", from, to }],
        );
    }
  }
});

test("R-12 done and canceled are final", () => {
  for (const from of ["done", "canceled"] as const)
    for (const to of RUN_STATUSES)
      assert.equal(decideRunMove({ id: "r", status: from }, to).ok, false);
});

test("queued, running and paused runs hold their builds", () => {
  assert.deepEqual(RUN_STATUSES.filter(isActive), ["queued", "running", "paused"]);
});

test("usage adds up", () => {
  const usage = { inputTokens: 3, outputTokens: 5, costUsd: 0.5 };
  assert.deepEqual(addUsage(addUsage(NO_USAGE, usage), usage), {
    inputTokens: 6,
    outputTokens: 10,
    costUsd: 1,
  });
});
