// Sandboxes between processes: two that bring some up at once, and one that is killed in the middle of it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { recoverSandboxes } from "../../src/app/sandboxes/recover.ts";
import { createMemorySandboxes } from "../support/memory-sandboxes.ts";
import { openProject } from "../support/open-project.ts";
import { simpleScript } from "../support/project.ts";

const SCRIPT = fileURLToPath(new URL("../support/sandbox-process.ts", import.meta.url));
const NEVER = new AbortController().signal;

async function openBuilds(context: TestContext, builds: readonly string[]) {
  const sandbox = createMemorySandboxes();
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
    options: { replace: { sandbox } },
  });
  await opened.engine.store.transaction(async ({ runs }) => {
    for (const id of builds)
      await runs.saveBuild({
        id,
        epic: "work",
        department: "core",
        rock: null,
        workspaceDigest: null,
      });
  });
  return { ...opened, sandbox };
}

function start(context: TestContext, args: readonly string[]) {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: [...stdio] });
  context.after(() => child.kill("SIGKILL"));
  const { stdout } = child;
  assert.ok(stdout);
  return { child, lines: createInterface({ input: stdout }) };
}

async function linesOf(context: TestContext, args: readonly string[]): Promise<unknown[]> {
  const { lines } = start(context, args);
  const said: unknown[] = [];
  for await (const line of lines) said.push(JSON.parse(line));
  return said;
}

test("R-55 two processes that bring sandboxes up at once never share a block", async (context) => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const first = names.map((name) => `first-${name}`);
  const second = names.map((name) => `second-${name}`);
  const { dir } = await openBuilds(context, [...first, ...second]);
  const blocks = await Promise.all([
    linesOf(context, [dir, "well", ...first]),
    linesOf(context, [dir, "well", ...second]),
  ]);
  const sorted = blocks.flat().toSorted((one, other) => Number(one) - Number(other));
  assert.deepEqual(sorted, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test("R-54 two processes that bring up one build: one does, and the other is told so or given it", async (context) => {
  const { dir, engine } = await openBuilds(context, ["one"]);
  const both = await Promise.all([
    linesOf(context, [dir, "well", "one"]),
    linesOf(context, [dir, "well", "one"]),
  ]);
  const answers = both.flat();
  assert.ok(answers.includes(1), JSON.stringify(answers));
  assert.ok(answers.every((one) => one === 1 || one === "SANDBOX_STATE"));
  const stored = await engine.store.read(async ({ sandboxes }) => sandboxes.list({ limit: 9 }));
  assert.deepEqual(
    stored.map(({ state, epoch }) => [state, epoch]),
    [["running", 1]],
  );
});

test("R-57 after a kill -9 in the middle of a deployment the next process finds it failed, with its ports free", async (context) => {
  const { dir, engine } = await openBuilds(context, ["one"]);
  const { child, lines } = start(context, [dir, "hang", "one"]);
  await once(lines, "line");
  child.kill("SIGKILL");
  await once(child, "exit");
  const isOwnerGone = (owner: string): boolean => owner === `test:${child.pid}`;
  const { value } = (await recoverSandboxes(engine, isOwnerGone, NEVER)) as { value: number };
  assert.equal(value, 1);
  const stored = await engine.store.read(async ({ sandboxes }) => sandboxes.get("sandbox-one"));
  assert.deepEqual([stored?.state, stored?.block, stored?.deployer], ["failed", null, null]);
  assert.deepEqual(await linesOf(context, [dir, "well", "one"]), [1]);
});
