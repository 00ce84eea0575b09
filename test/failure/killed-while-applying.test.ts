// kill -9 between any two things that the application of a plan leaves on the disk, and between any two of its recovery:
// afterwards the project is as it was or as it was to be, and the store says the same.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { recoverPlans } from "../../src/app/apply-plan.ts";
import { KILLED_FILES } from "../support/killed-plan.ts";
import { openProject } from "../support/open-project.ts";
import { runOrket } from "../support/orket.ts";
import { openTestEngine, simpleScript } from "../support/project.ts";
import type { FolderTexts } from "../support/project-files.ts";
import { folderTexts } from "../support/project-files.ts";

const APPLIER = fileURLToPath(new URL("../support/plan-applier.ts", import.meta.url));
const STEPS_MAX = 40;

/** Whether it was killed; anything but that and a good end is a broken test. */
async function work(dir: string, mode: "apply" | "recover", dieAfter: number): Promise<boolean> {
  const child = spawn(process.execPath, [APPLIER, dir, mode, String(dieAfter)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  assert.ok(code === 0 || signal === "SIGKILL", `${code} ${signal}`);
  return signal === "SIGKILL";
}

type Template = { readonly dir: string; readonly before: FolderTexts; readonly after: FolderTexts };

/** A project that has run, so that the card of the plan's directive is stored; and what the plan makes of it. */
async function prepare(context: TestContext): Promise<Template> {
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
    files: KILLED_FILES,
  });
  await opened.run({ card: "work" });
  await opened.engine.store.close();
  const { dir } = opened;
  const done = await copyOf(context, dir);
  assert.equal(await work(done, "apply", 0), false);
  return { dir, before: await folderTexts(dir), after: await folderTexts(done) };
}

async function copyOf(context: TestContext, dir: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "orket-test-"));
  context.after(async () => rm(copy, { recursive: true, force: true }));
  await cp(dir, copy, { recursive: true });
  return copy;
}

/** The state of a project after its next start: which side its files are on, and what the store says of it. */
async function startedAgain(dir: string, { before, after }: Template): Promise<string> {
  const { engine, close } = await openTestEngine(dir);
  await recoverPlans(engine);
  await recoverPlans(engine);
  assert.deepEqual(await engine.assetEdits.pending(), []);
  const { applied, comments } = await engine.store.read(async (transaction) => ({
    applied: await transaction.events.list({ types: ["plan-applied"], limit: 10 }),
    comments: await transaction.comments.list("build-work", "api", 10),
  }));
  assert.ok((await engine.store.verifyChain()).valid);
  await close();
  const texts = await folderTexts(dir);
  const side = JSON.stringify(texts) === JSON.stringify(after) ? "after" : "before";
  assert.deepEqual(texts, side === "after" ? after : before);
  const said = comments.filter(({ text }) => text === "For the seat coder: Use UTC.");
  assert.deepEqual([applied.length, said.length], side === "after" ? [1, 1] : [0, 0]);
  return side;
}

test("killed at any step of applying a plan, the project is whole at the next start", async (context) => {
  const template = await prepare(context);
  const sides: string[] = [];
  for (let step = 1; step <= STEPS_MAX; step += 1) {
    const dir = await copyOf(context, template.dir);
    const wasKilled = await work(dir, "apply", step);
    sides.push(await startedAgain(dir, template));
    if (!wasKilled) break;
  }
  // The journal, then two steps for each of three files that are written, one for the one that is removed.
  assert.deepEqual(
    sides,
    Array.from({ length: 9 }, () => "after"),
  );
});

test("killed at any step of completing a plan, the next start completes it", async (context) => {
  const template = await prepare(context);
  const half = await copyOf(context, template.dir);
  assert.ok(await work(half, "apply", 3));
  for (let step = 1; step <= STEPS_MAX; step += 1) {
    const dir = await copyOf(context, half);
    const wasKilled = await work(dir, "recover", step);
    assert.equal(await startedAgain(dir, template), "after");
    if (!wasKilled) return;
  }
  assert.fail("It never came to its end.");
});

test("killed at any step of undoing a plan whose file somebody changed, nothing of the plan is left", async (context) => {
  const template = await prepare(context);
  const half = await copyOf(context, template.dir);
  assert.ok(await work(half, "apply", 5));
  const mine = "summary: Mine\nteam: core\nenvironment: local\n";
  await writeFile(join(half, "model/core/epics/work.yaml"), mine);
  const before = { ...template.before, "model/core/epics/work.yaml": mine };
  for (let step = 1; step <= STEPS_MAX; step += 1) {
    const dir = await copyOf(context, half);
    const wasKilled = await work(dir, "recover", step);
    assert.equal(await startedAgain(dir, { ...template, before }), "before");
    if (!wasKilled) return;
  }
  assert.fail("It never came to its end.");
});

test("any command completes what a killed one left, before it reads the assets", async (context) => {
  const template = await prepare(context);
  const dir = await copyOf(context, template.dir);
  assert.ok(await work(dir, "apply", 3));
  assert.notDeepEqual(await folderTexts(dir), template.after);
  const { code, out } = await runOrket(["board"], { cwd: dir });
  assert.equal(code, 0);
  assert.match(out, /run_the_business[\s\S]*A lost issue/);
  assert.deepEqual(await folderTexts(dir), template.after);
});
