// `orket verify` as a user meets it: what it prints, what it stores, and what its exit codes say.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { stringify } from "yaml";
import { runOrket } from "../support/orket.ts";
import { epicFile, makeProject, say, script, write } from "../support/project.ts";

const scenarios = [
  { id: "yes", description: "The same", input_data: 1, expected_output: 1 },
  { id: "no", description: "Another", input_data: 2, expected_output: 1 },
];
const FIXTURE = "def verify(input):\n    return input\n";

/** The card is stored, and stays where nobody decided about it. */
async function scene(context: TestContext, verification: unknown) {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api", verification }]),
    "verification/api.py": FIXTURE,
    "script.yaml": script({
      api: {
        coder: [write("src/engines/api_engine.py", "1\n"), say("Done.")],
        guard: [say("Hm."), say("Hm.")],
      },
    }),
  });
  context.after(project.remove);
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: project.dir });
  await orket("run", "work");
  return { dir: project.dir, orket };
}

test("a failed verification exits 1, and tells each scenario", async (context) => {
  const { orket } = await scene(context, { fixture_path: "verification/none.py", scenarios });
  const { code, out } = await orket("verify", "api");
  assert.equal(code, 1, out);
  assert.match(out, /^Running Scenario: yes: The same\n\[FAIL\] Expected 1, got no fixture/);
  assert.match(out, /\nverdict: fail \(0 of 2 passed, 2 failed\)\n$/);
  const json = await orket("verify", "api", "--build", "build-work", "--json");
  assert.equal(json.code, 1);
  const { v, card, build, verification } = JSON.parse(json.out) as {
    readonly v: number;
    readonly card: string;
    readonly build: string;
    readonly verification: Readonly<Record<string, unknown>>;
  };
  const { verdict, total, passed, failed, notExecuted, results } = verification;
  assert.deepEqual([v, card, build], [1, "api", "build-work"]);
  assert.deepEqual([verdict, total, passed, failed, notExecuted], ["fail", 2, 0, 2, 0]);
  assert.equal((results as readonly unknown[]).length, 2);
  const shown = await orket("cards", "show", "api");
  assert.match(shown.out, /verification +fail, 0 of 2 passed, in cycle 1/);
});

test("without a sandbox an HTTP scenario gives no verdict, and exits 3", async (context) => {
  const up = { id: "up", input_data: { endpoint: "/health" } };
  const { orket } = await scene(context, { scenarios: [up] });
  const { code, out } = await orket("verify", "api");
  assert.equal(code, 3);
  assert.match(out, /\[NOT EXECUTED\] .*sandbox/i);
  assert.match(out, /verdict: none \(0 of 1 passed, 0 failed, 1 not executed\)/);
});

test("what cannot be verified is refused with its reason", async (context) => {
  const { dir, orket } = await scene(context, { fixture_path: "elsewhere/api.py", scenarios });
  const outside = await orket("verify", "api");
  assert.equal(outside.code, 3);
  assert.match(outside.err, /verification_path: elsewhere\/api\.py/);
  const unknown = await orket("verify", "none");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /No stored card is called none/);
  await writeFile(join(dir, "model/core/epics/work.yaml"), stringify(epicFile([{ id: "api" }])));
  const missing = await orket("verify", "api", "--json");
  assert.equal(missing.code, 2);
  assert.match(missing.out + missing.err, /VERIFICATION_MISSING/);
});

test("on a machine with containment the fixture is executed, and the exit code is the verdict", async (context) => {
  const { dir, orket } = await scene(context, { fixture_path: "verification/api.py", scenarios });
  const { out } = await orket("doctor", "--json");
  const { checks } = JSON.parse(out) as {
    readonly checks: readonly { readonly name: string; readonly ok: boolean }[];
  };
  if (checks.find(({ name }) => name === "containment")?.ok !== true) {
    assert.equal((await orket("verify", "api")).code, 3, "no walls, no verdict");
    context.skip("no containment on this machine");
    return;
  }
  const failed = await orket("verify", "api");
  assert.equal(failed.code, 1, failed.out + failed.err);
  assert.match(failed.out, /\[PASS\] yes\n[\s\S]*\[FAIL\] Expected 1, got 2\n/);
  await writeFile(join(dir, "verification/api.py"), "def verify(input):\n    return 1\n");
  const passed = await orket("verify", "api");
  assert.equal(passed.code, 0, passed.out + passed.err);
  assert.match(passed.out, /verdict: pass \(2 of 2 passed, 0 failed\)/);
});
