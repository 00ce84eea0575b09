// `orket sandboxes` as a process where no container engine answers: what a person is told, and the exit codes.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { runOrket } from "../support/orket.ts";
import { epicFile, makeProject, simpleScript } from "../support/project.ts";
import { stringify } from "yaml";

async function openProject(context: TestContext, epic: Readonly<Record<string, unknown>> = {}) {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }], epic),
    "script.yaml": stringify(simpleScript(["api"])),
  });
  context.after(project.remove);
  const env = { DOCKER_HOST: `unix://${project.dir}/none.sock` };
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: project.dir, env });
  return { ...project, orket };
}

test("a list without sandboxes says how to bring one up, and gives one document as JSON", async (context) => {
  const { orket } = await openProject(context);
  const listed = await orket("sandboxes");
  assert.equal(listed.code, 0);
  assert.equal(listed.out, "");
  assert.match(listed.err, /There is no sandbox. Bring one up with: orket sandboxes up <card>/);
  const json = JSON.parse((await orket("sandboxes", "--json")).out) as Record<string, unknown>;
  assert.deepEqual([json["v"], json["sandboxes"], json["orphans"]], [1, [], []]);
  assert.match(String(json["engine"]), /[Dd]ocker/);
});

test("what is not known is told with the way to find it", async (context) => {
  const { orket } = await openProject(context);
  for (const verb of ["stop", "logs", "health"]) {
    const told = await orket("sandboxes", verb, "sandbox-none");
    assert.match(told.err, /No sandbox has the id sandbox-none/);
    assert.equal(told.code, 2);
  }
  const up = await orket("sandboxes", "up", "nothing");
  assert.equal(up.code, 2);
  assert.match(up.err, /No build and no stored card is called nothing/);
});

test("R-58 a deployment names what lacks: a stack, a known one, an engine", async (context) => {
  const { orket } = await openProject(context);
  assert.equal((await orket("run", "work")).code, 0);
  const none = await orket("sandboxes", "up", "work");
  assert.deepEqual([none.code, /No stack is named/.test(none.err)], [3, true]);
  const unknown = await orket("sandboxes", "up", "api", "--stack", "cobol");
  assert.deepEqual([unknown.code, /fastapi-react-postgres/.test(unknown.err)], [3, true]);
  const json = await orket("sandboxes", "up", "work", "--stack", "node-react-postgres", "--json");
  const problem = JSON.parse(json.err) as { code: string; message: string };
  assert.equal(problem.code, "ENGINE_UNAVAILABLE");
  assert.match(problem.message, /[Dd]ocker/);
});
