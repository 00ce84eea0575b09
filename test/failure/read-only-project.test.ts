// The project lies on a file system that nobody may write to, not even root. Each command that keeps state says so, with the
// way out, leaves nothing half-made, and the way out works.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { assertDoneOnce, openScene } from "../support/disaster-project.ts";
import type { Scene } from "../support/disaster-project.ts";
import { mount, must, noMounts } from "../support/mounts.ts";
import { killTree } from "../support/process-tree.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CONFIGURATION = 3;
const KEEPS_STATE = [
  ["run", "together"],
  ["resume", "run-1"],
  ["board"],
  ["runs"],
  ["events", "verify"],
];

/** The scene with its project mounted read-only; null, and the test skipped, where that cannot be. */
async function openReadOnly(
  context: TestContext,
  prepare: (scene: Scene) => Promise<void>,
): Promise<Scene | null> {
  const reason = noMounts(await tempFolder(context));
  if (reason !== null) {
    context.skip(reason);
    return null;
  }
  const scene = await openScene();
  let unmount = (): void => {};
  context.after(async () => {
    unmount();
    await scene.remove();
  });
  await prepare(scene);
  unmount = mount(scene.dir, "--bind", scene.dir);
  must("mount", "-o", "remount,bind,ro", scene.dir);
  return scene;
}

async function assertRefused(scene: Scene, home: string): Promise<void> {
  const files = readdirSync(scene.dir, { recursive: true });
  for (const args of KEEPS_STATE) {
    const { code, err, out } = await scene.start([...args, "--json"], { env: { HOME: home } })
      .ended;
    assert.equal(code, CONFIGURATION, `${args.join(" ")}: ${out}${err}`);
    const problem = JSON.parse(err) as { code: string; message: string };
    assert.equal(problem.code, "PROJECT_READ_ONLY");
    assert.match(problem.message, /\.orket cannot be written \(EROFS\)/);
    assert.match(problem.message, /Make the folder writable, or set ORKET_STATE_DIR/);
  }
  const doctor = await scene.start(["doctor"], { env: { HOME: home } }).ended;
  assert.equal(doctor.code, CONFIGURATION);
  assert.match(doctor.out, /FAIL +state directory .*EROFS/);
  assert.match(doctor.out, /fix +Make the folder writable/);
  assert.deepEqual(readdirSync(scene.dir, { recursive: true }), files);
}

test("a project that was never run, read-only: refused, nothing made; with a state directory elsewhere it runs", async (context) => {
  const scene = await openReadOnly(context, async () => {});
  if (scene === null) return;
  const home = await tempFolder(context);
  await assertRefused(scene, home);
  const stateDir = join(home, "state");
  const env = { HOME: home, ORKET_STATE_DIR: stateDir };
  const ended = await scene.start(["run", "together"], { env }).ended;
  assert.equal(ended.code, 0, ended.err);
  await assertDoneOnce({ ...scene, stateDir, env: { ...scene.env, ...env } });
});

test("a project with a run in it that became read-only: refused, and as it was when it may be written again", async (context) => {
  const scene = await openReadOnly(context, async (fresh) => {
    await mkdir(fresh.stateDir);
    const killed = fresh.start(["run", "together", "--json"]);
    await killed.says("turn-finished");
    // With its git, which would go on writing: then the mount is busy, or has been written past.
    killTree(killed.pid);
    await killed.ended;
  });
  if (scene === null) return;
  await assertRefused(scene, await tempFolder(context));
  must("mount", "-o", "remount,bind,rw", scene.dir);
  const runs = await scene.start(["runs", "--json"]).ended;
  const run = /run-[a-z0-9]+/.exec(runs.out)?.[0] ?? "";
  const ended = await scene.start(["resume", run]).ended;
  assert.equal(ended.code, 0, ended.err);
  await assertDoneOnce(scene);
});
