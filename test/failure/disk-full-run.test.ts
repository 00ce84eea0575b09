// The disk fills up in the middle of a run: the database's, the files' or git's. The run ends with STORE_FULL, keeps what was
// acknowledged, blocks no card for it, and goes on when there is room again.
import assert from "node:assert/strict";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Scene } from "../support/disaster-project.ts";
import { assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";
import { mount, noMounts } from "../support/mounts.ts";
import { tempFolder } from "../support/temp-folder.ts";

const KIB = 1024;

type Disk = { readonly scene: Scene; readonly makeRoom: () => void };

/** A scene whose folder lies on a disk of its own with that much room; null, and the test skipped, where that cannot be. */
async function openOnDisk(
  context: TestContext,
  folder: string,
  roomKib: number,
): Promise<Disk | null> {
  const reason = noMounts(await tempFolder(context));
  if (reason !== null) {
    context.skip(reason);
    return null;
  }
  const scene = await openScene();
  const disk = join(scene.dir, folder);
  await mkdir(disk, { recursive: true });
  const unmount = mount(disk, "-t", "tmpfs", "-o", "size=8m", "tmpfs");
  context.after(async () => {
    unmount();
    await scene.remove();
  });
  const { bavail, bsize } = statfsSync(disk);
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - roomKib * KIB)));
  return { scene, makeRoom: () => rmSync(ballast) };
}

// From "not even a database" over "no first turn" to "most of it is done"; what git needs is little.
const ROOMS: readonly (readonly [folder: string, roomKib: number])[] = [
  [".orket", 40],
  [".orket", 300],
  [".orket", 500],
  [".orket", 700],
  [".orket", 900],
  [".orket/workspaces", 0],
  [".orket/git", 0],
  [".orket/git", 60],
];

for (const [folder, roomKib] of ROOMS)
  test(`R-12 a disk with ${roomKib} KiB left for ${folder} ends the run with STORE_FULL; with room again it finishes`, async (context) => {
    const opened = await openOnDisk(context, folder, roomKib);
    if (opened === null) return;
    const { scene, makeRoom } = opened;
    const full = await scene.start(["run", "together"]).ended;
    assert.ok(full.code === 1 || full.code === 70, `${full.code}: ${full.err}`);
    assert.match(`${full.out}${full.err}`, /STORE_FULL: The disk is full.*[Mm]ake room/);
    const before = await survey(scene.stateDir);
    const cards = before?.cards ?? [];
    assert.deepEqual(
      cards.filter((card) => card.status === "blocked" || card.retryCount > 0),
      [],
    );
    const run = before?.runs[0]?.id;
    makeRoom();
    const args = run === undefined ? ["run", "together"] : ["resume", run];
    const ended = await scene.start(args).ended;
    assert.equal(ended.code, 0, ended.err);
    const kept = before?.turns.filter((turn) => turn.status === "committed") ?? [];
    await assertDoneOnce(scene);
    const turns = (await survey(scene.stateDir))?.turns ?? [];
    assert.deepEqual(
      turns.filter((turn) => kept.some((one) => one.id === turn.id)),
      kept,
    );
  });

test("a disk that has no room for the log does not stop a run", async (context) => {
  const opened = await openOnDisk(context, ".orket/logs", 0);
  if (opened === null) return;
  const ended = await opened.scene.start(["run", "together"]).ended;
  assert.equal(ended.code, 0, ended.err);
  await assertDoneOnce(opened.scene);
});
