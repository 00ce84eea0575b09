// The organization loop on a real project: what it takes first, what it leaves alone, what cannot end it. Its idle wait is
// a call of the test, so nothing here sleeps.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { moveCardByHand } from "../../src/app/edit-cards.ts";
import type { LoopRequest } from "../../src/app/organization-loop.ts";
import { LOOP_IDLE_MS, runOrganizationLoop } from "../../src/app/organization-loop.ts";
import { startRun } from "../../src/app/start-run.ts";
import type { Event } from "../../src/domain/events.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import type { Run } from "../../src/domain/run.ts";
import { statuses } from "../support/open-project.ts";
import type { TestEngine } from "../support/project.ts";
import {
  approve,
  call,
  epicFile,
  makeProject,
  openTestEngine,
  say,
  script,
  write,
} from "../support/project.ts";

const done = (id: string) => ({
  coder: [write(`src/engines/${id}_engine.ts`, "export const one = 1;\n"), say("Done.")],
  guard: [approve],
});
const refuses = (...then: readonly unknown[]) => ({
  coder: [say("No."), say("No."), say("No."), ...then],
  guard: [approve],
});
const OPS = { "model/ops/teams/.keep": "" };
const REQUEST = {
  model: null,
  budget: NO_BUDGET,
  department: null,
  isOwnerGone: () => false,
};

type Setting = {
  readonly epics: Readonly<Record<string, unknown>>;
  readonly cards: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, unknown>>;
};

type Scene = {
  readonly opened: TestEngine & { readonly dir: string };
  /** Runs the loop; `idle` is called with the number of its idle waits, and gives what happens meanwhile. */
  readonly loop: (
    idle: (count: number, stop: () => void) => Promise<void> | void,
    more?: Partial<LoopRequest>,
  ) => Promise<Looped>;
};
type Looped = { readonly said: readonly string[]; readonly ended: readonly (Run | null)[] };

async function openScene(context: TestContext, { epics, cards, files }: Setting): Promise<Scene> {
  const project = await makeProject({
    ...OPS,
    ...epics,
    ...files,
    "script.yaml": script(cards),
  });
  const system = createSystemClock();
  let passedMs = 0;
  let onIdle = async (): Promise<void> => {};
  const clock = {
    ...system,
    monotonic: () => system.monotonic() + passedMs,
    sleep: async (ms: number, signal?: AbortSignal) =>
      ms === LOOP_IDLE_MS ? onIdle() : system.sleep(ms, signal),
  };
  const options = { limits: { leaseRenewMs: 9000 }, replace: { clock } };
  const opened = await openTestEngine(project.dir, options);
  context.after(async () => {
    await opened.close();
    await project.remove();
  });
  const loop: Scene["loop"] = async (idle, more = {}) => {
    const stop = new AbortController();
    const said: string[] = [];
    const ended: (Run | null)[] = [];
    let count = 0;
    onIdle = async () => {
      count += 1;
      passedMs += LOOP_IDLE_MS;
      assert.ok(count < 50, said.join("\n"));
      await idle(count, () => stop.abort());
    };
    const watch = {
      runStarts: async () => {},
      runEnds: async (run: Run | null) => void ended.push(run),
      say: (text: string) => void said.push(text),
    };
    const request = {
      ...REQUEST,
      watch,
      ...more,
    };
    const result = await runOrganizationLoop(opened.engine, request, stop.signal);
    if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
    assert.equal(result.value, ended.length);
    return { said, ended };
  };
  return { opened: { ...opened, dir: project.dir }, loop };
}

const of = (events: readonly Event[], type: string): readonly Event[] =>
  events.filter((event) => event.type === type);
const epicAt = (path: string, issues: Parameters<typeof epicFile>[0]) => ({
  [`model/${path}.yaml`]: epicFile(issues),
});
const stopAtOnce = (_: number, stop: () => void): void => stop();

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
  assert.match(String(skipped[0]?.data["detail"]), /ended blocked \(turn-limit\)/);
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
  const reasons = of(opened.events, "loop-epic-skipped").map(({ data }) => data["detail"]);
  assert.match(String(reasons.at(-1)), /ended blocked \(budget\)/);
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

test("a run that fails ends neither the loop nor the others, and is tried again after waits that grow", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/bad", [{ id: "bad-1", priority: 3 }]),
      ...epicAt("core/epics/good", [{ id: "good-1" }]),
    },
    // The script ends at once, which fails the run as a provider would.
    cards: { "bad-1": { coder: [] }, "good-1": done("good-1") },
  });
  const failedAt: number[] = [];
  const { ended } = await loop((count, stop) => {
    if (count === 16) stop();
    const failed = of(opened.events, "run-ended").filter(({ data }) => data["status"] === "failed");
    if (failed.length > failedAt.length) failedAt.push(count);
  });
  assert.deepEqual(
    ended.slice(0, 2).map((run) => [run?.card, run?.status, run?.reason]),
    [
      ["bad", "failed", "provider"],
      ["good", "done", "complete"],
    ],
  );
  assert.deepEqual(failedAt, [1, 2, 4, 8, 16]);
  const skipped = of(opened.events, "loop-epic-skipped").map(({ data }) => data["detail"]);
  assert.equal(skipped[0], "failed once and is tried again later");
  assert.equal(skipped[1], "failed 2 times in a row and is tried again later");
});

test("a run that throws, and a look that throws, do not end the loop", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/work", [{ id: "api" }]),
    cards: { api: done("api") },
  });
  const { engine } = opened;
  const { workspaces, assets } = engine;
  let workspaceFails = true;
  const open: typeof workspaces.open = async (build) => {
    if (!workspaceFails) return workspaces.open(build);
    workspaceFails = false;
    // The lease goes to somebody else, so that the run cannot even be ended.
    await engine.store.transaction(async ({ runs }) => {
      const [run] = await runs.list({ limit: 1 });
      assert.ok(run && (await runs.claim(run.id, "other:1", Number.MAX_SAFE_INTEGER, 1)));
    });
    return workspaces.open(build);
  };
  let loads = 0;
  const load: typeof assets.load = async () => {
    loads += 1;
    if (loads === 5) throw new Error("the disk is away");
    return assets.load();
  };
  Object.assign(engine, { workspaces: { ...workspaces, open }, assets: { ...assets, load } });
  const { ended, said } = await loop((count, stop) => (count === 4 ? stop() : undefined));
  assert.equal(ended[0], null);
  assert.equal(ended.at(-1)?.status, "done");
  assert.ok(
    said.some((text) => text.startsWith("RUN_LOST: ")),
    said.join("\n"),
  );
  assert.ok(said.includes("INTERNAL: the disk is away The loop goes on."), said.join("\n"));
});

test("a loop that finds the store broken at every look gives up, with the store's own words", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/work", [{ id: "api" }]),
    cards: {},
  });
  const { assets } = opened.engine;
  let loads = 0;
  const load: typeof assets.load = async () => {
    loads += 1;
    if (loads > 1) throw new Error("the disk is away");
    return assets.load();
  };
  Object.assign(opened.engine, { assets: { ...assets, load } });
  let idles = 0;
  await assert.rejects(
    loop(() => void (idles += 1)),
    /the disk is away/,
  );
  assert.equal(idles, 29);
});

test("assets that break while the loop runs make it wait and say so once; those that are broken at its start refuse it", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/one", [{ id: "one-1" }]),
    cards: { "one-1": done("one-1"), "two-1": done("two-1") },
  });
  const path = join(opened.dir, "model/core/epics/two.yaml");
  const { said, ended } = await loop(async (count, stop) => {
    if (count === 1) await writeFile(path, "issues: [");
    if (count === 3) await writeFile(path, stringify(epicFile([{ id: "two-1" }])));
    if (count === 4) stop();
  });
  assert.equal(said.filter((text) => text.startsWith("The assets have problems")).length, 1);
  assert.deepEqual(
    ended.map((run) => run?.card),
    ["one", "two"],
  );
  await writeFile(path, "issues: [");
  await assert.rejects(loop(stopAtOnce), /ASSET_INVALID/);
});

test("a signal lets the run stop cleanly and ends the loop; the next loop goes on with that run first", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/slow", [{ id: "slow-1" }]),
      ...epicAt("core/epics/next", [{ id: "next-1", priority: 1 }]),
    },
    cards: {
      "slow-1": {
        coder: [
          write("src/engines/slow_engine.ts", "1\n"),
          { text: "Done.", delayMs: 60_000 },
          say("Done."),
        ],
        guard: [approve],
      },
      "next-1": done("next-1"),
    },
  });
  const stop = new AbortController();
  const { watcher } = opened.engine;
  const onEvents: typeof watcher.onEvents = (events) => {
    watcher.onEvents(events);
    if (events.some(({ type }) => type === "tool-finished")) stop.abort();
  };
  Object.assign(opened.engine, { watcher: { ...watcher, onEvents } });
  const ended: (Run | null)[] = [];
  const watch = {
    runStarts: async () => {},
    runEnds: async (run: Run | null) => void ended.push(run),
    say: () => {},
  };
  const request = { ...REQUEST, watch };
  assert.deepEqual(await runOrganizationLoop(opened.engine, request, stop.signal), {
    ok: true,
    value: 1,
  });
  assert.deepEqual([ended[0]?.status, ended[0]?.reason], ["paused", "interrupted"]);
  const text = script({
    "slow-1": done("slow-1"),
    "next-1": done("next-1"),
  });
  await writeFile(join(opened.dir, "script.yaml"), text);
  Object.assign(opened.engine, { watcher });
  const again = await loop(stopAtOnce);
  assert.deepEqual(
    again.ended.map((run) => [run?.id === ended[0]?.id, run?.card, run?.status]),
    [
      [true, "slow", "done"],
      [false, "next", "done"],
    ],
  );
});

test("a run whose process is gone is taken up, also while the loop goes; one whose process lives is not", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/a", [{ id: "a-1" }]),
      ...epicAt("core/epics/b", [{ id: "b-1" }]),
    },
    cards: { "a-1": done("a-1"), "b-1": done("b-1") },
  });
  const { engine } = opened;
  const lives = new Set(["host:1", "host:2"]);
  const owned: string[] = [];
  for (const card of ["a", "b"]) {
    const started = await startRun(engine, { ...REQUEST, card, build: null, restart: false });
    assert.ok(started.ok);
    const { id } = started.value;
    owned.push(id);
    const at = "2026-01-01T00:00:00.000Z";
    await engine.store.transaction(async ({ runs }) => {
      await runs.claim(id, `host:${owned.length}`, 0, engine.clock.now() + 3_600_000);
      await runs.move(id, "queued", "running", { reason: null, detail: null, at });
    });
  }
  const isOwnerGone = (owner: string): boolean => !lives.has(owner);
  const { ended } = await loop(
    (count, stop) => {
      if (count === 1) lives.delete("host:2");
      if (count === 2) stop();
    },
    { isOwnerGone },
  );
  assert.deepEqual(
    ended.map((run) => [run?.id, run?.status]),
    [[owned[1], "done"]],
  );
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
  assert.match(String(skipped?.data["detail"]), /Complexity Gate Violation/);
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
