// A process is frozen in the middle of its run until its lease has lapsed; another one takes over and finishes. When it
// thaws it is refused by the fence, says so, and leaves nothing behind: no event, no request, no file, no commit.
import assert from "node:assert/strict";
import { watch } from "node:fs";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import type { Scene } from "../support/disaster-project.ts";
import { assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";
import type { Started } from "../support/orket.ts";
import { isStopped } from "../support/process-tree.ts";

const clock = createSystemClock();

type Freeze = {
  readonly moment: string;
  /** Lets the run be frozen at its moment; resolves when it is. */
  readonly freeze: (scene: Scene, start: Start) => Promise<Started>;
};
type Start = (onLine?: (type: string) => void) => Started;

const atRequest: Freeze = {
  moment: "in a model call",
  freeze: async (scene, start) => {
    const frozen = Promise.withResolvers<void>();
    let count = 0;
    scene.onRequest(() => {
      count += 1;
      if (count !== 4) return null;
      run.signal("SIGSTOP");
      frozen.resolve();
      return null;
    });
    const run = start();
    await first(frozen.promise, run);
    return run;
  },
};

/** Frozen when it has said that a turn is finished; let go again when that was in the middle of its next transaction. */
const afterTurn: Freeze = {
  moment: "between two turns",
  freeze: async (scene, start) => {
    const frozen = Promise.withResolvers<void>();
    const run = start((type) => {
      if (type !== "turn-finished") return;
      if (freezeIf(run, () => !isLocked(scene) && liveTurns(scene) === 0)) frozen.resolve();
    });
    await first(frozen.promise, run);
    return run;
  },
};

/** A run that was over before its moment came is a failure of the test, not something to wait for. */
const first = async (frozen: Promise<void>, run: Started): Promise<void> =>
  Promise.race([
    frozen,
    run.ended.then(({ code }) => {
      throw new Error(`The run ended with ${code} before it could be frozen.`);
    }),
  ]);

/** Freezes the process and looks; where it is not the moment, it goes on. */
function freezeIf(run: Started, isMoment: () => boolean): boolean {
  run.signal("SIGSTOP");
  if (isStopped(run.pid) && isMoment()) return true;
  run.signal("SIGCONT");
  return false;
}

/** Whether somebody is in the middle of a write transaction. */
function isLocked({ stateDir }: Scene): boolean {
  const database = new DatabaseSync(join(stateDir, "orket.db"), { timeout: 0 });
  try {
    database.exec("BEGIN IMMEDIATE; ROLLBACK");
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}

const inCommit = (moment: "while" | "after"): Freeze => ({
  moment: moment === "while" ? "while git commits" : "after git has committed",
  freeze: async (scene, start) => {
    scene.shim.arm(moment);
    const run = start();
    const wentOff = async (): Promise<void> => {
      while (!scene.shim.wentOff()) await pause(2);
    };
    await first(wentOff(), run);
    return run;
  },
});

/** Frozen with the new content lying beside the file, and let go again when it was too late for that. */
const inWrite: Freeze = {
  moment: "in the write of a file",
  freeze: async (scene, start) => {
    const folder = join(scene.stateDir, "workspaces", "chained", "alpha", "docs");
    await mkdir(folder, { recursive: true });
    const frozen = Promise.withResolvers<void>();
    const watcher = watch(folder, (event, name) => {
      if (event !== "rename" || name === null || name.endsWith(".md")) return;
      if (freezeIf(run, () => readdirSync(folder).includes(name))) frozen.resolve();
    });
    const run = start();
    await first(frozen.promise, run);
    watcher.close();
    return run;
  },
};

function liveTurns({ stateDir }: Scene): number {
  const database = new DatabaseSync(join(stateDir, "orket.db"), { readOnly: true });
  const row = database.prepare("SELECT count(*) AS live FROM turns WHERE status = 'live'").get();
  database.close();
  return Number(row?.["live"]);
}

async function leaseOf(scene: Scene, run: string): Promise<number> {
  const path = join(scene.stateDir, "orket.db");
  const store = await openSqliteStore({ path, clock, readOnly: true });
  const lease = await store.read(async ({ runs }) => runs.lease(run));
  await store.close();
  return lease?.untilMs ?? 0;
}

/** What lasts: what the database says, each file of the workspaces that is no half, the tip of each branch. */
async function remains({ stateDir, asked }: Scene): Promise<unknown> {
  const files = readdirSync(stateDir, { recursive: true, encoding: "utf8" })
    .filter((path) => /^workspaces\/|^git\/.*\/refs\//.test(path) && !path.endsWith(".tmp"))
    .filter((path) => statSync(join(stateDir, path)).isFile())
    .toSorted()
    .map((path) => [path, readFileSync(join(stateDir, path), "utf8")]);
  return { files, found: await survey(stateDir), requests: asked.length };
}

async function freezeAndThaw({ freeze }: Freeze): Promise<void> {
  // One turn at a time: of two, the other may have sent its request before the freeze and have it arrive after.
  const scene = await openScene({ signal: "STOP", files: { "orket.yaml": { concurrency: 1 } } });
  const started: Started[] = [];
  const start: Start = (onLine) => {
    const run = scene.start(["run", "chained", "--json"], {
      onLine: (line) => onLine?.((JSON.parse(line) as { type: string }).type),
    });
    started.push(run);
    return run;
  };
  try {
    const frozen = await freeze(scene, start);
    const run = (await survey(scene.stateDir))?.runs[0]?.id ?? "";
    const early = await scene.start(["resume", run]).ended;
    assert.equal(early.code, 5, early.err);
    assert.match(early.err, /RUN_STATE.*being worked on by another process/);
    await pause(Math.max(0, (await leaseOf(scene, run)) - Date.now()) + 1);
    const second = await scene.start(["resume", run, "--json"]).ended;
    assert.equal(second.code, 0, second.err);
    const before = await remains(scene);
    frozen.signal("SIGCONT");
    const thawed = await frozen.ended;
    assert.equal(thawed.code, 1, thawed.err);
    assert.match(thawed.err, /RUN_LOST/);
    assert.deepEqual(await remains(scene), before);
    await assertDoneOnce(scene);
  } finally {
    for (const run of started) run.signal("SIGKILL");
    await scene.remove();
  }
}

const FREEZES = [atRequest, afterTurn, inCommit("while"), inCommit("after"), inWrite];

// A lease lasts half a minute, so all of them wait for theirs together.
test("R-17 a run whose process was frozen", { concurrency: true }, async (context) => {
  await Promise.all(
    FREEZES.map(async (one) =>
      context.test(
        `${one.moment} is finished by another, and the thawed one is refused`,
        async () => freezeAndThaw(one),
      ),
    ),
  );
});

test("a run that is frozen with the lock of the database stops the others with a word, and goes on when it thaws", async () => {
  const scene = await openScene({ signal: "STOP" });
  const frozen = Promise.withResolvers<void>();
  const run = scene.start(["run", "together"]);
  await run.says("coder");
  const watcher = watch(scene.stateDir, (_event, name) => {
    if (name === "orket.db-wal" && freezeIf(run, () => isLocked(scene))) frozen.resolve();
  });
  try {
    await first(frozen.promise, run);
    watcher.close();
    const board = await scene.start(["board"]).ended;
    assert.equal(board.code, 0, board.err);
    const id = (await survey(scene.stateDir))?.runs[0]?.id ?? "";
    const second = await scene.start(["resume", id]).ended;
    assert.equal(second.code, 70, second.err);
    assert.match(second.err, /STORE_BUSY: Another process holds the database/);
    run.signal("SIGCONT");
    const thawed = await run.ended;
    assert.equal(thawed.code, 0, thawed.err);
    await assertDoneOnce(scene);
  } finally {
    watcher.close();
    run.signal("SIGKILL");
    await scene.remove();
  }
});
