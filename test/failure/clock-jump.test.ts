// The clock on the wall jumps: a day ahead, an hour back. Leases are neither lost nor kept for ever by it, waits end, and no
// duration is negative.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulatedClock } from "../../src/adapters/clock/simulated.ts";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { executeRun } from "../../src/app/execute-run.ts";
import { createLeaseHold } from "../../src/app/hold-lease.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Model, ModelReply } from "../../src/ports/model.ts";
import { openProject, statuses } from "../support/open-project.ts";
import { openTestEngine, simpleScript } from "../support/project.ts";

const HOUR_MS = 3_600_000;
const JUMPS_MS = [24 * HOUR_MS, -HOUR_MS];
const LEASE = { leaseMs: 400, leaseRenewMs: 20 };
const IDS = ["api", "ui"];
const setting = { issues: [{ id: "api" }, { id: "ui" }], script: simpleScript(IDS) };

type JumpingClock = Clock & { readonly jump: (byMs: number) => void };

function createJumpingClock(): JumpingClock {
  const clock = createSystemClock();
  let offsetMs = 0;
  return {
    ...clock,
    now: () => clock.now() + offsetMs,
    jump: (byMs) => {
      offsetMs += byMs;
    },
  };
}

const FAILED: ModelReply = {
  kind: "failed",
  failure: { code: "MODEL_OVERLOADED", message: "busy", status: 503, retryAfterMs: null },
};

for (const jumpMs of JUMPS_MS)
  test(`a run keeps its lease and gets through its waits when the clock jumps by ${jumpMs / HOUR_MS} h at each reply`, async (context) => {
    const clock = createJumpingClock();
    const project = await openProject(context, setting);
    let asked = 0;
    const model: Model = {
      ...project.engine.model,
      reply: async (...question) => {
        asked += 1;
        clock.jump(jumpMs);
        // Renewed some times before it goes on.
        await clock.sleep(3 * LEASE.leaseRenewMs);
        return asked === 2 ? FAILED : project.engine.model.reply(...question);
      },
    };
    const ids = { ...project.engine.ids, random: () => 0.05 };
    const jumping = await openTestEngine(project.dir, {
      limits: LEASE,
      replace: { clock, model, ids },
    });
    context.after(jumping.close);
    const run = await jumping.run({ card: "work" });
    assert.deepEqual([run.status, run.epoch], ["done", 1]);
    assert.deepEqual(await statuses(project), { api: "done", ui: "done" });
    assert.ok(run.activeMs >= 0 && run.activeMs < HOUR_MS, `${run.activeMs} ms`);
    const spent = await jumping.engine.store.read(async ({ turns }) =>
      Promise.all(IDS.map(async (id) => turns.spentOn("build-work", id))),
    );
    for (const { endedMs } of spent) assert.ok(endedMs >= 0);
    assert.equal((await jumping.engine.store.verifyChain()).valid, true);
  });

test("a lease is renewed by either clock, and lasts from the time that is now", async (context) => {
  const { engine, run } = await openProject(context, setting);
  const { id } = await run({ card: "work" });
  const clock = createSimulatedClock(Date.UTC(2030, 1, 2));
  const { leaseMs } = engine.settings.limits;
  const epoch = await engine.store.transaction(async ({ runs }) =>
    runs.claim(id, "host:1", clock.now(), clock.now() + leaseMs),
  );
  const lease = createLeaseHold({ ...engine, clock }, { run: id, epoch: epoch ?? 0 });
  const untilMs = async (): Promise<number | undefined> =>
    (await engine.store.read(async ({ runs }) => runs.lease(id)))?.untilMs;
  const first = clock.now() + leaseMs;
  await lease.check();
  assert.equal(await untilMs(), first);
  clock.jumpTo(clock.now() + 24 * HOUR_MS);
  await lease.check();
  assert.equal(await untilMs(), clock.now() + leaseMs);
  clock.jumpTo(clock.now() - HOUR_MS);
  await clock.advance(leaseMs);
  await lease.check();
  assert.equal(await untilMs(), clock.now() + leaseMs);
  await engine.store.transaction(async ({ runs }) =>
    runs.claim(id, "host:2", Number.MAX_SAFE_INTEGER, first),
  );
  await lease.check();
  await assert.rejects(lease.renew(), { code: "RUN_LOST" });
});

for (const jumpMs of JUMPS_MS)
  test(`R-17 a run whose owner stands still is taken over when the clock has jumped by ${jumpMs / HOUR_MS} h, and not before`, async (context) => {
    const project = await openProject(context, setting);
    const { engine } = project;
    const asked = Promise.withResolvers<void>();
    const letGo = Promise.withResolvers<void>();
    const model: Model = {
      ...engine.model,
      reply: async (...question) => {
        asked.resolve();
        await letGo.promise;
        return engine.model.reply(...question);
      },
    };
    // Its lease is the usual half a minute, and nothing renews it: this owner stands still.
    const still = { ...engine.clock, sleep: async () => letGo.promise };
    const owner = await openTestEngine(project.dir, { replace: { model, clock: still } });
    context.after(owner.close);
    const standing = owner.run({ card: "work" });
    const lost = assert.rejects(standing, { code: "RUN_LOST" });
    await asked.promise;
    const [running] = await engine.store.read(async ({ runs }) => runs.list({ limit: 1 }));
    const clock = createJumpingClock();
    const resume = async () =>
      executeRun(
        { ...engine, clock },
        { run: running?.id ?? "", resume: true, isOwnerGone: () => false },
        new AbortController().signal,
      );
    const refused = await resume();
    assert.equal(refused.ok || refused.error.code, "RUN_STATE");
    clock.jump(jumpMs);
    const taken = await resume();
    assert.deepEqual(taken.ok && [taken.value.status, taken.value.epoch], ["done", 2]);
    letGo.resolve();
    await lost;
    assert.deepEqual(await statuses(project), { api: "done", ui: "done" });
    assert.equal((await engine.store.verifyChain()).valid, true);
  });
