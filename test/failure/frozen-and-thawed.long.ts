// A process is frozen in the middle of its run until its lease has lapsed; another one takes over and finishes. When it
// thaws it is refused by the fence, says so, and leaves nothing behind: no event, no request, no file, no commit.
import assert from "node:assert/strict";
import { watch } from "node:fs";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import type { Scene } from "../support/disaster-project.ts";
import { assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";
import type { Started } from "../support/orket.ts";

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
      if (count === 4) run.signal("SIGSTOP");
      if (count === 4) frozen.resolve();
      return null;
    });
    const run = start();
    await frozen.promise;
    return run;
  },
};

const afterTurn: Freeze = {
  moment: "between two turns",
  freeze: async (_scene, start) => {
    const frozen = Promise.withResolvers<void>();
    const run = start((type) => {
      if (type !== "turn-finished") return;
      run.signal("SIGSTOP");
      frozen.resolve();
    });
    await frozen.promise;
    return run;
  },
};

const inCommit = (moment: "while" | "after"): Freeze => ({
  moment: moment === "while" ? "while git commits" : "after git has committed",
  freeze: async (scene, start) => {
    scene.shim.arm(moment);
    const run = start();
    while (!scene.shim.wentOff()) await pause(2);
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
      run.signal("SIGSTOP");
      if (stateOf(run.pid) === "T" && readdirSync(folder).includes(name)) frozen.resolve();
      else run.signal("SIGCONT");
    });
    const run = start();
    await frozen.promise;
    watcher.close();
    return run;
  },
};

/** The state of a process as the kernel has it; waits until a signal that was sent is felt. */
function stateOf(pid: number): string {
  for (let looks = 0; looks < 100_000; looks += 1) {
    const state = /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
    if (state === "T") return state;
  }
  return "";
}

async function leaseOf(scene: Scene, run: string): Promise<number> {
  const path = join(scene.stateDir, "orket.db");
  const store = await openSqliteStore({ path, clock, readOnly: true });
  const lease = await store.read(async ({ runs }) => runs.lease(run));
  await store.close();
  return lease?.untilMs ?? 0;
}

/** Everything that lasts, but the log files: what the database says, each file of the workspaces, the tip of each branch. */
async function remains({ stateDir, asked }: Scene): Promise<unknown> {
  const files = readdirSync(stateDir, { recursive: true, encoding: "utf8" })
    .filter((path) => /^(?:workspaces|git)\//.test(path))
    .filter((path) => statSync(join(stateDir, path)).isFile())
    .toSorted()
    .map((path) => [path, readFileSync(join(stateDir, path), "base64")]);
  return { files, found: await survey(stateDir), requests: asked.length };
}

async function freezeAndThaw({ freeze }: Freeze): Promise<void> {
  const scene = await openScene({ signal: "STOP" });
  try {
    const frozen = await freeze(scene, (onLine) =>
      scene.start(["run", "chained", "--json"], (line) =>
        onLine?.((JSON.parse(line) as { type: string }).type),
      ),
    );
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
    await scene.remove();
  }
}

const FREEZES = [atRequest, afterTurn, inCommit("while"), inCommit("after"), inWrite];

// A lease lasts half a minute, so all of them wait for theirs together.
test("R-17 a run whose process was frozen", { concurrency: true }, async (context) => {
  await Promise.all(
    FREEZES.map(async (one) =>
      context.test(`${one.moment} is finished by another, and the thawed one is refused`, async () =>
        freezeAndThaw(one),
      ),
    ),
  );
});
