// Stopping a run from another process: pause, continue, cancel, and what is left of a process that does not answer.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, script, write } from "../support/project.ts";

const LONG_MS = 600_000;

const scriptWith = (delayMs: number): string =>
  script({
    api: {
      coder: [write("src/engines/api_engine.ts", "1\n"), { text: "Done.", delayMs }],
      guard: [approve],
    },
  });

async function startedRun(context: TestContext, delayMs: number, isFrozen = false) {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": scriptWith(delayMs),
  });
  context.after(project.remove);
  const running = startOrket(["run", "work", "--json"], { cwd: project.dir });
  context.after(() => running.signal("SIGKILL"));
  await running.says('"tool-finished"');
  // Its step does not end before somebody lets it go on.
  if (isFrozen) running.signal("SIGSTOP");
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: project.dir });
  const listed = JSON.parse((await orket("runs", "--json")).out) as { runs: { id: string }[] };
  return { ...project, running, orket, id: listed.runs[0]?.id ?? "" };
}

/** Whether somebody wants a run to stop. */
async function isAsked(dir: string): Promise<boolean> {
  const path = join(dir, ".orket/orket.db");
  const store = await openSqliteStore({ path, clock: createSystemClock(), readOnly: true });
  try {
    const types = ["run-stop-requested"] as const;
    const [asked] = await store.read(async ({ events }) => events.list({ types, limit: 1 }));
    return asked !== undefined;
  } finally {
    await store.close();
  }
}

type Shown = {
  readonly run: { readonly status: string; readonly reason: string | null };
  readonly cards: readonly { readonly id: string; readonly status: string }[];
  readonly turns: readonly { readonly status: string }[];
};

test("R-26 cancel stops a waiting model call, drops the turn and puts the card back", async (context) => {
  const { running, orket, id } = await startedRun(context, LONG_MS);
  const canceled = await orket("runs", "cancel", id);
  assert.deepEqual([canceled.code, canceled.out], [0, `${id} is canceled (requested)\n`]);
  assert.equal((await running.ended).code, 1);
  const { run, cards, turns } = JSON.parse(
    (await orket("runs", "show", id, "--json")).out,
  ) as Shown;
  assert.deepEqual([run.status, run.reason], ["canceled", "requested"]);
  assert.equal(cards.find((card) => card.id === "api")?.status, "ready");
  assert.deepEqual(
    turns.map((turn) => turn.status),
    ["dropped"],
  );
  const again = await orket("runs", "cancel", id);
  assert.deepEqual([again.code, again.err.includes("it cannot become canceled")], [5, true]);
  assert.equal((await orket("resume", id)).code, 5, "canceled is final");
});

test("pause lets the running step end and starts none; continue goes on from there", async (context) => {
  const { running, orket, id, dir } = await startedRun(context, 1500, true);
  const pausing = orket("runs", "pause", id);
  while (!(await isAsked(dir))) await new Promise((resolve) => setTimeout(resolve, 20));
  running.signal("SIGCONT");
  const paused = await pausing;
  assert.deepEqual([paused.code, paused.out], [0, `${id} is paused (requested)\n`]);
  const ended = await running.ended;
  assert.equal(ended.code, 130);
  const shown = JSON.parse((await orket("runs", "show", id, "--json")).out) as Shown;
  assert.equal(shown.cards.find((card) => card.id === "api")?.status, "code_review");
  writeFileSync(join(dir, "script.yaml"), scriptWith(0));
  const went = await orket("runs", "continue", id);
  assert.equal(went.code, 0, went.err);
  const again = await orket("runs", "continue", id);
  assert.deepEqual([again.code, again.err.includes("is done, not paused")], [5, true]);
});

test("a run whose process does not answer is taken away from it, and it can write nothing more", async (context) => {
  const { running, orket, id } = await startedRun(context, LONG_MS);
  running.signal("SIGSTOP");
  const canceled = await orket("runs", "cancel", id);
  assert.deepEqual([canceled.code, canceled.out], [0, `${id} is canceled (requested)\n`]);
  const before = await orket("events", "verify");
  running.signal("SIGCONT");
  const thawed = await running.ended;
  assert.equal(thawed.code, 1);
  assert.match(thawed.err, /RUN_LOST/);
  assert.equal((await orket("events", "verify")).out, before.out, "it wrote an event");
});

test("a run that lost its process is paused by the next command that runs something", async (context) => {
  const { running, orket, id } = await startedRun(context, LONG_MS);
  running.signal("SIGKILL");
  await running.ended;
  const busy = await orket("run", "work");
  assert.deepEqual([busy.code, busy.err.includes(`orket resume ${id}`)], [5, true]);
  const shown = JSON.parse((await orket("runs", "show", id, "--json")).out) as Shown;
  assert.deepEqual([shown.run.status, shown.run.reason], ["paused", "interrupted"]);
  const waits =
    /api +in_progress +on coder since [-0-9]{10} \d\d:\d\d: turn 1 \(work\) — go on with: orket resume/;
  assert.match((await orket("runs", "show", id)).out, waits);
  assert.equal((await orket("runs", "cancel", id)).code, 0);
  const { cards } = JSON.parse((await orket("runs", "show", id, "--json")).out) as Shown;
  assert.equal(cards.find((card) => card.id === "api")?.status, "ready");
});

test("a run that is not there, or has ended, is not stopped", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": scriptWith(0),
  });
  context.after(project.remove);
  for (const wish of ["pause", "cancel", "continue"]) {
    const { code, err } = await runOrket(["runs", wish, "run-x"], { cwd: project.dir });
    assert.deepEqual([code, err.includes("No run has the id run-x")], [2, true], wish);
  }
});
