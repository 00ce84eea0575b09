// Verification in a run: what it gates, who is shown what of it, and what happens when it cannot be had.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { moveCardByHand } from "../../src/app/edit-cards.ts";
import { verifyByHand } from "../../src/app/verify-by-hand.ts";
import type { Engine } from "../../src/app/engine.ts";
import { stopRun } from "../../src/app/stop-run.ts";
import { recordRun } from "../../src/app/record-run.ts";
import { replayRecording } from "../../src/assemble-replay.ts";
import { loadConfig } from "../../src/config.ts";
import { firstDifferenceByCard, plainEvents } from "../../src/domain/recording.ts";
import { ok } from "../../src/domain/result.ts";
import type { Containment } from "../../src/ports/containment.ts";
import { createBareBox } from "../support/bare-box.ts";
import { cardOf, moves, openProject, types } from "../support/open-project.ts";
import { approve, reject, say, script, write } from "../support/project.ts";

const SECRET = 41_337;
const FIXTURE = `
import importlib.util, os
def load():
    spec = importlib.util.spec_from_file_location("api", os.getcwd() + "/src/engines/api_engine.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
def verify(input):
    return load().value(input)
`;
const code = (expression: string): string => `def value(input):\n    return ${expression}\n`;
const RIGHT = write("src/engines/api_engine.py", code(`input * ${SECRET}`));
const WRONG = write("src/engines/api_engine.py", code("input + 0.5"));
const VERIFICATION = {
  fixture_path: "verification/api.py",
  scenarios: [{ id: "one", description: "The one", input_data: 1, expected_output: SECRET }],
};

type Setting = {
  readonly turns: Readonly<Record<string, unknown>>;
  readonly verification?: unknown;
  readonly containment?: Containment;
  readonly fixture?: string;
};

const open = async (context: TestContext, { turns, ...setting }: Setting) =>
  openProject(context, {
    issues: [{ id: "api", verification: setting.verification ?? VERIFICATION }],
    script: script({ api: turns as never }),
    files: { "verification/api.py": setting.fixture ?? FIXTURE },
    options: { replace: { containment: setting.containment ?? createBareBox() } },
  });
type Opened = Awaited<ReturnType<typeof open>>;

const promptsOf = async ({ engine }: { readonly engine: Engine }): Promise<readonly string[]> =>
  engine.store.read(async ({ turns }) => {
    const list = await turns.list({ card: "api", limit: 50 });
    const prompts = await Promise.all(list.map(async ({ id }) => turns.prompt(id)));
    return prompts.map((messages) => messages.map(({ content }) => content).join("\n"));
  });

const lastRun = async ({ engine }: Opened) => {
  const build = (await engine.store.read(async ({ cards }) => cards.find("api")))?.build ?? "";
  return engine.store.read(async ({ cards }) => cards.lastVerification(build, "api"));
};

test("R-16 a card that passes its verification in review is done and verified", async (context) => {
  const project = await open(context, {
    turns: { coder: [RIGHT, say("Done.")], guard: [approve] },
  });
  assert.equal((await project.run({ card: "work" })).status, "done");
  const card = await cardOf(project, "api");
  assert.deepEqual([card?.status, card?.verified], ["done", true]);
  const run = await lastRun(project);
  const { verdict, total, passed, failed, notExecuted, cycle } = run ?? {};
  assert.deepEqual(
    { verdict, total, passed, failed, notExecuted, cycle },
    { verdict: "pass", total: 1, passed: 1, failed: 0, notExecuted: 0, cycle: 0 },
  );
  assert.deepEqual(run?.logs, ["Running Scenario: one: The one", "[PASS] one"]);
  const seen = types(project, "api");
  assert.ok(
    seen.indexOf("verification-finished") < seen.indexOf("review-started"),
    "before the reviewer looks",
  );
  assert.equal(
    seen.filter((type) => type === "verification-finished").length,
    1,
    "nothing changed since",
  );
  assert.deepEqual(await readdir(join(project.dir, ".orket", "copies")), [], "no copy is left");
});

test("R-16 a failed verification is shown to the reviewer and to the coder, without what was expected, and cannot be approved", async (context) => {
  const project = await open(context, {
    turns: {
      coder: [WRONG, say("Done."), RIGHT, say("Fixed.")],
      guard: [approve, reject("The verification fails, see its scenario."), approve],
    },
  });
  assert.equal((await project.run({ card: "work" })).status, "done");
  assert.deepEqual(moves(project, "api"), [
    "in_progress",
    "code_review",
    "in_progress",
    "code_review",
    "done",
  ]);
  const denied = project.events.find(({ type }) => type === "tool-denied");
  assert.match(JSON.stringify(denied?.data), /verification_failed/);
  const [, review = "", rework = ""] = await promptsOf(project);
  for (const prompt of [review, rework]) {
    assert.match(prompt, /verdict fail: 0 of 1 passed/);
    assert.match(prompt, /one: The one: got 1\.5/);
  }
  const everything = JSON.stringify([await promptsOf(project), project.events]);
  assert.ok(!everything.includes(`Expected ${SECRET}`));
  const shown = (await promptsOf(project))
    .slice(0, 3)
    .join("\n")
    .replaceAll(JSON.stringify(RIGHT), "");
  assert.ok(!shown.includes(String(SECRET)), "what is expected is in no prompt");
});

test("R-16 without a sandbox an HTTP scenario is not executed, and its card waits for the resource", async (context) => {
  const verification = { scenarios: [{ id: "up", input_data: { endpoint: "/health" } }] };
  const project = await open(context, {
    verification,
    turns: { coder: [RIGHT, say("Done.")], guard: [approve] },
  });
  assert.equal((await project.run({ card: "work" })).status, "blocked");
  const card = await cardOf(project, "api");
  assert.deepEqual([card?.status, card?.waitReason], ["blocked", "resource"]);
  assert.match(card?.waitDetail ?? "", /No sandbox runs/);
});

test("R-16 a box that breaks gives no verdict, and its card waits for the resource", async (context) => {
  const box = createBareBox();
  const broken: Containment = {
    ...box,
    run: async (command, signal) => {
      const ran = await box.run(command, signal);
      return ran.ok
        ? { ok: true, value: { ...ran.value, ended: "box-error", exitCode: null } }
        : ran;
    },
  };
  const project = await open(context, {
    containment: broken,
    turns: { coder: [RIGHT, say("Done.")], guard: [approve] },
  });
  await project.run({ card: "work" });
  const card = await cardOf(project, "api");
  assert.deepEqual(
    [card?.status, card?.waitReason, card?.verified],
    ["blocked", "resource", false],
  );
  assert.equal((await lastRun(project))?.verdict, null);
});

test("R-16 HTTP scenarios ask the sandbox of the build, and nothing else counts for them", async (context) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.statusCode = request.url === "/missing" ? 404 : 200;
    response.end(request.url === "/zero" ? "0" : '{"up":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const scenarios = [
    { id: "up", input_data: { endpoint: "/health" }, expected_output: { up: true } },
    { id: "gone", input_data: { endpoint: "/missing", expected_status: 404 } },
    { id: "zero", input_data: { endpoint: "/zero" }, expected_output: 0 },
    { id: "falsy", input_data: { endpoint: "/health" }, expected_output: false },
    { id: "status", input_data: { endpoint: "/missing" } },
    { id: "away", input_data: { endpoint: `//127.0.0.1:${port}/health` } },
  ];
  const builds: string[] = [];
  const project = await openProject(context, {
    issues: [{ id: "api", verification: { scenarios } }],
    script: script({ api: { coder: [RIGHT, say("Done.")], guard: [say("Hm."), say("Hm.")] } }),
    options: {
      sandboxUrl: async (build) => {
        builds.push(build);
        return ok(`http://127.0.0.1:${port}`);
      },
    },
  });
  await project.run({ card: "work" });
  const run = await lastRun(project);
  assert.deepEqual([run?.passed, run?.failed, run?.total], [3, 3, 6]);
  assert.equal(asked.length, 5, "the one that names another server asks nobody");
  assert.deepEqual([...new Set(builds)], ["build-work"]);
  assert.match(
    run?.logs.join("\n") ?? "",
    /Expected status 200 with false, got status 200 with \{"up":true\}/,
  );
});

test("a recorded run with verifications is played again without executing anything", async (context) => {
  const box = createBareBox();
  const project = await open(context, {
    containment: box,
    turns: {
      coder: [WRONG, say("Done."), RIGHT, say("Fixed.")],
      guard: [reject("The verification fails, see its scenario."), approve],
    },
  });
  const run = await project.run({ card: "work" });
  const recorded = await project.engine.store.read(async (transaction) =>
    recordRun(transaction, { run: run.id, concurrency: 1 }),
  );
  assert.ok(recorded.ok);
  const { recording, snapshot, events } = recorded.value;
  assert.deepEqual(
    recording.verifications["api"]?.map((one) => "scenarios" in one && one.scenarios),
    ["failed", "passed"].map((outcome) => [{ id: "one", kind: "function", outcome }]),
  );
  assert.ok(!JSON.stringify(recording.verifications).includes(String(SECRET)));
  const executed = box.commands.length;
  const config = loadConfig({ env: {} });
  assert.ok(config.ok);
  const setting = { dir: project.dir, config: config.value, env: process.env };
  const replayed = await replayRecording(setting, recording, snapshot.assets);
  assert.ok(replayed.ok, JSON.stringify(replayed));
  assert.equal(firstDifferenceByCard(plainEvents(events), replayed.value), null);
  assert.equal(box.commands.length, executed);
});

test("R-29 a fixture outside of verification/ blocks its own card and leaves the others alone", async (context) => {
  const outside = { ...VERIFICATION, fixture_path: "elsewhere/api.py" };
  const project = await openProject(context, {
    issues: [{ id: "api", verification: outside }, { id: "other" }],
    script: script({
      api: { coder: [RIGHT, say("Done.")], guard: [approve] },
      other: {
        coder: [write("src/engines/other_engine.py", "1\n"), say("Done.")],
        guard: [approve],
      },
    }),
    files: { "elsewhere/api.py": FIXTURE },
    options: { replace: { containment: createBareBox() } },
  });
  await project.run({ card: "work" });
  const card = await cardOf(project, "api");
  assert.deepEqual([card?.status, card?.waitReason], ["blocked", "system"]);
  assert.match(card?.waitDetail ?? "", /verification_path/);
  assert.equal((await cardOf(project, "other"))?.status, "done");
  assert.ok(types(project, "api").includes("verification-refused"));
});

test("R-16 work that changed after it was verified is verified again before it is done", async (context) => {
  const box = createBareBox();
  let changes = 0;
  const project = await open(context, {
    containment: box,
    turns: { coder: [RIGHT, say("Done.")], guard: [approve] },
  });
  // The fixture is changed while the reviewer decides: the second verification sees another one.
  const { reply } = project.engine.model;
  const model: Engine["model"] = {
    ...project.engine.model,
    reply: async (request, signal, onText) => {
      if (request.origin.seat === "guard" && changes++ === 0)
        writeFileSync(
          join(project.dir, "verification/api.py"),
          "def verify(i): return 'changed'\n",
        );
      return reply(request, signal, onText);
    },
  };
  Object.assign(project.engine, { model });
  await project.run({ card: "work" });
  const card = await cardOf(project, "api");
  assert.notEqual(card?.status, "done");
  assert.equal(card?.verified, false);
  assert.equal((await lastRun(project))?.verdict, "fail");
  assert.equal(box.commands.length, 2);
});

test("R-16 a person cannot finish a card on a verdict of an earlier state of the work", async (context) => {
  const project = await open(context, {
    turns: { coder: [RIGHT, say("Done.")], guard: [say("Hm."), say("Hm.")] },
  });
  await project.run({ card: "work" });
  const hand = {
    card: "api",
    build: null,
    waitReason: null,
    detail: null,
    person: "ann",
    verificationRequired: false,
  };
  const { engine } = project;
  const move = async (to: string) => moveCardByHand(engine, { ...hand, to });
  for (const to of ["in_progress", "code_review"]) assert.ok((await move(to)).ok, to);
  const fixture = join(project.dir, "verification/api.py");
  writeFileSync(fixture, "def verify(i): return 'changed'\n");
  const refused = await move("done");
  assert.equal(refused.ok ? null : refused.error.code, "VERIFICATION_FAILED");
  writeFileSync(fixture, FIXTURE);
  const done = await move("done");
  assert.equal(done.ok && done.value.verified, true, "the verdict is about this again");
});

test("R-16 a run that is stopped in the middle of a verification keeps no half of it, and its resume verifies again", async (context) => {
  const stop = new AbortController();
  const box = createBareBox();
  let stops = true;
  const project = await open(context, {
    containment: {
      ...box,
      run: async (command, signal) => {
        if (stops) setImmediate(() => stop.abort());
        return box.run(stops ? { ...command, argv: ["sleep", "60"] } : command, signal);
      },
    },
    turns: { coder: [RIGHT, say("Done.")], guard: [approve] },
  });
  const run = await project.run({ card: "work" }, stop.signal);
  assert.deepEqual([run.status, run.reason], ["paused", "interrupted"]);
  assert.equal(await lastRun(project), null);
  assert.equal((await cardOf(project, "api"))?.status, "code_review");
  stops = false;
  assert.equal((await project.resume(run.id)).status, "done");
  assert.equal((await cardOf(project, "api"))?.verified, true);
});

test("R-16 a verification that was stored before the run was stopped is not executed again", async (context) => {
  const stop = new AbortController();
  const box = createBareBox();
  const project = await open(context, {
    containment: box,
    turns: { coder: [RIGHT, say("Done.")], guard: [approve] },
  });
  const { reply } = project.engine.model;
  const model: Engine["model"] = {
    ...project.engine.model,
    reply: async (request, signal, onText) => {
      if (request.origin.seat === "guard") stop.abort();
      return reply(request, signal, onText);
    },
  };
  Object.assign(project.engine, { model });
  const run = await project.run({ card: "work" }, stop.signal);
  assert.equal(run.status, "paused");
  assert.equal((await project.resume(run.id)).status, "done");
  assert.equal((await cardOf(project, "api"))?.verified, true);
  assert.equal(box.commands.length, 1);
});

test("R-26 a cancel ends what is executed for a verification, and the card is verified by nobody", async (context) => {
  const box = createBareBox();
  const ends: string[] = [];
  const cancel = async (engine: Engine) => {
    const [run] = await engine.store.read(async ({ runs }) => runs.list({ limit: 1 }));
    const isOwnerGone = () => false;
    return stopRun(engine, { run: run?.id ?? "", wish: "cancel", by: "ann", isOwnerGone });
  };
  const cancels: Promise<unknown>[] = [];
  const hanging: Containment = {
    ...box,
    run: async (command, signal) => {
      const limits = { ...command.limits, wallMs: 600_000 };
      const running = box.run({ ...command, argv: ["sleep", "600"], limits }, signal);
      cancels.push(cancel(project.engine));
      const ran = await running;
      if (ran.ok) ends.push(ran.value.ended);
      return ran;
    },
  };
  const project = await open(context, {
    containment: hanging,
    turns: { coder: [RIGHT, say("Done.")], guard: [approve] },
  });
  const run = await project.run({ card: "work" });
  await Promise.all(cancels);
  assert.deepEqual([run.status, run.reason, ends], ["canceled", "requested", ["aborted"]]);
  assert.equal(await lastRun(project), null);
});

test("R-16 cards that are verified side by side are done only on what is committed in the end", async (context) => {
  const ids = ["one", "two", "three"];
  const verification = {
    fixture_path: "verification/count.py",
    scenarios: [{ id: "any", input_data: null, expected_output: true }],
  };
  const work = (id: string) => ({
    coder: [write(`src/engines/${id}_engine.py`, `${id} = 1\n`), say("Done.")],
    guard: [approve],
  });
  const project = await openProject(context, {
    issues: ids.map((id) => ({ id, verification })),
    script: script(Object.fromEntries(ids.map((id) => [id, work(id)]))),
    files: { "verification/count.py": "def verify(i): return True\n" },
    options: { replace: { containment: createBareBox() } },
  });
  assert.equal((await project.run({ card: "work" })).status, "done");
  const finished = project.events.filter(({ type }) => type === "verification-finished");
  for (const id of ids) {
    assert.equal((await cardOf(project, id))?.verified, true, id);
    const done = project.events.find(({ card, data }) => card === id && data["to"] === "done");
    const last = finished.filter(({ card, seq }) => card === id && seq < (done?.seq ?? 0)).at(-1);
    assert.equal(last?.data["verdict"], "pass", id);
  }
});

test("R-17 `orket verify` stores what it found beside whatever else happens to the card", async (context) => {
  const project = await open(context, {
    turns: { coder: [WRONG, say("Done.")], guard: [say("Hm."), say("Hm.")] },
  });
  await project.run({ card: "work" });
  const before = await cardOf(project, "api");
  const verified = await verifyByHand(
    project.engine,
    { card: "api", build: null, person: "ann" },
    new AbortController().signal,
  );
  assert.ok(verified.ok);
  assert.equal(verified.value.verification.verdict, "fail");
  assert.deepEqual(await cardOf(project, "api"), before, "no column of the card was written");
  assert.equal((await lastRun(project))?.at, verified.value.verification.at);
  assert.match(verified.value.verification.logs.join("\n"), /\[FAIL\] Expected 41337, got 1\.5/);
});

test("a card without a verification says so", async (context) => {
  const project = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({ api: { coder: [RIGHT, say("Done.")], guard: [approve] } }),
  });
  await project.run({ card: "work" });
  const request = { card: "api", build: null, person: "ann" };
  const verified = await verifyByHand(project.engine, request, new AbortController().signal);
  assert.deepEqual(verified.ok ? null : verified.error.code, "VERIFICATION_MISSING");
  const unknown = { ...request, card: "none" };
  const refused = await verifyByHand(project.engine, unknown, new AbortController().signal);
  assert.equal(refused.ok ? null : refused.error.code, "CARD_UNKNOWN");
});
