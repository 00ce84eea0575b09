// The power fails while a run works: what its file system had on the disk at that moment is copied, mounted as after a
// restart, and looked at. Nothing that the run had told of is missing, and a resume finishes the work.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createSeededIds } from "../../src/adapters/ids/seeded.ts";
import type { Scene } from "../support/disaster-project.ts";
import { assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";
import type { CommitMoment } from "../support/git-shim.ts";
import { mount, must, noMounts } from "../support/mounts.ts";
import type { Started } from "../support/orket.ts";
import { killTree, stopTree } from "../support/process-tree.ts";
import { disasterSeed } from "../support/seeds.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ROUNDS = 24;
const IMAGE_SIZE = "48M";
/** About how many events a run has. */
const EVENTS = 200;
const seed = disasterSeed(randomInt(2 ** 31 - 1));

type Told = { readonly seq: number; readonly turns: readonly string[] };

type Moment = { readonly lines: number } | { readonly commit: CommitMoment };

/** Why no disk of its own can be had here; null when it can. */
function noLoopDisk(image: string, folder: string): string | null {
  const reason = noMounts(folder);
  if (reason !== null) return reason;
  try {
    makeDisk(image);
    mount(folder, "-o", "loop", image)();
    return null;
  } catch (error) {
    return `no loop device can be mounted here: ${String(error)}`;
  }
}

function makeDisk(image: string): void {
  must("truncate", "--size", IMAGE_SIZE, image);
  must("mkfs.ext4", "-q", "-F", image);
}

/** Runs until the moment, stands everything still, and gives what the run had told of by then. */
async function runUntil(scene: Scene, moment: Moment): Promise<{ run: Started; told: Told }> {
  const stopped = Promise.withResolvers<void>();
  const turns: string[] = [];
  let seq = 0;
  let lines = 0;
  if ("commit" in moment) scene.shim.arm(moment.commit);
  const run = scene.start(["run", "together", "--json"], {
    onLine: (line) => {
      const event = JSON.parse(line) as { seq?: number; type: string; card: string };
      seq = event.seq ?? seq;
      if (event.type === "turn-finished") turns.push(event.card);
      lines += 1;
      if ("commit" in moment || lines !== moment.lines) return;
      run.signal("SIGSTOP");
      stopped.resolve();
    },
  });
  const inCommit = async (): Promise<void> => {
    while (!scene.shim.wentOff()) await pause(2);
  };
  // A run that was quicker is at its end: that must be on the disk as well.
  await Promise.race([run.ended, "commit" in moment ? inCommit() : stopped.promise]);
  stopTree(run.pid);
  // What it has told of and nobody has read yet counts as told.
  await pause(50);
  return { run, told: { seq, turns } };
}

/** What was told of is there: the events, the turns with their commits, each commit with all of its objects. */
async function assertKept(scene: Scene, told: Told): Promise<void> {
  const found = await survey(scene.stateDir);
  if (told.seq === 0 && found === null) return;
  assert.ok(found !== null, "the database is there");
  const database = new DatabaseSync(join(scene.stateDir, "orket.db"), { readOnly: true });
  const checked = database.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
  assert.equal(checked, "ok");
  database.close();
  const last = found.events.at(-1)?.seq ?? 0;
  assert.ok(last >= told.seq, `event ${told.seq} was told of, ${last} is the last`);
  const committed = found.turns.filter((turn) => turn.status === "committed");
  for (const [card, turns = []] of Object.entries(Object.groupBy(told.turns, (one) => one))) {
    const kept = committed.filter((turn) => turn.card === card).length;
    assert.ok(kept >= turns.length, `${card}: ${turns.length} turns told of, ${kept} kept`);
  }
  for (const { build, commit } of committed) {
    if (commit === null) continue;
    const gitDir = `--git-dir=${join(scene.stateDir, "git", `${build}.git`)}`;
    assert.equal(must("git", gitDir, "cat-file", "-t", commit).trim(), "commit");
    must("git", gitDir, "fsck", "--full", commit);
  }
}

async function loseThePower(folder: string, moment: Moment): Promise<number> {
  const [image, copy, disk] = ["disk", "copy", "mounted"].map((name) => join(folder, name));
  if (image === undefined || copy === undefined || disk === undefined) throw new Error("no paths");
  makeDisk(image);
  let unmount = mount(disk, "-o", "loop", image);
  const scene = await openScene({ dir: disk, signal: "STOP" });
  must("sync", "--file-system", disk);
  try {
    const { run, told } = await runUntil(scene, moment);
    must("cp", "--sparse=always", image, copy);
    killTree(run.pid);
    await run.ended;
    scene.shim.disarm();
    unmount();
    unmount = mount(disk, "-o", "loop", copy);
    await assertKept(scene, told);
    const id = (await survey(scene.stateDir))?.runs[0];
    if (id?.status !== "done") {
      const args = id === undefined ? ["run", "together"] : ["resume", id.id];
      const ended = await scene.start(args).ended;
      assert.equal(ended.code, 0, `${ended.err}${ended.out}`);
    }
    await assertDoneOnce(scene);
    return told.seq;
  } finally {
    unmount();
    await scene.server.close();
  }
}

test(`R-12 a run whose power fails keeps all that it told of, and is resumed (seed ${seed})`, async (context) => {
  const folder = await tempFolder(context);
  await mkdir(join(folder, "mounted"));
  const reason = noLoopDisk(join(folder, "disk"), join(folder, "mounted"));
  if (reason !== null) return context.skip(reason);
  const chance = createSeededIds(seed);
  const commits: readonly CommitMoment[] = ["before", "while", "after"];
  let events = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const commit = commits[round % (2 * commits.length)];
    const moment =
      commit === undefined ? { lines: 1 + Math.floor(chance.random() * EVENTS) } : { commit };
    events += await loseThePower(folder, moment).catch((cause: unknown) => {
      const what = JSON.stringify({ seed, round, moment });
      throw new Error(`Something was lost: ${what}: ${String(cause)}`, { cause });
    });
  }
  context.diagnostic(`seed ${seed}`);
  context.diagnostic(
    `${ROUNDS} power losses: all of ${events} events told of were kept; ${ROUNDS}/${ROUNDS} resumed runs finished`,
  );
});
