// Runs whose process is gone, found by the next one that looks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startRun } from "../../src/app/start-run.ts";
import { adoptLostRuns } from "../../src/app/stop-run.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { createMovedClock } from "../support/moved-clock.ts";
import { openProject } from "../support/open-project.ts";
import { simpleScript } from "../support/project.ts";

test("a run that was lost before it began is found once its process had time enough, and a resume finishes it", async (context) => {
  const clock = createMovedClock();
  const engine = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
    options: { replace: { clock } },
  });
  const request = { card: "work", build: null, department: null, restart: false, model: null };
  const queued = await startRun(engine.engine, { ...request, budget: NO_BUDGET });
  assert.ok(queued.ok);
  const lost = async () => (await adoptLostRuns(engine.engine, () => false)).map(({ id }) => id);
  assert.deepEqual(await lost(), [], "it may be about to begin");
  clock.pass(engine.engine.settings.limits.leaseMs + 1);
  assert.deepEqual(await lost(), [queued.value.id]);
  assert.equal((await engine.resume(queued.value.id)).status, "done");
  assert.deepEqual(await lost(), []);
});
