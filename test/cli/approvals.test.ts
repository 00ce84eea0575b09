// Approvals as processes: what a person sees and types, the exit codes, and a run that is killed while it waits.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Approval } from "../../src/domain/approval.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { approve, call, epicFile, makeProject, say, script, write } from "../support/project.ts";

const PATCH = "prompts/coder/generic.txt";
const promote = call("promote_prompt", {
  seat: "coder",
  content: "Be brief.",
  model_family: "generic",
});
const work = (id: string) => [write(`src/engines/${id}_engine.ts`, "1\n"), say("Done.")];
const API = { coder: [promote, ...work("api")], guard: [approve] };

async function openProject(
  context: TestContext,
  cards: Readonly<Record<string, unknown>>,
  settings = "",
) {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(Object.keys(cards).map((id) => ({ id }))),
    "script.yaml": script(cards),
    "orket.yaml": settings,
  });
  context.after(project.remove);
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: project.dir });
  const waiting = async (): Promise<readonly Approval[]> =>
    (JSON.parse((await orket("approvals", "--json")).out) as { approvals: Approval[] }).approvals;
  return { ...project, orket, waiting };
}

test("a run that waits exits with 6 and says how to decide; allowed and resumed it ends well", async (context) => {
  const { dir, orket, waiting } = await openProject(context, { api: API });
  const ran = await orket("run", "work");
  assert.equal(ran.code, 6);
  const [asked] = await waiting();
  const id = asked?.id ?? "";
  const run = asked?.run ?? "";
  assert.match(ran.out, /^work paused \(approval\)/);
  assert.match(
    ran.out,
    new RegExp(
      `api waits for a decision on promote_prompt coder .* since .*orket approvals allow ${id}`,
    ),
  );
  assert.match(
    ran.err,
    new RegExp(`asks +api +coder: promote_prompt .*orket approvals allow ${id}`),
  );
  assert.match(ran.err, new RegExp(`When it is decided, go on with: orket resume ${run}`));
  const listed = await orket("approvals");
  assert.equal(listed.code, 0);
  assert.match(
    listed.out,
    new RegExp(
      `^id +card +tool +since +expires +what\n${id} +api +promote_prompt +\\S+Z +\\S+Z +coder \\(class sensitive\\)\n$`,
    ),
  );
  assert.match(
    (await orket("runs", "show", run)).out,
    new RegExp(
      `api +in_progress +on a person since \\S+ \\d\\d:\\d\\d: a decision on promote_prompt coder — decide with: orket approvals allow ${id}`,
    ),
  );
  assert.match(
    (await orket("board")).out,
    new RegExp(`api waits for a decision.*orket approvals allow ${id}`),
  );
  assert.equal((await orket("resume", run)).code, 6);
  const allowed = await orket("approvals", "allow", id, "--reason", "fine");
  assert.deepEqual(
    [allowed.code, allowed.out],
    [0, `${id} allowed: promote_prompt coder for api\n`],
  );
  assert.match(allowed.err, new RegExp(`orket resume ${run}`));
  assert.equal((await orket("resume", run)).code, 0);
  assert.equal(readFileSync(join(dir, PATCH), "utf8"), "Be brief.");
  assert.match((await orket("approvals")).err, /Nothing waits/);
});

test("deny, an unknown id, a second decision and a word that is none have exit codes of their own", async (context) => {
  const { dir, orket, waiting } = await openProject(context, { api: API });
  assert.equal((await orket("run", "work", "--json")).code, 6);
  const [asked] = await waiting();
  const id = asked?.id ?? "";
  const run = asked?.run ?? "";
  const unknown = await orket("approvals", "allow", "approval-0", "--json");
  assert.deepEqual(
    [unknown.code, (JSON.parse(unknown.err) as { code: string }).code],
    [2, "APPROVAL_UNKNOWN"],
  );
  assert.equal((await orket("approvals", "allow")).code, 2);
  assert.equal((await orket("approvals", "perhaps", id)).code, 2);
  const denied = await orket("approvals", "deny", id, "--reason", "not today", "--json");
  const { approval } = JSON.parse(denied.out) as { approval: Approval };
  assert.deepEqual(
    [denied.code, approval.state, approval.decisionReason],
    [0, "denied", "not today"],
  );
  const again = await orket("approvals", "allow", id);
  assert.equal(again.code, 1);
  assert.match(again.err, /APPROVAL_DECIDED.*was denied by human:.*that stands/);
  assert.equal((await orket("resume", run)).code, 0);
  assert.equal(existsSync(join(dir, PATCH)), false);
});

test("with --approve deny nobody is asked, and the run does not wait", async (context) => {
  const { dir, orket, waiting } = await openProject(context, { api: API });
  const ran = await orket("run", "work", "--approve", "deny");
  assert.equal(ran.code, 0);
  assert.doesNotMatch(ran.err, /orket approvals allow/);
  assert.match(ran.err, /refused.*promote_prompt needs a person's approval/);
  assert.deepEqual([await waiting(), existsSync(join(dir, PATCH))], [[], false]);
  assert.equal((await orket("run", "work", "--approve", "perhaps")).code, 2);
});

test("rules in orket.yaml decide what is asked, and a user's own file cannot loosen them", async (context) => {
  const { dir, orket } = await openProject(
    context,
    { api: API },
    "approvals:\n  tools:\n    promote_prompt: allow\n  paths:\n    src/engines/**: ask\n",
  );
  assert.equal((await orket("run", "work")).code, 6);
  assert.equal(existsSync(join(dir, PATCH)), true);
  assert.match(
    (await orket("approvals")).out,
    /write_file .*src\/engines\/api_engine.ts \(path src\/engines/,
  );
  const shown = await orket("config", "show");
  assert.match(shown.out, /approvals\.paths +\S*src\/engines.*orket\.yaml/);
  mkdirSync(join(dir, ".config/orket"), { recursive: true });
  writeFileSync(
    join(dir, ".config/orket/config.yaml"),
    "approvals:\n  classes:\n    sensitive: allow\n",
  );
  const refused = await orket("approvals");
  assert.equal(refused.code, 3);
  assert.match(refused.err, /approvals\.classes.*orket\.yaml/);
});

test("a question outlives the process that asked: killed, decided, resumed, the call is made once", async (context) => {
  const slow = {
    coder: [
      { text: "", delayMs: 1500, ...(write("src/engines/ui_engine.ts", "1\n") as object) },
      say("Done."),
    ],
    guard: [approve],
  };
  const { dir, orket, waiting } = await openProject(context, { api: API, ui: slow });
  const running = startOrket(["run", "work", "--json"], { cwd: dir });
  context.after(() => running.signal("SIGKILL"));
  await running.says('"approval-requested"');
  running.signal("SIGKILL");
  await running.ended;
  const [asked] = await waiting();
  assert.equal((await orket("approvals", "allow", asked?.id ?? "")).code, 0);
  const resumed = await orket("resume", asked?.run ?? "", "--json");
  assert.equal(resumed.code, 0);
  const calls = resumed.out
    .split("\n")
    .filter((line) => line.includes('"tool-called"') && line.includes("promote_prompt"));
  assert.equal(calls.length, 1);
  assert.equal(readFileSync(join(dir, PATCH), "utf8"), "Be brief.");
  assert.equal((await orket("events", "verify")).code, 0);
});
