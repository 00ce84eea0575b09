// What each role of a run did, as the command line shows it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memberMetrics } from "../../src/app/member-metrics.ts";
import { startRun } from "../../src/app/start-run.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { openProject } from "../support/open-project.ts";
import { runOrket } from "../support/orket.ts";
import { approve, call, epicFile, makeProject, script, write } from "../support/project.ts";

const reply = (given: unknown, input: number, output: number): unknown => ({
  ...(given as object),
  usage: { input, output },
});

const CARDS = {
  api: {
    coder: [
      reply(write("src/engines/api_engine.ts", "one\ntwo\nthree\n"), 100, 10),
      reply(write("src/engines/gone_engine.ts", "one"), 200, 20),
      reply(call("read_file", { path: "no/such/file" }), 300, 30),
      reply(call("delete_file", { path: "src/engines/gone_engine.ts", confirm: true }), 400, 40),
      reply({ text: "Done." }, 1, 1),
    ],
    guard: [reply(approve, 7, 3)],
  },
};
const EXPECTED = {
  coder: {
    tokens: 1102,
    lines_written: 4,
    last_action: "Executing delete_file",
    detail: "Wrote src/engines/gone_engine.ts",
  },
  integrity_guard: {
    tokens: 10,
    lines_written: 0,
    last_action: "Executing update_issue_status",
    detail: "",
  },
};

test("R-20 runs show --metrics counts tokens and lines of each role from the events", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": script(CARDS),
  });
  context.after(project.remove);
  const ran = await runOrket(["run", "work", "--json"], { cwd: project.dir });
  assert.equal(ran.code, 0, ran.err);
  const last = JSON.parse(ran.out.trimEnd().split("\n").at(-1) ?? "") as { run: { id: string } };
  const show = ["runs", "show", last.run.id];
  const json = await runOrket([...show, "--metrics", "--json"], { cwd: project.dir });
  assert.deepEqual((JSON.parse(json.out) as { metrics: unknown }).metrics, EXPECTED);
  const text = await runOrket([...show, "--metrics"], { cwd: project.dir });
  assert.match(
    text.out,
    /coder +1102 +4 +Executing delete_file +Wrote src\/engines\/gone_engine\.ts/,
  );
  const without = await runOrket([...show, "--json"], { cwd: project.dir });
  assert.ok(!("metrics" in (JSON.parse(without.out) as object)));
  const unknown = await runOrket(["runs", "show", "run-ghost", "--metrics"], { cwd: project.dir });
  assert.deepEqual([unknown.code, /RUN_UNKNOWN/.test(unknown.err)], [2, true]);
});

test("R-20 an unknown run is refused, one without events has no members, and pages are counted like one", async (context) => {
  const { engine } = await openProject(context, { issues: [{ id: "api" }], script: script({}) });
  const unknown = await memberMetrics(engine, "run-ghost");
  assert.ok(!unknown.ok && unknown.error.code === "RUN_UNKNOWN");
  const request = { card: "work", build: null, department: null, restart: false, model: null };
  const queued = await startRun(engine, { ...request, budget: NO_BUDGET });
  assert.ok(queued.ok);
  const run = queued.value.id;
  assert.deepEqual(await memberMetrics(engine, run), { ok: true, value: {} });
  const origin = { run, build: "build-work", card: "api", turn: "turn-1", actor: "agent:coder" };
  const started = {
    ...origin,
    type: "turn-started",
    data: { seat: "coder", role: "coder" },
  } as const;
  const data = { inputTokens: 2, outputTokens: 1 };
  const called = Array.from(
    { length: 2500 },
    () => ({ ...origin, type: "model-called", data }) as const,
  );
  await engine.store.transaction(async ({ events }) => events.append([started, ...called]));
  const counted = await memberMetrics(engine, run);
  assert.equal(counted.ok && counted.value["coder"]?.tokens, 7500);
});
