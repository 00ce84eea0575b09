// What a run, or a card of it, may use: stopped in the middle, nothing lost, and gone on with when there is more.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { cardOf, openProject, statuses } from "../support/open-project.ts";
import { approve, call, say, script, simpleScript, write } from "../support/project.ts";

const look = { calls: [{ tool: "list_directory", args: {} }], usage: { input: 5000, output: 100 } };
const work = (id: string) => [write(`src/engines/${id}_engine.ts`, "1\n"), say("Done.")];

test("a turn budget ends the run between two turns, and more of it lets a resume finish", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui" }],
    script: simpleScript(["api", "ui"]),
    options: { settings: { concurrency: 1 } },
  });
  const run = await engine.run({ card: "work", budget: { ...NO_BUDGET, turnsMax: 3 } });
  assert.deepEqual([run.status, run.reason, run.turns], ["blocked", "budget", 3]);
  assert.match(run.detail ?? "", /Turn budget: 3 of 3 used/);
  const again = await engine.resume(run.id);
  assert.deepEqual([again.status, again.reason, again.turns], ["blocked", "budget", 3]);
  const more = await engine.resume(run.id, { ...NO_BUDGET, turnsMax: 10 });
  assert.deepEqual([more.status, more.turns, more.budget.turnsMax], ["done", 4, 10]);
});

test("a card over its token budget waits for resources, and the other card is finished", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui" }],
    script: script({
      api: { coder: [look, ...work("api")], guard: [approve] },
      ui: { coder: work("ui"), guard: [approve] },
    }),
    options: { settings: { budgets: { run: NO_BUDGET, card: { ...NO_BUDGET, tokensMax: 5400 } } } },
  });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["blocked", "stalled"]);
  assert.deepEqual(await statuses(engine), { api: "blocked", ui: "done" });
  const card = await cardOf(engine, "api");
  assert.equal(card?.waitReason, "resource");
  assert.match(card?.waitDetail ?? "", /Card: Token budget: 5100 of 5400/);
  assert.equal(card?.retryCount, 0, "a limit is no failure of the card");
});

test("a card over its turn budget starts no further turn, whatever is left of the run's", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({
      api: {
        coder: [
          ...work("api"),
          call("write_file", { path: "src/engines/api_engine.ts", content: "2\n" }),
          say("Done."),
        ],
        guard: [call("update_issue_status", { status: "in_progress", reason: "Not good enough." })],
      },
    }),
    options: { settings: { budgets: { run: NO_BUDGET, card: { ...NO_BUDGET, turnsMax: 2 } } } },
  });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.turns], ["blocked", 2]);
  const card = await cardOf(engine, "api");
  assert.deepEqual([card?.status, card?.waitReason], ["blocked", "resource"]);
  assert.match(card?.waitDetail ?? "", /Turn budget: 2 of 2/);
});

test("minutes count over resumes, and what the settings say holds where nothing was asked for", async (context) => {
  const usual = { ...NO_BUDGET, minutesMax: 30 };
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({ api: { coder: work("api"), guard: [approve] } }),
    options: { settings: { budgets: { run: usual, card: NO_BUDGET } } },
  });
  const run = await engine.run({ card: "work", budget: { ...NO_BUDGET, turnsMax: 1 } });
  assert.deepEqual([run.status, run.reason], ["blocked", "budget"]);
  assert.deepEqual(run.budget, { ...usual, turnsMax: 1 });
  assert.ok(run.activeMs > 0);
  const { store } = engine.engine;
  await store.transaction(async ({ runs }) => runs.addActive(run.id, 30 * 60_000));
  const again = await engine.resume(run.id, { ...NO_BUDGET, turnsMax: 10 });
  assert.deepEqual([again.status, again.reason], ["blocked", "budget"]);
  assert.match(again.detail ?? "", /Time budget: 30\.0 of 30 minutes/);
  assert.equal((await engine.resume(run.id, { ...NO_BUDGET, minutesMax: 60 })).status, "done");
});
