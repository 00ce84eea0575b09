// The engine from the asset files to the workspace: order, retries, limits, stops, and what it does with bad turns.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cardOf, openProject, statuses, types, workspace } from "../support/open-project.ts";
import { approve, call, epicFile, say, script, simpleScript, write } from "../support/project.ts";

test("works off an epic in the order of its dependencies and finishes every card", async (context) => {
  const ids = ["api", "ui", "docs"];
  const issues = [
    { id: "docs", depends_on: ["ui", "api"] },
    { id: "ui", depends_on: ["api"] },
    { id: "api" },
  ];
  const engine = await openProject(context, { issues, script: simpleScript(ids) });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason, run.detail], ["done", "complete", null]);
  assert.deepEqual(await statuses(engine), { docs: "done", ui: "done", api: "done" });
  const started = engine.events
    .filter((event) => event.type === "turn-started" && event.data["kind"] === "work")
    .map((event) => event.card);
  assert.deepEqual(started, ["api", "ui", "docs"]);
  for (const id of ids)
    assert.ok(existsSync(join(workspace(engine.dir), `src/engines/${id}_engine.ts`)), id);
  const epic = await cardOf(engine, "work");
  assert.equal(epic?.status, "done");
});

test("every successful turn that changed files is a commit that names card, seat and turn", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
  });
  await engine.run({ card: "work" });
  const folder = await engine.engine.workspaces.open("build-work");
  const [commit] = await folder.history(10);
  assert.equal(commit?.card, "api");
  assert.equal(commit?.seat, "coder");
  const turns = await engine.engine.store.read(async ({ turns: list }) =>
    list.list({ card: "api", limit: 10 }),
  );
  assert.equal(turns[0]?.id, commit?.turn);
  assert.equal(turns[0]?.commit, commit?.commit);
  assert.match(await folder.diff(commit?.commit ?? ""), /\+export const one = 1;/);
});

test("R-01 runs a single issue and nothing else of its epic", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui" }],
    script: simpleScript(["api", "ui"]),
  });
  const run = await engine.run({ card: "api" });
  assert.equal(run.status, "done");
  assert.deepEqual(await statuses(engine), { api: "done", ui: "ready" });
});

test("R-01 a single issue with unmet dependencies ends blocked with reason dependency and names them", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui", depends_on: ["api"] }],
    script: simpleScript(["api", "ui"]),
  });
  const run = await engine.run({ card: "ui" });
  assert.deepEqual([run.status, run.reason], ["blocked", "dependency"]);
  assert.match(run.detail ?? "", /ui .*waits for api/);
});

test("R-22 a second run keeps what is done and only --restart starts again", async (context) => {
  const again = script({
    api: {
      coder: [
        write("src/engines/api_engine.ts", "1\n"),
        say("Done."),
        write("src/engines/api_engine.ts", "2\n"),
        say("Done."),
      ],
      guard: [approve, approve],
    },
  });
  const engine = await openProject(context, { issues: [{ id: "api" }], script: again });
  const first = await engine.run({ card: "work" });
  const second = await engine.run({ card: "work" });
  assert.equal(second.status, "done");
  assert.equal(second.turns, 0);
  assert.equal(first.turns, 2);
  const third = await engine.run({ card: "work", restart: true });
  assert.deepEqual([third.status, third.turns], ["done", 2]);
});

test("R-09 R-10 a card that fails is tried again in the same run and blocked after its last retry, the others finish", async (context) => {
  const cards = {
    bad: { coder: Array.from({ length: 16 }, () => say("I would rather not.")) },
    good: { coder: [write("src/engines/good_engine.ts", "1\n"), say("Done.")], guard: [approve] },
  };
  const engine = await openProject(context, {
    issues: [{ id: "bad", max_retries: 2 }, { id: "good" }],
    script: script(cards),
  });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["blocked", "stalled"]);
  assert.deepEqual(await statuses(engine), { bad: "blocked", good: "done" });
  assert.equal(types(engine, "bad").filter((type) => type === "turn-failed").length, 3);
  assert.equal(types(engine, "bad").filter((type) => type === "card-retries-exhausted").length, 1);
  assert.equal((await cardOf(engine, "bad"))?.waitReason, "system");
});

test("R-24 cards behind a card that ended blocked are blocked for dependency and come free when it is done", async (context) => {
  const cards = {
    api: {
      coder: [
        say("No."),
        say("No."),
        say("No."),
        write("src/engines/api_engine.ts", "1\n"),
        say("Done."),
      ],
      guard: [approve],
    },
    ui: { coder: [write("src/engines/ui_engine.ts", "1\n"), say("Done.")], guard: [approve] },
  };
  const issues = [
    { id: "api", max_retries: 0 },
    { id: "ui", depends_on: ["api"] },
  ];
  const engine = await openProject(context, { issues, script: script(cards) });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["blocked", "stalled"]);
  assert.deepEqual(
    [(await cardOf(engine, "ui"))?.waitReason, (await cardOf(engine, "ui"))?.waitDetail],
    ["dependency", "api is blocked."],
  );
  assert.match(run.detail ?? "", /api is blocked \(system\)[\s\S]*orket cards move api ready/);
  const { moveCardByHand } = await import("../../src/app/edit-cards.ts");
  const freed = await moveCardByHand(engine.engine, {
    card: "api",
    build: null,
    to: "ready",
    waitReason: null,
    detail: null,
    person: "me",
    verificationRequired: false,
  });
  assert.ok(freed.ok);
  const resumed = await engine.resume(run.id);
  assert.deepEqual([resumed.status, await statuses(engine)], ["done", { api: "done", ui: "done" }]);
});

test("R-13 a failing tool is a result for the model, not the end of the turn", async (context) => {
  const cards = {
    api: {
      coder: [
        call("read_file", { path: "nothing.md" }),
        call("no_such_tool", {}),
        call("write_file", { path: 7 }),
        write("src/engines/api_engine.ts", "1\n"),
        say("Done."),
      ],
      guard: [approve],
    },
  };
  const engine = await openProject(context, { issues: [{ id: "api" }], script: script(cards) });
  assert.equal((await engine.run({ card: "work" })).status, "done");
  const codes = engine.events
    .filter((event) => event.type === "tool-finished" && event.data["ok"] === false)
    .map((event) => event.data["code"]);
  assert.deepEqual(codes, ["file_missing", "tool_unknown", "tool_argument"]);
});

test("R-84 null content is refused and nothing is written", async (context) => {
  const cards = {
    api: {
      coder: [
        call("write_file", { path: "src/engines/null_engine.ts", content: null }),
        write("src/engines/api_engine.ts", "1\n"),
        say("Done."),
      ],
      guard: [approve],
    },
  };
  const engine = await openProject(context, { issues: [{ id: "api" }], script: script(cards) });
  await engine.run({ card: "work" });
  assert.ok(!existsSync(join(workspace(engine.dir), "src/engines/null_engine.ts")));
});

test("the same call a third time is not executed and fails the turn as loop-detected", async (context) => {
  const list = call("list_directory", { path: "." });
  const cards = {
    api: {
      coder: [list, list, list, write("src/engines/api_engine.ts", "1\n"), say("Done.")],
      guard: [approve],
    },
  };
  const engine = await openProject(context, { issues: [{ id: "api" }], script: script(cards) });
  assert.equal((await engine.run({ card: "work" })).status, "done");
  assert.ok(types(engine, "api").includes("loop-detected"));
  assert.equal(types(engine, "api").filter((type) => type === "turn-failed").length, 1);
});

test("R-50 an issue created by a turn is scheduled in the same run", async (context) => {
  const cards = {
    api: {
      coder: [
        call("create_issue", { seat: "tester", summary: "Look at the result" }),
        write("src/engines/api_engine.ts", "1\n"),
        say("Done."),
      ],
      guard: [approve],
    },
  };
  const match = [
    {
      when: { seat: "tester" },
      reply: call("update_issue_status", {
        status: "blocked",
        wait_reason: "input",
        reason: "Nothing to look at.",
      }),
    },
  ];
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: { version: 1, cards, match },
  });
  const run = await engine.run({ card: "work" });
  assert.equal(run.status, "blocked");
  const created =
    engine.events.find((event) => event.type === "card-created" && event.actor === "agent:coder")
      ?.card ?? "";
  const card = await cardOf(engine, created);
  assert.deepEqual(
    [card?.parent, card?.seat, card?.status, card?.waitReason],
    ["api", "tester", "blocked", "input"],
  );
});

test("R-12 R-14 a provider that refuses for everybody ends the run failed, keeps the retry count and can be resumed", async (context) => {
  const engine = await openProject(context, { issues: [{ id: "api" }], script: script({}) });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["failed", "provider"]);
  assert.ok(run.endedAt !== null);
  const card = await cardOf(engine, "api");
  assert.deepEqual([card?.status, card?.retryCount], ["ready", 0]);
});

test("R-08 the epics of a rock have builds of their own and run in their order", async (context) => {
  const files = {
    "model/core/epics/second.yaml": epicFile([{ id: "ui" }]),
    "model/core/rocks/big.yaml": {
      name: "Big",
      epics: [
        { epic: "work", department: "core" },
        { epic: "second", department: "core" },
      ],
    },
  };
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api", "ui"]),
    files,
  });
  const run = await engine.run({ card: "big" });
  assert.deepEqual([run.status, run.builds], ["done", ["big/work", "big/second"]]);
  const started = engine.events
    .filter((event) => event.type === "turn-started")
    .map((event) => event.card);
  assert.deepEqual(started, ["api", "api", "ui", "ui"]);
  assert.ok(existsSync(join(engine.dir, ".orket/workspaces/big/second/src/engines/ui_engine.ts")));
  assert.ok(
    !existsSync(join(engine.dir, ".orket/workspaces/big/second/src/engines/api_engine.ts")),
  );
  assert.equal((await cardOf(engine, "big"))?.status, "done");
});

test("R-08 an epic that stands in its rock before the one it waits for starts when that one is done", async (context) => {
  const files = {
    "model/core/epics/second.yaml": epicFile([{ id: "ui" }]),
    "model/core/rocks/big.yaml": {
      name: "Big",
      epics: [
        { epic: "second", department: "core", depends_on: ["work"] },
        { epic: "work", department: "core", depends_on: [] },
      ],
    },
  };
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api", "ui"]),
    files,
  });
  const run = await engine.run({ card: "big" });
  assert.deepEqual([run.status, run.detail], ["done", null]);
  const started = engine.events
    .filter((event) => event.type === "turn-started")
    .map((event) => event.card);
  assert.deepEqual(started, ["api", "api", "ui", "ui"]);
});

test("an epic over the threshold without iDesign is refused before anything is written", async (context) => {
  const issues = Array.from({ length: 8 }, (_, place) => ({ id: `card-${place}` }));
  const engine = await openProject(context, {
    issues,
    script: script({}),
    epic: { architecture_governance: { idesign: false } },
  });
  await assert.rejects(
    engine.run({ card: "work" }),
    /COMPLEXITY_GATE: Complexity Gate Violation: .*8 issues, more than 7/,
  );
  assert.equal(engine.events.length, 0);
  assert.deepEqual(await statuses(engine), {});
});

test("the run's turn limit ends it with work left, and a resume goes on", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }, { id: "ui" }],
    script: simpleScript(["api", "ui"]),
    options: { limits: { turnsPerRunMax: 3 } },
  });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["blocked", "turn-limit"]);
});

test("a token budget stops the run within one reply of the limit and a later run goes on", async (context) => {
  const coder = [
    { calls: [{ tool: "list_directory", args: {} }], usage: { input: 5000, output: 100 } },
    write("src/engines/api_engine.ts", "1\n"),
    say("Done."),
  ];
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({ api: { coder, guard: [approve] } }),
  });
  const run = await engine.run({
    card: "work",
    budget: { tokensMax: 5400, costUsdMax: null, minutesMax: null, turnsMax: null },
  });
  assert.deepEqual([run.status, run.reason], ["blocked", "budget"]);
  assert.match(run.detail ?? "", /Token budget: 5100 of 5400/);
});

test("a stopped run is paused, keeps its turn, and goes on where it was without asking the model again", async (context) => {
  const stop = new AbortController();
  const cards = {
    api: {
      coder: [
        write("src/engines/api_engine.ts", "1\n"),
        { text: "Done.", delayMs: 5000 },
        say("Done."),
      ],
      guard: [approve],
    },
  };
  const engine = await openProject(context, { issues: [{ id: "api" }], script: script(cards) });
  const running = engine.run({ card: "work" }, stop.signal);
  while (!existsSync(join(workspace(engine.dir), "src/engines/api_engine.ts")))
    await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort();
  const run = await running;
  assert.deepEqual([run.status, run.reason], ["paused", "interrupted"]);
  assert.equal((await cardOf(engine, "api"))?.status, "in_progress");
  const resumed = await engine.resume(run.id);
  assert.equal(resumed.status, "done");
  const called = engine.events.filter(
    (event) =>
      event.type === "model-called" && event.card === "api" && event.actor === "agent:coder",
  );
  assert.equal(called.length, 2);
  const writes = engine.events.filter(
    (event) => event.type === "tool-called" && event.data["tool"] === "write_file",
  );
  assert.equal(writes.length, 1);
  assert.equal((await engine.engine.store.verifyChain()).valid, true);
});

test("R-82 a violation leaves a report that says what was tried, and a second one does not replace it", async (context) => {
  const cards = { api: { coder: [write("../outside.ts", "1\n")] } };
  const engine = await openProject(context, { issues: [{ id: "api" }], script: script(cards) });
  const run = await engine.run({ card: "work" });
  const folder = join(engine.dir, ".orket/reports", run.id);
  const [name] = readdirSync(folder);
  const report = JSON.parse(readFileSync(join(folder, name ?? ""), "utf8")) as Record<
    string,
    unknown
  >;
  assert.deepEqual(
    [report["card"], report["violationType"], report["seat"]],
    ["api", "path", "coder"],
  );
});
