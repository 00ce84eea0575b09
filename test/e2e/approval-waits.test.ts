// Cards that wait for a person: what the run does meanwhile, and what becomes of their turns.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { decideApproval } from "../../src/app/approvals.ts";
import { moveCardByHand } from "../../src/app/edit-cards.ts";
import { stopRun } from "../../src/app/stop-run.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { createMovedClock, DAY_MS } from "../support/moved-clock.ts";
import { openProject, statuses, types, workspace } from "../support/open-project.ts";
import { approve, openTestEngine, say, script, write } from "../support/project.ts";
import {
  promote,
  work,
  PATCH,
  pending,
  onlyOne,
  decide,
  stored,
  callsOf,
  asking,
  resultsOf,
  oneCard,
  beforeReply,
  twoCards,
} from "../support/approval-scene.ts";

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

test("a cancel that comes while the run is about to wait for a person is not lost", async (context) => {
  const engine = await openProject(context, {
    ...oneCard([promote("Be brief."), ...work("api")]),
    options: { limits: { wishMs: 600_000 } },
  });
  beforeReply(engine, "api", async () => {
    const [run] = await engine.engine.store.read(async ({ runs }) => runs.list({ limit: 1 }));
    assert.ok(run);
    await engine.engine.store.transaction(async ({ runs }) => runs.want(run.id, "cancel"));
  });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["canceled", "requested"]);
  assert.deepEqual(await statuses(engine), { api: "ready" });
});
