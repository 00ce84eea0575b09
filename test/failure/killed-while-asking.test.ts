// Approvals over processes and crashes: the answer is there afterwards, and the call is made once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { EngineError } from "../../src/domain/errors.ts";
import { openProject, statuses } from "../support/open-project.ts";
import { approve, call, openTestEngine, script } from "../support/project.ts";
import {
  promote,
  work,
  PATCH,
  decide,
  stored,
  callsOf,
  asking,
  oneCard,
} from "../support/approval-scene.ts";

test("a second process on the same project sees the question, and the first one's turn goes on in it", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  const run = await engine.run({ card: "work" });
  const other = await openTestEngine(engine.dir);
  context.after(async () => other.close());
  const asked = await decide(other, "allow");
  const resumed = await other.resume(run.id);
  assert.deepEqual([resumed.status, resumed.turns], ["done", 2]);
  assert.equal(asked.epoch, run.epoch);
  assert.equal(callsOf(other, "promote_prompt"), 1);
  assert.equal(readFileSync(join(engine.dir, PATCH), "utf8"), "Be brief.");
});

/** As a crash leaves it that came after the answer was taken and the call was recorded as begun. */
async function crashedAfterBegin(context: TestContext) {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  const run = await engine.run({ card: "work" });
  const { id, turn } = await decide(engine, "allow");
  const { store, ids } = engine.engine;
  const effect = { path: "coder/generic", before: null, after: ids.digest("Be brief.") };
  await store.transaction(async ({ turns, approvals }) => {
    await approvals.use(id, new Date().toISOString());
    await turns.beginCall(turn ?? "", 1, "call-1-1", effect);
  });
  return { engine, run };
}

test("an allowed call that a crash cut off before it happened is made after it, without a second question", async (context) => {
  const { engine, run } = await crashedAfterBegin(context);
  const resumed = await engine.resume(run.id);
  assert.deepEqual([resumed.status, callsOf(engine, "promote_prompt")], ["done", 1]);
  assert.equal(readFileSync(join(engine.dir, PATCH), "utf8"), "Be brief.");
});

test("an allowed call that a crash cut off after it happened is not made again", async (context) => {
  const { engine, run } = await crashedAfterBegin(context);
  await engine.engine.stateFiles.writePromptPatch("coder", "generic", "Be brief.");
  const resumed = await engine.resume(run.id);
  assert.deepEqual([resumed.status, callsOf(engine, "promote_prompt")], ["done", 0]);
});

test("a call inside the store is made once with its answer, in one transaction", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui", depends_on: ["api"] }],
    script: script({
      api: {
        coder: [call("create_issue", { seat: "coder", summary: "One more thing" }), ...work("api")],
        guard: [approve],
      },
      ui: { coder: work("ui"), guard: [approve] },
    }),
    options: { settings: { riskPolicy: asking({ byTool: { create_issue: "ask" } }) } },
  });
  const run = await engine.run({ card: "api" });
  const counted = async () => Object.keys(await statuses(engine)).length;
  assert.deepEqual([run.reason, await counted()], ["approval", 2]);
  const { id } = await decide(engine, "allow");
  // A full disk at that very transaction: neither the card nor the use of the answer is kept.
  const { store } = engine.engine;
  const failing: typeof store = {
    ...store,
    transaction: async (work, fence) =>
      store.transaction(async (transaction) => {
        const finishCall = async () => {
          throw new EngineError("STORE_FULL", "The disk is full.");
        };
        return work({ ...transaction, turns: { ...transaction.turns, finishCall } });
      }, fence),
  };
  Object.assign(engine.engine, { store: failing });
  assert.equal((await engine.resume(run.id)).status, "failed");
  Object.assign(engine.engine, { store });
  assert.deepEqual([(await stored(engine, id))?.usedAt, await counted()], [null, 2]);
  assert.equal((await engine.resume(run.id)).status, "done");
  assert.deepEqual([(await stored(engine, id))?.usedAt === null, await counted()], [false, 3]);
});
