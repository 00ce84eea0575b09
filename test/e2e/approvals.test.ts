// Calls that need a person: the question, the wait, the decision, and that an answer is good for one call only.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { decideApproval, waitingApprovals } from "../../src/app/approvals.ts";
import { createSimulatedClock } from "../../src/adapters/clock/simulated.ts";
import { moveCardByHand } from "../../src/app/edit-cards.ts";
import { stopRun } from "../../src/app/stop-run.ts";
import type { Approval } from "../../src/domain/approval.ts";
import { DEFAULT_RISK_POLICY } from "../../src/domain/governance.ts";
import type { RiskPolicy } from "../../src/domain/governance.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { TOOLS } from "../../src/app/tools/catalogue.ts";
import { createMovedClock, DAY_MS } from "../support/moved-clock.ts";
import { cardOf, openProject, statuses, types, workspace } from "../support/open-project.ts";
import type { TestEngine } from "../support/project.ts";
import { approve, call, openTestEngine, say, script, write } from "../support/project.ts";

const promote = (content: string) =>
  call("promote_prompt", { seat: "coder", content, model_family: "generic" });
const work = (id: string) => [write(`src/engines/${id}_engine.ts`, "1\n"), say("Done.")];
const PATCH = "prompts/coder/generic.txt";

const pending = async ({ engine }: TestEngine): Promise<readonly Approval[]> =>
  (await waitingApprovals(engine)).approvals;

async function onlyOne(engine: TestEngine): Promise<Approval> {
  const list = await pending(engine);
  assert.equal(list.length, 1);
  return list[0] as Approval;
}

async function decide(
  engine: TestEngine,
  decision: "allow" | "deny",
  reason: string | null = null,
): Promise<Approval> {
  const { id } = await onlyOne(engine);
  const decided = await decideApproval(engine.engine, { id, decision, reason, person: "me" });
  assert.ok(decided.ok);
  return decided.value;
}

const stored = async ({ engine }: TestEngine, id: string) =>
  engine.store.read(async ({ approvals }) => approvals.get(id));
const callsOf = ({ events }: TestEngine, tool: string): number =>
  events.filter(({ type, data }) => type === "tool-called" && data["tool"] === tool).length;
const asking = (policy: Partial<RiskPolicy>): RiskPolicy => ({ ...DEFAULT_RISK_POLICY, ...policy });

/** What the model was told of each call of the card's turns, in order. */
const resultsOf = async ({ engine }: TestEngine, card: string) =>
  engine.store.read(async ({ turns }) => {
    const results = [];
    for (const turn of await turns.list({ card, limit: 100 }))
      for (const step of await turns.steps(turn.id))
        for (const { result } of step.results) results.push(result);
    return results;
  });

const oneCard = (coder: readonly unknown[]) => ({
  issues: [{ id: "api" }],
  script: script({ api: { coder, guard: [approve] } }),
});

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
  const coder = ["A", "B", "C", "D"].map(promote);
  const engine = await openProject(context, oneCard([...coder, ...work("api")]));
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

/** Lets `meanwhile` happen before the model answers for that card the first time. */
function beforeReply(engine: TestEngine, card: string, meanwhile: () => Promise<void>): void {
  const { model } = engine.engine;
  let isFirst = true;
  const reply = async (...given: Parameters<typeof model.reply>) => {
    if (given[0].origin.card === card && isFirst) {
      isFirst = false;
      await meanwhile();
    }
    return model.reply(...given);
  };
  Object.assign(engine.engine, { model: { ...model, reply } });
}

const twoCards = (apiMoves: readonly unknown[]) => ({
  issues: [{ id: "api", priority: "high" }, { id: "ui" }],
  script: script({
    api: { coder: apiMoves, guard: [approve] },
    ui: { coder: work("ui"), guard: [approve] },
  }),
});

test("a waiting turn holds no slot: another card is worked on meanwhile, and the run takes the decision up by itself", async (context) => {
  const engine = await openProject(context, {
    ...twoCards([promote("Be brief."), ...work("api")]),
    options: { settings: { concurrency: 1 } },
  });
  beforeReply(engine, "ui", async () => void (await decide(engine, "allow")));
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.turns], ["done", 4]);
  assert.deepEqual(await statuses(engine), { api: "done", ui: "done" });
  assert.equal(readFileSync(join(engine.dir, PATCH), "utf8"), "Be brief.");
  assert.equal(types(engine).includes("run-paused"), false);
});

test("a decision of another process is noticed while another card's turn still runs", async (context) => {
  const engine = await openProject(context, {
    ...twoCards([promote("Be brief."), ...work("api")]),
    options: { limits: { decisionMs: 20 } },
  });
  const other = await openTestEngine(engine.dir);
  context.after(async () => other.close());
  const isTaken = () => callsOf(engine, "promote_prompt") === 1;
  beforeReply(engine, "ui", async () => {
    while ((await pending(engine)).length === 0) await setImmediate();
    await decide(other, "allow");
    while (!isTaken()) await setImmediate();
  });
  const run = await engine.run({ card: "work" });
  assert.equal(run.status, "done");
});

test("the run pauses only when no other card can be worked on, and each question goes on by itself", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }, { id: "db" }, { id: "ui" }, { id: "last", depends_on: ["api"] }],
    script: script({
      api: { coder: [promote("A"), ...work("api")], guard: [approve] },
      db: { coder: [promote("B"), ...work("db")], guard: [approve] },
      ui: { coder: work("ui"), guard: [approve] },
      last: { coder: work("last"), guard: [approve] },
    }),
  });
  const run = await engine.run({ card: "work" });
  assert.equal(run.reason, "approval");
  assert.deepEqual(await statuses(engine), {
    api: "in_progress",
    db: "in_progress",
    ui: "done",
    last: "ready",
  });
  assert.match(
    run.detail ?? "",
    /api waits for a decision.*\ndb waits for a decision.*\nlast is ready — waits for api/,
  );
  const [first] = await pending(engine);
  assert.equal(first?.card, "api");
  await decideApproval(engine.engine, {
    id: first?.id ?? "",
    decision: "allow",
    reason: null,
    person: "me",
  });
  const second = await engine.resume(run.id);
  assert.equal(second.reason, "approval");
  assert.deepEqual(await statuses(engine), {
    api: "done",
    db: "in_progress",
    ui: "done",
    last: "done",
  });
  await decide(engine, "deny");
  assert.equal((await engine.resume(run.id)).status, "done");
});

test("a run that is canceled while it waits makes the question void, and nothing can be decided any more", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  const run = await engine.run({ card: "work" });
  const { id } = await onlyOne(engine);
  const stopped = await stopRun(engine.engine, {
    run: run.id,
    wish: "cancel",
    by: "human:me",
    isOwnerGone: () => true,
  });
  assert.equal(stopped.ok && stopped.value.status, "canceled");
  assert.deepEqual([(await stored(engine, id))?.state, await pending(engine)], ["void", []]);
  const late = await decideApproval(engine.engine, {
    id,
    decision: "allow",
    reason: null,
    person: "me",
  });
  assert.equal(late.ok ? "" : late.error.code, "APPROVAL_VOID");
  assert.equal(existsSync(join(engine.dir, PATCH)), false);
});

test("a decision about a turn that has ended makes the question void, with its event", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  await engine.run({ card: "work" });
  const { id, turn } = await onlyOne(engine);
  const { store } = engine.engine;
  const end = {
    status: "dropped",
    outcome: "x",
    commit: null,
    at: "2026-01-01T00:00:00.000Z",
  } as const;
  await store.transaction(async ({ turns }) => turns.finish(turn ?? "", end));
  const late = await decideApproval(engine.engine, {
    id,
    decision: "allow",
    reason: null,
    person: "me",
  });
  assert.equal(late.ok ? "" : late.error.code, "APPROVAL_VOID");
  const found = await stored(engine, id);
  assert.deepEqual([found?.state, found?.decidedBy], ["void", "engine"]);
  const [event] = await store.read(async ({ events }) =>
    events.list({ types: ["approval-decided"], after: 0, limit: 9 }),
  );
  assert.deepEqual([event?.turn, event?.data["state"]], [turn, "void"]);
});

test("a card that a person moves away while its turn waits ends the turn and the question", async (context) => {
  const engine = await openProject(context, twoCards([promote("Be brief."), ...work("api")]));
  beforeReply(engine, "ui", async () => {
    while ((await pending(engine)).length === 0) await setImmediate();
    const moved = await moveCardByHand(engine.engine, {
      card: "api",
      build: null,
      to: "canceled",
      waitReason: null,
      detail: null,
      person: "me",
      verificationRequired: false,
    });
    assert.ok(moved.ok);
  });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, await statuses(engine)], ["done", { api: "canceled", ui: "done" }]);
  assert.deepEqual(await pending(engine), []);
  const [asked] = await engine.engine.store.read(async ({ approvals }) =>
    approvals.list({ limit: 9 }),
  );
  assert.equal(asked?.state, "void");
  const [turn] = await engine.engine.store.read(async ({ turns }) =>
    turns.list({ card: "api", limit: 9 }),
  );
  assert.equal(turn?.status, "dropped");
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

test("path and tool rules of the project ask too: nothing is written, and no review is decided, before a person says so", async (context) => {
  const law = "docs/law/terms.md";
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({
      api: {
        coder: [write("docs/a.md", "a\n"), write(law, "law\n"), say("Done.")],
        guard: [approve],
      },
    }),
    options: {
      settings: {
        riskPolicy: asking({
          byTool: { update_issue_status: "ask" },
          byPath: [{ glob: "docs/law/**", read: null, write: "ask" }],
        }),
      },
    },
  });
  const run = await engine.run({ card: "work" });
  const there = (path: string): boolean => existsSync(join(workspace(engine.dir), path));
  assert.deepEqual([run.reason, there("docs/a.md"), there(law)], ["approval", true, false]);
  assert.equal((await onlyOne(engine)).reason, "path docs/law/**");
  await decide(engine, "allow");
  const second = await engine.resume(run.id);
  assert.deepEqual([second.reason, there(law)], ["approval", true]);
  assert.deepEqual(await statuses(engine), { api: "code_review" });
  const { tool, turn } = await decide(engine, "allow");
  assert.equal(tool, "update_issue_status");
  const third = await engine.resume(run.id);
  assert.deepEqual(
    [third.status, third.turns, await statuses(engine)],
    ["done", 2, { api: "done" }],
  );
  const reviewed = await engine.engine.store.read(async ({ turns }) => turns.get(turn ?? ""));
  assert.equal(reviewed?.status, "committed");
});

test("a turn that waited knows what it had read: a file that changed meanwhile is not overwritten", async (context) => {
  const path = "docs/a.md";
  const engine = await openProject(
    context,
    oneCard([
      write(path, "mine\n"),
      promote("Be brief."),
      write(path, "mine again\n"),
      say("Done."),
    ]),
  );
  const run = await engine.run({ card: "work" });
  writeFileSync(join(workspace(engine.dir), path), "somebody else\n");
  await decide(engine, "allow");
  await engine.resume(run.id);
  const results = await resultsOf(engine, "api");
  assert.match(JSON.stringify(results[2]), /stale/);
  assert.equal(readFileSync(join(workspace(engine.dir), path), "utf8"), "somebody else\n");
});

test("the same call a third time is a loop, also when a person was asked in between", async (context) => {
  const same = Array.from({ length: 4 }, () => promote("Be brief."));
  const engine = await openProject(context, {
    issues: [{ id: "api", max_retries: 0 }],
    script: script({ api: { coder: same, guard: [approve] } }),
  });
  let run = await engine.run({ card: "work" });
  for (let count = 0; count < 2; count += 1) {
    await decide(engine, "deny");
    run = await engine.resume(run.id);
  }
  assert.deepEqual([run.status, types(engine).includes("loop-detected")], ["blocked", true]);
  assert.deepEqual(await pending(engine), []);
});

test("the time a card waits for a person counts for no budget", async (context) => {
  const clock = createMovedClock();
  const card = { ...NO_BUDGET, minutesMax: 60 };
  const engine = await openProject(context, {
    ...oneCard([promote("A"), promote("B"), ...work("api")]),
    options: {
      replace: { clock },
      settings: { approvalMs: 9 * DAY_MS, budgets: { run: NO_BUDGET, card } },
    },
  });
  let run = await engine.run({ card: "work", budget: { ...NO_BUDGET, minutesMax: 60 } });
  for (const _ of ["A", "B"]) {
    clock.pass(DAY_MS);
    await decide(engine, "allow");
    clock.pass(DAY_MS);
    run = await engine.resume(run.id);
  }
  assert.deepEqual([run.status, run.detail], ["done", null]);
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
