// Many runs in one server: what is counted, what waits, what is refused, and that no run's end is another's business.
import assert from "node:assert/strict";
import { test } from "node:test";
import { submitRun } from "../../src/app/control-run.ts";
import { stopRun } from "../../src/app/stop-run.ts";
import type { RunTaskDeps, RunTasks } from "../../src/app/run-tasks.ts";
import { createRunTasks } from "../../src/app/run-tasks.ts";
import type { Engine } from "../../src/app/engine.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { openProject } from "../support/open-project.ts";
import { approve, epicFile, script, write } from "../support/project.ts";

const isOwnerGone = (): boolean => true;

const request = (card: string, build: string | null = null) => ({
  card,
  build,
  department: null,
  model: null,
  restart: false,
  budget: NO_BUDGET,
});

const well = (id: string) => ({
  coder: [write(`src/engines/${id}_engine.ts`, "1\n"), { text: "Done." }],
  guard: [approve],
});

async function untilIdle(tasks: RunTasks): Promise<void> {
  while (tasks.activeCount() > 0) await new Promise((resolve) => setImmediate(resolve));
}

const endsOf = async ({ store }: Engine): Promise<Readonly<Record<string, string>>> => {
  const runs = await store.read(async (all) => all.runs.list({ limit: 1000 }));
  return Object.fromEntries(runs.map((run) => [run.builds[0] ?? "", run.status]));
};

const create = (engine: Engine, limits?: RunTaskDeps["limits"]): RunTasks =>
  createRunTasks({ engine, isOwnerGone, ...(limits === undefined ? {} : { limits }) });

test("runs that end well, fail and crash at the same time leave each other alone, and nothing stays counted", async (context) => {
  const opened = await openProject(context, {
    issues: [{ id: "good" }],
    files: { "model/core/epics/bad.yaml": epicFile([{ id: "worse" }]) },
    script: script({ good: well("good"), worse: { coder: [] } }),
  });
  const { engine } = opened;
  // One build's folder cannot be opened: its run crashes in the middle.
  const workspaces: Engine["workspaces"] = {
    ...engine.workspaces,
    open: async (build) => {
      if (build === "crash") throw new TypeError("the folder is gone");
      return engine.workspaces.open(build);
    },
  };
  const tasks = create({ ...engine, workspaces });
  const builds = Array.from({ length: 12 }, (_, index) => `good-${index}`);
  const asked = [
    ...builds.map((build) => request("work", build)),
    request("work", "crash"),
    request("bad", "bad-1"),
    request("bad", "bad-2"),
    request("work", "good-0"),
    request("nothing", "none"),
  ];
  const begun = await Promise.all(asked.map(async (one) => submitRun({ engine, tasks }, one)));
  assert.deepEqual(
    begun.filter((one) => !one.ok).map((one) => (one.ok ? "" : one.error.code)),
    ["BUILD_BUSY", "CARD_UNKNOWN"],
  );
  assert.ok(tasks.activeCount() > 0);
  await untilIdle(tasks);
  const ends = await endsOf(engine);
  assert.deepEqual(
    builds.map((build) => ends[build]),
    builds.map(() => "done"),
  );
  assert.deepEqual([ends["crash"], ends["bad-1"], ends["bad-2"]], ["failed", "failed", "failed"]);
  assert.equal(tasks.activeCount(), 0);
});

test("runs beyond the slots wait, and beyond those that may wait nothing is stored", async (context) => {
  const { engine } = await openProject(context, {
    issues: [{ id: "good" }],
    script: script({ good: well("good") }),
  });
  // The first run lasts until all of them were asked for.
  const asked = Promise.withResolvers<void>();
  const model: Engine["model"] = {
    ...engine.model,
    reply: async (...ask) => {
      await asked.promise;
      return engine.model.reply(...ask);
    },
  };
  const tasks = create({ ...engine, model }, { slotsMax: 1, waitingMax: 2 });
  const submit = async (build: string) => submitRun({ engine, tasks }, request("work", build));
  const first = [await submit("a"), await submit("b"), await submit("c")];
  assert.deepEqual(
    first.map(({ ok }) => ok),
    [true, true, true],
  );
  assert.equal(tasks.activeCount(), 1, "what waits is not in flight");
  const more = await submit("d");
  assert.equal(more.ok ? "" : more.error.code, "RUNS_FULL");
  asked.resolve();
  await untilIdle(tasks);
  assert.deepEqual(await endsOf(engine), { a: "done", b: "done", c: "done" });
});

test("a stop pauses what is in flight, starts nothing that waits, and the next server goes on with both", async (context) => {
  const held = Promise.withResolvers<void>();
  const { engine } = await openProject(context, {
    issues: [{ id: "good" }],
    script: script({ good: well("good") }),
    // A run that waited counts as lost when it is older than a lease.
    options: { limits: { leaseMs: 1 } },
  });
  let isHeld = true;
  const model: Engine["model"] = {
    ...engine.model,
    reply: async (...[ask, signal, onText]) => {
      held.resolve();
      if (isHeld)
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      return engine.model.reply(ask, signal, onText);
    },
  };
  const first = create({ ...engine, model }, { slotsMax: 1, waitingMax: 9 });
  for (const build of ["a", "b"]) {
    const begun = await submitRun({ engine, tasks: first }, request("work", build));
    assert.ok(begun.ok);
  }
  await held.promise;
  await first.stop();
  assert.deepEqual(await endsOf(engine), { a: "paused", b: "queued" });
  const late = await submitRun({ engine, tasks: first }, request("work", "c"));
  assert.equal(late.ok ? "" : late.error.code, "SERVER_STOPPING");
  const resumed = first.resume("anything");
  assert.equal(resumed.ok ? "" : resumed.error.code, "SERVER_STOPPING");
  isHeld = false;
  const next = create({ ...engine, model });
  await next.takeUp("stopped");
  await next.takeUp("lost");
  await untilIdle(next);
  assert.deepEqual(await endsOf(engine), { a: "done", b: "done" });
});

test("a run that is continued while its last task still ends is looked at again after that, and not worked on twice", async (context) => {
  const { engine } = await openProject(context, {
    issues: [{ id: "good" }],
    script: script({ good: { ...well("good"), coder: [{ text: "Done.", delayMs: 60_000 }] } }),
  });
  let opened = 0;
  const executed = Promise.withResolvers<void>();
  const model: Engine["model"] = {
    ...engine.model,
    reply: async (...asked) => {
      opened += 1;
      executed.resolve();
      return engine.model.reply(...asked);
    },
  };
  const tasks = create({ ...engine, model });
  const begun = await submitRun({ engine, tasks }, request("work"));
  assert.ok(begun.ok);
  const run = begun.value.id;
  await executed.promise;
  const before = opened;
  assert.deepEqual(tasks.resume(run), { ok: true, value: null });
  assert.deepEqual(tasks.resume(run), { ok: true, value: null });
  assert.equal(tasks.activeCount(), 1, "it is not worked on twice");
  // Reads queue up with whatever a second task would have asked of the store.
  for (let looks = 0; looks < 20; looks += 1) {
    const found = await engine.store.read(async ({ runs }) => runs.get(run));
    assert.equal(found?.epoch, 1, "nobody else has taken it");
  }
  const canceled = await stopRun(engine, { run, wish: "cancel", by: "ann", isOwnerGone });
  assert.ok(canceled.ok);
  await untilIdle(tasks);
  assert.deepEqual([await endsOf(engine), opened], [{ "build-work": "canceled" }, before]);
});
