// The organization loop on a real project: what it takes first, and what it leaves alone.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { decideApproval, waitingApprovals } from "../../src/app/approvals.ts";
import { moveCardByHand } from "../../src/app/edit-cards.ts";
import { runOrganizationLoop } from "../../src/app/organization-loop.ts";
import { startRun } from "../../src/app/start-run.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import {
  detailOf,
  done,
  epicAt,
  of,
  openScene,
  refuses,
  REQUEST,
  stopAtOnce,
} from "../support/loop-scene.ts";
import { statuses } from "../support/open-project.ts";
import type { TestEngine } from "../support/project.ts";
import { approve, call, epicFile, openTestEngine } from "../support/project.ts";

test("R-01 over all departments the epic with the most critical card comes first, until nothing is left", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/low", [{ id: "low-1", priority: 1 }]),
      ...epicAt("ops/epics/high", [{ id: "high-1", priority: 4 }]),
      // Priority 1 and two that wait for it.
      ...epicAt("core/epics/middle", [
        { id: "m-1", priority: 1 },
        { id: "m-2", priority: 1, depends_on: ["m-1"] },
        { id: "m-3", priority: 1, depends_on: ["m-2"] },
      ]),
    },
    cards: Object.fromEntries(["low-1", "high-1", "m-1", "m-2", "m-3"].map((id) => [id, done(id)])),
  });
  const { ended, said } = await loop(stopAtOnce);
  assert.deepEqual(
    ended.map((run) => [run?.card, run?.status]),
    [
      ["high", "done"],
      ["middle", "done"],
      ["low", "done"],
    ],
  );
  const chosen = of(opened.events, "loop-card-chosen");
  assert.deepEqual(
    chosen.map(({ card, run, build, data }) => [
      card,
      run,
      build,
      data["score"],
      data["department"],
    ]),
    [
      ["high-1", ended[0]?.id, "build-high", 4, "ops"],
      ["m-1", ended[1]?.id, "build-middle", 3, "core"],
      ["low-1", ended[2]?.id, "build-low", 1, "core"],
    ],
  );
  assert.deepEqual([of(opened.events, "loop-started").length, said.length], [1, 1]);
  assert.equal((await opened.engine.store.verifyChain()).valid, true);
});

test("an epic that was written while the loop idles is worked on at the next look", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/one", [{ id: "one-1" }]),
    cards: { "one-1": done("one-1"), "two-1": done("two-1") },
  });
  const { ended } = await loop(async (count, stop) => {
    if (count === 2) return stop();
    const text = stringify(epicFile([{ id: "two-1" }]));
    await writeFile(join(opened.dir, "model/core/epics/two.yaml"), text);
  });
  assert.deepEqual(
    ended.map((run) => run?.card),
    ["one", "two"],
  );
});

test("an epic whose run blocked is left alone until a card of it changes, also by a loop that starts anew", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/bad", [{ id: "bad-1", priority: 3, max_retries: 0 }]),
      ...epicAt("core/epics/good", [{ id: "good-1" }]),
      ...epicAt("core/epics/bad-too", [
        { id: "more", priority: 2 },
        { id: "bad-2", max_retries: 0 },
      ]),
    },
    cards: {
      "bad-1": refuses(...done("bad-1").coder),
      "bad-2": refuses(),
      more: done("more"),
      "good-1": done("good-1"),
    },
  });
  const first = await loop((count, stop) => (count === 3 ? stop() : undefined));
  assert.deepEqual(
    first.ended.map((run) => [run?.card, run?.status]),
    [
      ["bad", "blocked"],
      ["bad-too", "blocked"],
      ["good", "done"],
    ],
  );
  const second = await loop(async (count, stop) => {
    if (count === 2) return stop();
    const command = { build: null, waitReason: null, detail: null, person: "me" };
    const request = { ...command, card: "bad-1", to: "ready", verificationRequired: false };
    const moved = await moveCardByHand(opened.engine, request);
    assert.ok(moved.ok);
  });
  assert.deepEqual(
    second.ended.map((run) => [run?.card, run?.status]),
    [["bad", "done"]],
  );
  assert.deepEqual(of(opened.events, "loop-epic-skipped"), []);
});

test("an epic with ready cards behind a blocked run is skipped with the cause, once, until its asset changes", async (context) => {
  const epics = epicAt("core/epics/work", [{ id: "a" }, { id: "b" }, { id: "c" }]);
  const { opened, loop } = await openScene(context, {
    epics,
    cards: Object.fromEntries(["a", "b", "c"].map((id) => [id, done(id)])),
  });
  Object.assign(opened.engine.settings.limits, { turnsPerRunMax: 2 });
  const { ended } = await loop(async (count, stop) => {
    if (count < 3) return;
    if (count === 6) return stop();
    const text = stringify(epicFile([{ id: "a" }, { id: "b" }, { id: "c", priority: count }]));
    await writeFile(join(opened.dir, "model/core/epics/work.yaml"), text);
  });
  const skipped = of(opened.events, "loop-epic-skipped");
  assert.deepEqual(
    [skipped[0]?.data["reason"], skipped[0]?.run, skipped[0]?.data["epic"]],
    ["cause-unchanged", ended[0]?.id, "work"],
  );
  assert.match(detailOf(skipped[0]), /ended blocked \(turn-limit\)/);
  // Each change of the file is one more run of two turns; the three idle waits before it were one word.
  assert.deepEqual(
    ended.map((run) => [run?.status, run?.turns]),
    [
      ["blocked", 2],
      ["blocked", 2],
      ["done", 2],
    ],
  );
  assert.equal(skipped.length, 2);
});

test("an epic whose run used up its budget is left alone, until a loop may spend something else", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/work", [{ id: "api" }]),
    cards: {
      api: {
        coder: [
          { ...(call("list_directory", {}) as object), usage: { input: 900, output: 100 } },
          ...done("api").coder,
        ],
        guard: [approve],
      },
    },
  });
  const spend = async (tokensMax: number) => {
    const { ended } = await loop(stopAtOnce, { budget: { ...NO_BUDGET, tokensMax } });
    return ended.map((run) => run?.reason);
  };
  assert.deepEqual(await spend(1000), ["budget"]);
  assert.deepEqual(await spend(1000), []);
  assert.deepEqual(await spend(100_000), ["complete"]);
  assert.match(detailOf(of(opened.events, "loop-epic-skipped").at(-1)), /ended blocked \(budget\)/);
});

test("a build that another run holds is skipped, and left alone when somebody canceled that run", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/held", [{ id: "h-1", priority: 3 }]),
      ...epicAt("core/epics/free", [{ id: "f-1" }]),
    },
    cards: { "h-1": done("h-1"), "f-1": done("f-1") },
  });
  const { engine } = opened;
  const request = { card: "held", build: null, department: null, restart: false, model: null };
  const started = await startRun(engine, { ...request, budget: NO_BUDGET });
  assert.ok(started.ok);
  const { id } = started.value;
  const { ended } = await loop(async (count, stop) => {
    if (count === 3) return stop();
    if (count === 2) await endRun(engine, id, "canceled");
  });
  assert.deepEqual(
    ended.map((run) => [run?.card, run?.status]),
    [["free", "done"]],
  );
  const skipped = of(opened.events, "loop-epic-skipped");
  assert.deepEqual(
    skipped.map(({ run, data }) => [run, data["reason"]]),
    [
      [id, "active-run"],
      [id, "cause-unchanged"],
    ],
  );
});

/** As a person's command would end it. */
const endRun = async ({ store }: TestEngine["engine"], id: string, status: "canceled") =>
  store.transaction(async ({ runs, events }) => {
    const run = await runs.get(id);
    assert.ok(run);
    const at = "2026-01-01T00:00:00.000Z";
    await runs.move(id, run.status, status, { reason: "requested", detail: null, at });
    await events.append([{ type: "run-ended", actor: "human:me", run: id, data: { status } }]);
  });

test("the epics of a rock are worked on by runs of the rock, in its order and in its builds, and its end begins the bug-fix phase", async (context) => {
  const entry = (epic: string) => ({ epic, department: "core" });
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/first", [{ id: "first-1", priority: 1 }]),
      ...epicAt("core/epics/second", [{ id: "second-1", priority: 4 }]),
      ...epicAt("core/epics/alone", [{ id: "alone-1", priority: 2 }]),
    },
    files: {
      "model/core/rocks/big.yaml": { name: "Big", epics: [entry("first"), entry("second")] },
    },
    cards: Object.fromEntries(["first-1", "second-1", "alone-1"].map((id) => [id, done(id)])),
  });
  const { ended } = await loop(stopAtOnce);
  assert.deepEqual(
    ended.map((run) => [run?.card, run?.builds]),
    [
      // Of the rock only its first epic can be worked on, and that is less critical than the epic on its own.
      ["alone", ["build-alone"]],
      ["big", ["big/first", "big/second"]],
    ],
  );
  assert.equal(of(opened.events, "phase-started").length, 1);
});

test("work that was begun and left is taken up too, and cards that wait for a person are not", async (context) => {
  const ask = { calls: [{ tool: "ask_human", args: { question: "Which?" } }] };
  const answered = done("a-1");
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/a", [{ id: "a-1" }]),
    cards: { "a-1": { ...answered, coder: [ask, ...answered.coder] } },
  });
  const { ended } = await loop(async (count, stop) => {
    if (count === 3) return stop();
    if (count === 1) return;
    const command = { build: null, waitReason: null, detail: null, person: "me" };
    const request = { ...command, card: "a-1", to: "in_progress", verificationRequired: false };
    assert.ok((await moveCardByHand(opened.engine, request)).ok);
  });
  assert.deepEqual(
    ended.map((run) => run?.status),
    ["blocked", "done"],
  );
});

test("a run that waits for a decision is left to it, and goes on at the next look after it", async (context) => {
  const promote = { seat: "coder", content: "Be brief.", model_family: "generic" };
  const ask = { calls: [{ tool: "promote_prompt", args: promote }] };
  const answered = done("a-1");
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/a", [{ id: "a-1" }]),
      ...epicAt("ops/epics/b", [{ id: "b-1" }]),
    },
    cards: { "a-1": { ...answered, coder: [ask, ...answered.coder] }, "b-1": done("b-1") },
  });
  const { ended } = await loop(async (count, stop) => {
    if (count === 3) return stop();
    if (count === 1) return;
    const [asked] = (await waitingApprovals(opened.engine)).approvals;
    const answer = { decision: "allow", reason: null, person: "me" } as const;
    const decided = await decideApproval(opened.engine, { id: asked?.id ?? "", ...answer });
    assert.ok(decided.ok);
  });
  assert.deepEqual(
    ended.map((run) => `${run?.card} ${run?.status}`),
    ["a paused", "b done", "a done"],
  );
});

test("a loop that asks nobody works on without waiting", async (context) => {
  const promote = { seat: "coder", content: "Be brief.", model_family: "generic" };
  const answered = done("a-1");
  const coder = [{ calls: [{ tool: "promote_prompt", args: promote }] }, ...answered.coder];
  const { loop } = await openScene(context, {
    epics: epicAt("core/epics/a", [{ id: "a-1" }]),
    cards: { "a-1": { ...answered, coder } },
  });
  const { ended } = await loop(stopAtOnce, { approve: "deny" });
  assert.deepEqual(
    ended.map((run) => run?.status),
    ["done"],
  );
});

test("an epic that cannot be run is skipped with the refusal, and the others go on", async (context) => {
  const many = Array.from({ length: 8 }, (_, place) => ({ id: `m-${place}`, priority: 3 }));
  const { opened, loop } = await openScene(context, {
    epics: {
      "model/core/epics/many.yaml": epicFile(many, { architecture_governance: { idesign: false } }),
      ...epicAt("core/epics/good", [{ id: "good-1" }]),
    },
    cards: { "good-1": done("good-1") },
  });
  const { ended } = await loop((count, stop) => (count === 2 ? stop() : undefined));
  assert.deepEqual(
    ended.map((run) => run?.card),
    ["good"],
  );
  const [skipped, ...more] = of(opened.events, "loop-epic-skipped");
  assert.deepEqual([skipped?.data["reason"], more], ["refused", []]);
  assert.match(detailOf(skipped), /Complexity Gate Violation/);
});

test("two loops on one project share the work: each card is done once", async (context) => {
  const ids = ["a", "b", "c", "d"];
  const { opened, loop } = await openScene(context, {
    epics: Object.assign({}, ...ids.map((id) => epicAt(`core/epics/${id}`, [{ id: `${id}-1` }]))),
    cards: Object.fromEntries(ids.map((id) => [`${id}-1`, done(`${id}-1`)])),
  });
  const stop = new AbortController();
  const watch = { runStarts: async () => {}, runEnds: async () => {}, say: () => {} };
  const second = await openTestEngine(opened.dir, {
    limits: { leaseRenewMs: 9000 },
    replace: { clock: opened.engine.clock },
  });
  context.after(second.close);
  const beside = runOrganizationLoop(second.engine, { ...REQUEST, watch }, stop.signal);
  await loop((count, end) => {
    // Either may be the one that idles while the other still works.
    if (count < 40) return;
    stop.abort();
    end();
  });
  await beside;
  assert.deepEqual(await statuses(opened), {
    "a-1": "done",
    "b-1": "done",
    "c-1": "done",
    "d-1": "done",
  });
  const runs = await opened.engine.store.read(async ({ runs: all }) => all.list({ limit: 99 }));
  assert.deepEqual([runs.length, new Set(runs.map(({ card }) => card)).size], [4, 4]);
});

test("an epic whose cards lack a resource is tried once, and again when its assets bring it", async (context) => {
  const team = (guard: string) => ({
    name: "core",
    description: "The team of the tests",
    seats: {
      coder: { name: "Coder", roles: ["coder"] },
      ...(guard === "" ? {} : { guard: { name: "Guard", roles: [guard] } }),
    },
  });
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/work", [{ id: "api" }]),
    files: { "model/core/teams/core.yaml": team("") },
    // The engine puts the card back to ready: the coder looks at it once more.
    cards: { api: { coder: [...done("api").coder, ...done("api").coder], guard: [approve] } },
  });
  const { ended } = await loop(async (count, stop) => {
    if (count === 3) return stop();
    if (count === 2)
      await writeFile(
        join(opened.dir, "model/core/teams/core.yaml"),
        stringify(team("integrity_guard")),
      );
  });
  assert.deepEqual(
    ended.map((run) => run?.status),
    ["blocked", "done"],
  );
  assert.equal(of(opened.events, "loop-epic-skipped").length, 1);
});

test("a card that was blocked for a dependency is worked on when a person has done that dependency", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/work", [
      { id: "api", max_retries: 0 },
      { id: "ui", depends_on: ["api"] },
    ]),
    cards: { api: refuses(), ui: done("ui") },
  });
  const { ended } = await loop(async (count, stop) => {
    if (count === 2) return stop();
    for (const to of ["in_progress", "code_review", "done"]) {
      const command = { build: null, waitReason: null, detail: null, person: "me" };
      const request = { ...command, card: "api", to, verificationRequired: false };
      assert.ok((await moveCardByHand(opened.engine, request)).ok, to);
    }
  });
  assert.deepEqual(
    ended.map((run) => run?.status),
    ["blocked", "done"],
  );
});
