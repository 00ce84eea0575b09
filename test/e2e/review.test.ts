// Seats and reviews: who works, who reviews, what a rejection does, and what stops when nobody can decide.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { cardOf, moves, openProject, statuses, types } from "../support/open-project.ts";
import { approve, call, reject, say, script, simpleScript, write } from "../support/project.ts";

test("R-11 finished work is promoted to review without the model saying so", async (context) => {
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
  });
  await engine.run({ card: "work" });
  assert.deepEqual(moves(engine, "api"), ["in_progress", "code_review", "done"]);
});

test("R-11 a reviewer who decides nothing is asked once more, then the card is blocked for review", async (context) => {
  const silent = script({
    api: {
      coder: [write("src/engines/api_engine.ts", "1\n"), say("Done.")],
      guard: [say("Looks nice."), say("Indeed.")],
    },
  });
  const engine = await openProject(context, { issues: [{ id: "api" }], script: silent });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["blocked", "stalled"]);
  const card = await cardOf(engine, "api");
  assert.deepEqual([card?.status, card?.waitReason], ["blocked", "review"]);
  assert.equal(types(engine, "api").filter((type) => type === "reply-corrected").length, 1);
});

test("R-07 a rejected card is worked on again with the reviewer's reason in its prompt", async (context) => {
  const rework = script({
    api: {
      coder: [
        write("src/engines/api_engine.ts", "1\n"),
        say("Done."),
        write("src/engines/api_engine.ts", "2\n"),
        say("Fixed."),
      ],
      guard: [reject("The number must be two, not one."), approve],
    },
  });
  const engine = await openProject(context, { issues: [{ id: "api" }], script: rework });
  const run = await engine.run({ card: "work" });
  assert.equal(run.status, "done");
  assert.deepEqual(moves(engine, "api"), [
    "in_progress",
    "code_review",
    "in_progress",
    "code_review",
    "done",
  ]);
  const turns = await engine.engine.store.read(async ({ turns: list }) =>
    list.list({ card: "api", limit: 10 }),
  );
  const prompt = await engine.engine.store.read(async ({ turns: list }) =>
    list.prompt(turns[2]?.id ?? ""),
  );
  assert.ok(
    prompt.some(
      (message) => message.role === "user" && message.content.includes("must be two, not one"),
    ),
  );
  assert.ok(
    prompt.every(
      (message) => message.role !== "system" || !message.content.includes("must be two"),
    ),
    "R-47",
  );
  assert.equal((await cardOf(engine, "api"))?.cycle, 0);
});

test("the fourth rejection blocks the card and files one requirements card", async (context) => {
  const coder = [1, 2, 3, 4].flatMap((value) => [
    write("src/engines/api_engine.ts", `${value}\n`),
    say("Done."),
  ]);
  const guard = [1, 2, 3, 4].map((value) => reject(`Not good enough, attempt ${value}.`));
  // The third rejection escalates: the architect does the rework.
  const architect = [write("src/engines/api_engine.ts", "5\n"), say("Done.")];
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({ api: { coder, guard, architect } }),
  });
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason], ["blocked", "stalled"]);
  const card = await cardOf(engine, "api");
  assert.deepEqual([card?.status, card?.waitReason], ["blocked", "review"]);
  const filed = await cardOf(engine, "api-requirements");
  assert.deepEqual([filed?.status, filed?.waitReason], ["blocked", "input"]);
  assert.ok(types(engine, "api").includes("review-escalated"));
  const brief = await engine.engine.store.read(async ({ cards }) =>
    cards.brief("build-work", "api-requirements"),
  );
  assert.match(brief?.description ?? "", /attempt 1[\s\S]*attempt 4/);
  const seats = engine.events
    .filter((event) => event.type === "turn-started" && event.data["kind"] === "work")
    .map((event) => event.data["seat"]);
  assert.deepEqual(seats, ["coder", "coder", "coder", "architect"]);
});

test("R-32 nobody reviews a card whose author holds the only guard role", async (context) => {
  const own = script({ api: { guard: [write("src/engines/api_engine.ts", "1\n"), say("Done.")] } });
  const files = {
    "model/core/roles/integrity_guard.yaml": {
      name: "integrity_guard",
      description: "Both.",
      tools: ["write_file", "update_issue_status"],
    },
  };
  const engine = await openProject(context, {
    issues: [{ id: "api", seat: "guard" }],
    script: own,
    files,
  });
  const run = await engine.run({ card: "work" });
  assert.equal(run.status, "blocked");
  const card = await cardOf(engine, "api");
  assert.deepEqual([card?.status, card?.waitReason], ["blocked", "resource"]);
  assert.ok(types(engine, "api").includes("alert-raised"));
});

test("R-25 a card whose type its seat may not work on is blocked for resource, not canceled", async (context) => {
  const files = {
    "model/core/roles/coder.yaml": {
      name: "coder",
      description: "Bugs only.",
      tools: ["write_file"],
      capabilities: { issue_types: ["bug"] },
    },
  };
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
    files,
  });
  assert.equal((await engine.run({ card: "work" })).status, "blocked");
  assert.deepEqual(
    [(await cardOf(engine, "api"))?.status, (await cardOf(engine, "api"))?.waitReason],
    ["blocked", "resource"],
  );
});

test("a card that lacked a seat goes on by itself once there is one; one whose seat lacks something does not", async (context) => {
  const role = {
    name: "coder",
    description: "Bugs only.",
    tools: ["write_file", "update_issue_status"],
  };
  const path = "model/core/roles/coder.yaml";
  const stuck = { status: "blocked", wait_reason: "resource" };
  const engine = await openProject(context, {
    issues: [
      { id: "api", type: "task" },
      { id: "fix", type: "bug" },
    ],
    script: script({
      api: { coder: [write("src/engines/api_engine.ts", "1\n"), say("Done.")], guard: [approve] },
      fix: { coder: [call("update_issue_status", stuck)] },
    }),
    files: { [path]: { ...role, capabilities: { issue_types: ["bug"] } } },
  });
  assert.equal((await engine.run({ card: "work" })).status, "blocked");
  assert.deepEqual(await statuses(engine), { api: "blocked", fix: "blocked" });
  const again = await engine.run({ card: "work" });
  assert.deepEqual([again.status, again.turns], ["blocked", 0], "nothing has changed yet");
  writeFileSync(join(engine.dir, path), stringify(role));
  assert.equal((await engine.run({ card: "work" })).status, "blocked");
  assert.deepEqual(await statuses(engine), { api: "done", fix: "blocked" });
});

test("R-16 a declared verification without containment blocks the card for resource instead of passing it", async (context) => {
  const verification = {
    fixture_path: "verification/api.py",
    scenarios: [{ id: "one", description: "One", input_data: {}, expected_output: 1 }],
  };
  const files = { "verification/api.py": "def verify(input):\n    return 1\n" };
  const engine = await openProject(context, {
    issues: [{ id: "api", verification }],
    script: simpleScript(["api"]),
    files,
  });
  assert.equal((await engine.run({ card: "work" })).status, "blocked");
  const card = await cardOf(engine, "api");
  assert.deepEqual(
    [card?.status, card?.waitReason, card?.verified],
    ["blocked", "resource", false],
  );
  assert.match(card?.waitDetail ?? "", /verification cannot run/);
});
