// Calls that need a person: the question, the decision, and that an answer is good for one call only.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { decideApproval } from "../../src/app/approvals.ts";
import { createSimulatedClock } from "../../src/adapters/clock/simulated.ts";
import { TOOLS } from "../../src/app/tools/catalogue.ts";
import { cardOf, openProject, types } from "../support/open-project.ts";
import { call, write } from "../support/project.ts";
import {
  promote,
  work,
  PATCH,
  pending,
  onlyOne,
  decide,
  stored,
  callsOf,
  resultsOf,
  oneCard,
} from "../support/approval-scene.ts";

test("a call that needs a person pauses the run, and is made once and in the same turn when it is allowed", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason, run.endedAt], ["paused", "approval", null]);
  assert.equal(existsSync(join(engine.dir, PATCH)), false);
  const asked = await onlyOne(engine);
  assert.match(
    run.detail ?? "",
    new RegExp(
      `^api waits for a decision on promote_prompt coder .*orket approvals allow ${asked.id}`,
    ),
  );
  assert.deepEqual(
    [asked.kind, asked.run, asked.card, asked.step, asked.call, asked.tool, asked.riskClass],
    ["tool", run.id, "api", 1, "call-1-1", "promote_prompt", "sensitive"],
  );
  assert.deepEqual([asked.epoch, asked.reason], [run.epoch, "class sensitive"]);
  assert.equal(Date.parse(asked.expiresAt) - Date.parse(asked.requestedAt), 24 * 3_600_000);
  await decide(engine, "allow", "go ahead");
  const resumed = await engine.resume(run.id);
  assert.deepEqual([resumed.status, resumed.turns], ["done", 2]);
  assert.equal(readFileSync(join(engine.dir, PATCH), "utf8"), "Be brief.");
  assert.equal(callsOf(engine, "promote_prompt"), 1);
  const after = await stored(engine, asked.id);
  assert.deepEqual(
    [after?.state, after?.decidedBy, after?.usedAt !== null],
    ["allowed", "human:me", true],
  );
  const called = engine.events.find(
    ({ data }) => data["tool"] === "promote_prompt" && data["verdict"] === "allow",
  );
  assert.equal(called?.data["approval"], asked.id);
  const chain = await engine.engine.store.verifyChain();
  assert.equal(chain.valid, true);
});

test("a resume before anybody decided pauses again at once, without a call to the model or a second question", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  const run = await engine.run({ card: "work" });
  const { id } = await onlyOne(engine);
  const again = await engine.resume(run.id);
  assert.deepEqual([again.status, again.reason, again.detail], ["paused", "approval", run.detail]);
  assert.equal((await onlyOne(engine)).id, id);
  assert.equal(types(engine).filter((type) => type === "model-called").length, 1);
  assert.equal(types(engine).filter((type) => type === "turn-started").length, 1);
});

test("what a person denies is told to the model with the reason, and breaks no rule however often", async (context) => {
  // The gate's own denial after them is the first of the three that end a turn.
  const coder = [...["A", "B", "C", "D"].map(promote), write("main.ts", "1\n"), ...work("api")];
  const engine = await openProject(context, oneCard(coder));
  let run = await engine.run({ card: "work" });
  for (const content of ["A", "B", "C", "D"]) {
    assert.equal((await onlyOne(engine)).arguments["content"], content);
    await decide(engine, "deny", `not ${content}`);
    run = await engine.resume(run.id);
  }
  assert.equal(run.status, "done");
  assert.deepEqual(
    (await resultsOf(engine, "api")).slice(0, 4),
    ["A", "B", "C", "D"].map((content) => ({
      ok: false,
      code: "denied",
      error: `A person denied promote_prompt: not ${content}. Go on without it.`,
    })),
  );
  assert.equal(callsOf(engine, "promote_prompt"), 0);
  assert.equal(existsSync(join(engine.dir, PATCH)), false);
  assert.equal((await cardOf(engine, "api"))?.retryCount, 0);
});

test("a question that nobody answers in time is a no, and a later decision is refused", async (context) => {
  const clock = createSimulatedClock(Date.now());
  const engine = await openProject(context, {
    ...oneCard([promote("Be brief."), ...work("api")]),
    options: { replace: { clock }, settings: { approvalMs: 60_000 } },
  });
  const run = await engine.run({ card: "work" });
  const { id } = await onlyOne(engine);
  await clock.advance(59_999);
  assert.equal((await engine.resume(run.id)).reason, "approval");
  await clock.advance(1);
  assert.deepEqual(await pending(engine), []);
  const late = await decideApproval(engine.engine, {
    id,
    decision: "allow",
    reason: null,
    person: "me",
  });
  assert.equal(late.ok ? "" : late.error.code, "APPROVAL_EXPIRED");
  const resumed = await engine.resume(run.id);
  assert.equal(resumed.status, "done");
  const [told] = await resultsOf(engine, "api");
  assert.match(JSON.stringify(told), /"code":"denied".*in time|in time.*"code":"denied"/);
  assert.equal(existsSync(join(engine.dir, PATCH)), false);
  const decided = await engine.engine.store.read(async ({ events }) =>
    events.list({ types: ["approval-decided"], after: 0, limit: 10 }),
  );
  assert.deepEqual(
    decided.map(({ actor, data }) => [actor, data["state"]]),
    [["engine", "expired"]],
  );
});

test("a run that finds a question out of time closes it itself", async (context) => {
  const clock = createSimulatedClock(Date.now());
  const engine = await openProject(context, {
    ...oneCard([promote("Be brief."), ...work("api")]),
    options: { replace: { clock } },
  });
  const run = await engine.run({ card: "work" });
  const { id } = await onlyOne(engine);
  await clock.advance(24 * 3_600_000);
  assert.equal((await engine.resume(run.id)).status, "done");
  assert.equal((await stored(engine, id))?.state, "expired");
  assert.equal(types(engine).filter((type) => type === "approval-decided").length, 1);
});

test("an answer is good for one call: other arguments, and the same ones again, are asked about anew", async (context) => {
  const coder = [promote("A"), promote("B"), promote("A"), ...work("api")];
  const engine = await openProject(context, oneCard(coder));
  let run = await engine.run({ card: "work" });
  const hashes: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    assert.equal(run.reason, "approval");
    hashes.push((await decide(engine, "allow")).argsHash);
    run = await engine.resume(run.id);
  }
  assert.equal(run.status, "done");
  assert.deepEqual([hashes[0] === hashes[1], hashes[0] === hashes[2]], [false, true]);
  assert.equal(callsOf(engine, "promote_prompt"), 3);
});

test("an answer does not cover a call whose arguments were changed since it was asked about", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  const run = await engine.run({ card: "work" });
  await decide(engine, "allow");
  const database = new DatabaseSync(join(engine.dir, ".orket/orket.db"));
  database.exec("UPDATE turn_steps SET calls = replace(calls, 'Be brief.', 'Obey me.')");
  database.close();
  const again = await engine.resume(run.id);
  assert.equal(again.reason, "approval");
  assert.equal((await onlyOne(engine)).arguments["content"], "Obey me.");
  assert.equal(existsSync(join(engine.dir, PATCH)), false);
});

test("a run that asks nobody answers with no at once, keeps the question, and goes on so after a resume", async (context) => {
  const coder = [promote("A"), promote("B"), ...work("api")];
  const engine = await openProject(context, oneCard(coder));
  const stop = new AbortController();
  const { model } = engine.engine;
  Object.assign(engine.engine, {
    model: {
      ...model,
      reply: async (...given: Parameters<typeof model.reply>) => {
        if (types(engine).includes("tool-denied")) stop.abort();
        return model.reply(...given);
      },
    },
  });
  const run = await engine.run({ card: "work", approve: "deny" }, stop.signal);
  assert.equal(run.reason, "interrupted");
  const resumed = await engine.resume(run.id);
  assert.equal(resumed.status, "done");
  const told = (await resultsOf(engine, "api")).slice(0, 2);
  for (const result of told) assert.match(JSON.stringify(result), /approval_needed/);
  assert.deepEqual(await pending(engine), []);
  const asked = await engine.engine.store.read(async ({ approvals }) =>
    approvals.list({ limit: 10 }),
  );
  assert.deepEqual(
    asked.map(({ state, decidedBy }) => [state, decidedBy]),
    [
      ["denied", "engine"],
      ["denied", "engine"],
    ],
  );
  for (const type of ["approval-requested", "approval-decided", "tool-denied"])
    assert.equal(types(engine).filter((one) => one === type).length, 2, type);
});

test("the first decision stands, an unknown id is said to be one, and every decision names who made it", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  await engine.run({ card: "work" });
  const { id } = await onlyOne(engine);
  const answers = await Promise.all(
    (["allow", "deny", "allow"] as const).map((decision, place) =>
      decideApproval(engine.engine, { id, decision, reason: null, person: `p${place}` }),
    ),
  );
  assert.deepEqual(
    answers.map((one) => (one.ok ? one.value.state : one.error.code)),
    ["allowed", "APPROVAL_DECIDED", "APPROVAL_DECIDED"],
  );
  const [, second] = answers;
  assert.match(second?.ok === false ? second.error.message : "", /was allowed by human:p0 at/);
  const unknown = await decideApproval(engine.engine, {
    id: "approval-x",
    decision: "allow",
    reason: null,
    person: "me",
  });
  assert.equal(unknown.ok ? "" : unknown.error.code, "APPROVAL_UNKNOWN");
  const decided = await engine.engine.store.read(async ({ events }) =>
    events.list({ types: ["approval-decided"], after: 0, limit: 9 }),
  );
  assert.deepEqual(
    decided.map(({ actor, data }) => [actor, data["approval"]]),
    [["human:p0", id]],
  );
});

test("no tool decides, and no role can ask for one", async (context) => {
  const names = [...TOOLS.keys()];
  assert.deepEqual(
    names.filter((name) => /approv|allow|decide/.test(name)),
    [],
  );
  const engine = await openProject(
    context,
    oneCard([promote("Be brief."), call("approvals_allow", { id: "approval-1" }), ...work("api")]),
  );
  const run = await engine.run({ card: "work" });
  await decide(engine, "deny");
  assert.equal((await engine.resume(run.id)).status, "done");
  assert.match(JSON.stringify((await resultsOf(engine, "api"))[1]), /tool_unknown/);
});
