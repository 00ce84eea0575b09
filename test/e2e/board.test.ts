// The board and the view of a run on a real project folder, before, during and after its runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { readBoard } from "../../src/app/board.ts";
import { runResult, showRun } from "../../src/app/show-run.ts";
import { createMovedClock } from "../support/moved-clock.ts";
import { openProject } from "../support/open-project.ts";
import { approve, epicFile, say, script, simpleScript, write } from "../support/project.ts";

const ROCK = {
  "model/core/rocks/big.yaml": { name: "Big", epics: [{ epic: "work", department: "core" }] },
  "model/core/epics/alone.yaml": epicFile([{ id: "lonely" }]),
};

test("R-05 the board shows the planning tree of a project that has never run", async (context) => {
  const { engine } = await openProject(context, {
    issues: [
      { id: "api", priority: "high" },
      { id: "ui", depends_on: ["api"] },
    ],
    script: script({}),
    files: ROCK,
  });
  const board = await readBoard(engine, { department: null });
  assert.ok(board.ok);
  const [rock] = board.value.rocks;
  assert.deepEqual([rock?.id, rock?.epics[0]?.id, rock?.status], ["big", "work", "ready"]);
  const issues = rock?.epics[0]?.issues ?? [];
  // Priority 3 and one card that waits for it.
  assert.deepEqual(
    issues.map(({ id, status, score, build }) => [id, status, score, build]),
    [
      ["api", "ready", 4, null],
      ["ui", "ready", 2, null],
    ],
  );
  assert.deepEqual(
    board.value.orphanedEpics.map((epic) => epic.id),
    ["alone"],
  );
  assert.match(board.value.alerts[0]?.message ?? "", /alone belongs to no rock/);
  const other = await readBoard(engine, { department: "elsewhere" });
  assert.deepEqual(other.ok && [other.value.rocks, other.value.orphanedEpics], [[], []]);
});

test("R-05 after a run the board shows the stored state, unverified work as such, and cards that lost their asset", async (context) => {
  const opened = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui" }],
    script: simpleScript(["api", "ui"]),
    files: ROCK,
  });
  await opened.run({ card: "big" });
  const { writeFile } = await import("node:fs/promises");
  await writeFile(`${opened.dir}/model/core/epics/work.yaml`, stringify(epicFile([{ id: "api" }])));
  await opened.run({ card: "big" });
  const board = await readBoard(opened.engine, { department: null });
  assert.ok(board.ok);
  const [rock] = board.value.rocks;
  assert.deepEqual(
    [rock?.status, rock?.epics[0]?.status, rock?.epics[0]?.build],
    ["done", "done", "big/work"],
  );
  assert.deepEqual(
    rock?.epics[0]?.issues.map(({ id, status, verified }) => [id, status, verified]),
    [["api", "done", false]],
  );
  assert.deepEqual(
    board.value.orphanedIssues.map((issue) => issue.id),
    ["ui"],
  );
});

test("R-18 a run shows its cards with status and wait reason, its turns in order, and the result of the stream", async (context) => {
  const cards = {
    api: { coder: [write("src/engines/api_engine.ts", "1\n"), say("Done.")], guard: [approve] },
    ui: { coder: [{ calls: [{ tool: "ask_human", args: { question: "Which colour?" } }] }] },
  };
  const opened = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui" }],
    script: script(cards),
  });
  const run = await opened.run({ card: "work" });
  const shown = await showRun(opened.engine, run.id);
  assert.ok(shown.ok);
  const view = shown.value;
  assert.deepEqual(
    view.cards
      .filter((card) => card.kind === "issue")
      .map(({ id, status, waitReason, waitDetail }) => [id, status, waitReason, waitDetail]),
    [
      ["api", "done", null, null],
      ["ui", "waiting_for_developer", "input", "Which colour?"],
    ],
  );
  assert.deepEqual(view.turns.map((turn) => `${turn.card} ${turn.kind}`).toSorted(), [
    "api review",
    "api work",
    "ui work",
  ]);
  const { run: result } = runResult(view);
  assert.deepEqual(
    [result.status, result.reason, result.cards],
    ["blocked", "stalled", { api: "done", ui: "waiting_for_developer" }],
  );
  assert.match(
    run.detail ?? "",
    /ui is waiting_for_developer \(input\): Which colour\? — answer with: orket cards comment ui/,
  );
  assert.equal((await showRun(opened.engine, "run-none")).ok, false);
});

test("R-07 an answered question makes its card a candidate again, with the answer in the prompt", async (context) => {
  const { commentOnCard, moveCardByHand } = await import("../../src/app/edit-cards.ts");
  const coder = [
    { calls: [{ tool: "ask_human", args: { question: "Which colour?" } }] },
    write("docs/colour.md", "green\n"),
    say("Done."),
  ];
  const opened = await openProject(context, {
    issues: [{ id: "ui" }],
    script: script({ ui: { coder, guard: [approve] } }),
  });
  const run = await opened.run({ card: "work" });
  assert.equal(run.status, "blocked");
  const card = { card: "ui", build: null, person: "me" };
  assert.ok((await commentOnCard(opened.engine, { ...card, text: "Green, please." })).ok);
  const answer = {
    ...card,
    to: "in_progress",
    waitReason: null,
    detail: null,
    verificationRequired: false,
  };
  assert.ok((await moveCardByHand(opened.engine, answer)).ok);
  assert.equal((await opened.resume(run.id)).status, "done");
  const turns = await opened.engine.store.read(async ({ turns: list }) =>
    list.list({ card: "ui", limit: 10 }),
  );
  const prompt = await opened.engine.store.read(async ({ turns: list }) =>
    list.prompt(turns[1]?.id ?? ""),
  );
  assert.ok(
    prompt.some(
      (message) => message.role === "user" && message.content.includes("human:me: Green, please."),
    ),
  );
});

test("R-26 after the end of a run nothing of it acts any more", async (context) => {
  const stop = new AbortController();
  const slow = {
    calls: [{ tool: "write_file", args: { path: "docs/late.md", content: "late\n" } }],
    delayMs: 300,
  };
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({ api: { coder: [slow] } }),
  });
  const running = opened.run({ card: "work" }, stop.signal);
  setTimeout(() => stop.abort(), 100);
  const run = await running;
  const { length } = opened.events;
  assert.deepEqual([run.status, opened.events.at(-1)?.type], ["paused", "run-paused"]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(opened.events.length, length);
  const folder = await opened.engine.workspaces.open("build-work");
  assert.equal((await folder.read("docs/late.md", 100)).ok, false);
});

test("the board names cards that stand too long and seats with too much, with value and limit", async (context) => {
  const clock = createMovedClock();
  const asks = { coder: [{ calls: [{ tool: "ask_human", args: { question: "Which?" } }] }] };
  const refuses = { coder: [say("No."), say("No."), say("No.")] };
  const issues = [
    { id: "stuck", max_retries: 0 },
    { id: "asked" },
    ...["a", "b", "c", "d"].map((id) => ({ id, depends_on: ["asked"] })),
  ];
  const { engine, run } = await openProject(context, {
    issues,
    script: script({ stuck: refuses, asked: asks }),
    files: {
      "config/organization.yaml": {
        name: "Test",
        ethos: "e",
        vision: "v",
        bottleneck_thresholds: { blocked_duration_hours: 12, queue_depth_per_seat: 3 },
      },
    },
    options: { replace: { clock } },
  });
  assert.equal((await run({ card: "work" })).status, "blocked");
  const alerts = async (department: string | null = null) => {
    const board = await readBoard(engine, { department });
    assert.ok(board.ok);
    return board.value.alerts.filter(({ code }) => code !== "epic-orphaned");
  };
  const queue = {
    code: "queue-depth",
    message: "The seat coder of core/core has 4 ready cards waiting; the limit is 3.",
    seat: "coder",
    team: "core/core",
    value: 4,
    limit: 3,
  };
  assert.deepEqual(await alerts(), [queue]);
  clock.pass(12.55 * 60 * 60_000);
  assert.deepEqual(await alerts(), [
    {
      code: "blocked-too-long",
      message: "stuck is blocked for 12.5 h; the limit is 12 h.",
      card: "stuck",
      build: "build-work",
      value: 12.5,
      limit: 12,
    },
    queue,
  ]);
  assert.deepEqual(await alerts("elsewhere"), []);
});
