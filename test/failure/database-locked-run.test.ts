// Another process takes the lock of the database in the middle of a run. Let go in time, it was only a wait; kept too long,
// the run ends with STORE_BUSY and goes on later.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Scene } from "../support/disaster-project.ts";
import { assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";

/** Takes the write lock and gives what lets it go; asks until it has it. */
async function takeLock({ stateDir }: Scene): Promise<() => void> {
  const database = new DatabaseSync(join(stateDir, "orket.db"), { timeout: 0 });
  for (;;) {
    try {
      database.exec("BEGIN IMMEDIATE");
      return () => database.close();
    } catch {
      await pause(1);
    }
  }
}

for (const [held, code] of [
  ["a second", 0],
  ["for good", 70],
] as const)
  test(`R-12 a database that is locked ${held === "a second" ? "for a second" : held} in the middle of a run loses nothing`, async (context) => {
    // Each transaction waits its ten seconds: one turn at a time, or they add up.
    const scene = await openScene({ files: { "orket.yaml": { concurrency: 1 } } });
    context.after(scene.remove);
    const asked = Promise.withResolvers<void>();
    let letGo = (): void => {};
    let count = 0;
    scene.onRequest(() => {
      count += 1;
      if (count !== 5) return null;
      // The model answers when the lock is taken: the reply is the first thing that cannot be stored.
      const after = takeLock(scene).then((release) => {
        letGo = release;
        asked.resolve();
      });
      return { kind: "answer", after };
    });
    const run = scene.start(["run", "together"]);
    await asked.promise;
    if (code === 0) {
      await pause(1000);
      letGo();
    }
    const ended = await run.ended;
    assert.equal(ended.code, code, ended.err);
    if (code !== 0) {
      assert.match(ended.err, /STORE_BUSY: Another process holds the database/);
      letGo();
      const id = (await survey(scene.stateDir))?.runs[0]?.id ?? "";
      const resumed = await scene.start(["resume", id]).ended;
      assert.equal(resumed.code, 0, resumed.err);
    }
    await assertDoneOnce(scene);
  });
