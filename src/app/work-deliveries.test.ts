// The work on deliveries over a real store: order, retries, leases, and what a process leaves behind that dies in the middle.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { createSimulatedClock } from "../adapters/clock/simulated.ts";
import { openSqliteStore } from "../adapters/store/sqlite.ts";
import { silentLog } from "../adapters/log/silent.ts";
import { ATTEMPTS_MAX } from "../domain/delivery.ts";
import { refuse } from "../domain/result.ts";
import { SILENT_WATCHER } from "./engine.ts";
import { replayDelivery } from "./deliveries.ts";
import { receiveDelivery } from "./receive-delivery.ts";
import type { DeliveryHandler, DeliveryHandlers } from "./work-deliveries.ts";
import { startDeliveryWorker, workOnNext } from "./work-deliveries.ts";

const START_MS = Date.UTC(2026, 2, 2);
const LIMITS = { lanesMax: 2, lookMs: 1000, leaseMs: 60_000 };

async function scene(context?: TestContext) {
  const clock = createSimulatedClock(START_MS);
  const store = await openSqliteStore({ path: ":memory:", clock });
  context?.after(async () => store.close());
  const deps = { store, clock, log: silentLog, watcher: SILENT_WATCHER };
  return {
    ...deps,
    add: async (id: string, pullRequest: number | null = 12, event = "pull_request") =>
      receiveDelivery(
        deps,
        {
          id,
          event,
          action: "opened",
          repository: { id: 7, fullName: "orket/demo" },
          pullRequest,
          sender: { id: 5, login: "coder" },
          source: "webhook",
          sizeBytes: 2,
          bodyDigest: id.padEnd(64, "0"),
          state: "accepted",
          reason: null,
          body: `{"id":"${id}"}`,
        },
        "engine",
      ),
    work: async (handlers: DeliveryHandlers, owner = "one") =>
      workOnNext(deps, {
        handlers,
        owner,
        isOwnerGone: (gone) => gone === "gone",
        limits: LIMITS,
        signal: new AbortController().signal,
      }),
    get: async (id: string) => store.read(async ({ deliveries }) => deliveries.get(id)),
    types: async () =>
      (await store.read(async ({ events }) => events.list({ limit: 1000 }))).map(
        ({ type, data }) => `${type} ${JSON.stringify(data["delivery"]).slice(1, -1)}`,
      ),
  };
}

const isOwnerGone = (): boolean => false;
const DONE: DeliveryHandler = async () => ({ ok: true, value: { kind: "done" } });

test("what is handled is done, with its body, and each end has its event", async (context) => {
  const { add, work, get, types } = await scene(context);
  for (const id of ["a", "b"]) await add(id);
  const bodies: string[] = [];
  const handler: DeliveryHandler = async ({ body, id }) => {
    bodies.push(body);
    if (id === "a") return { ok: true, value: { kind: "done" } };
    return { ok: true, value: { kind: "ignored", reason: "names no card" } };
  };
  const handlers = { pull_request: handler };
  assert.deepEqual(
    [await work(handlers), await work(handlers), await work(handlers)],
    [true, true, false],
  );
  assert.deepEqual(bodies, ['{"id":"a"}', '{"id":"b"}']);
  assert.equal((await get("a"))?.state, "done");
  const ignored = await get("b");
  assert.deepEqual([ignored?.state, ignored?.reason], ["ignored", "names no card"]);
  assert.deepEqual(await types(), [
    "delivery-accepted a",
    "delivery-accepted b",
    "delivery-done a",
    "delivery-ignored b",
  ]);
});

test("without a handler for its event a delivery stays accepted, and is worked on once there is one", async (context) => {
  const { add, work, get } = await scene(context);
  await add("a");
  assert.equal(await work({ push: DONE }), false);
  assert.deepEqual([(await get("a"))?.state, (await get("a"))?.attempts], ["accepted", 0]);
  assert.equal(await work({ pull_request: DONE }), true);
  assert.equal((await get("a"))?.state, "done");
});

test("a failure is tried again after longer and longer, then given up, and a person may replay it", async (context) => {
  const one = await scene(context);
  await one.add("a");
  await one.add("later");
  let fails = true;
  const handler: DeliveryHandler = async ({ attempts }) => {
    if (!fails) return { ok: true, value: { kind: "done" } };
    if (attempts % 2 === 0) throw new Error("the forge is down");
    return refuse("INTERNAL", "the forge answers nonsense");
  };
  const handlers = { pull_request: handler };
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    assert.equal(await one.work(handlers), true);
    const found = await one.get("a");
    assert.equal(found?.attempts, attempt);
    if (attempt === ATTEMPTS_MAX) break;
    assert.equal(found.state, "accepted");
    assert.equal(await one.work(handlers), false, "what comes after it waits too");
    await one.clock.advance(found.nextAttemptMs - one.clock.now());
  }
  const dead = await one.get("a");
  assert.deepEqual([dead?.state, dead?.reason], ["dead", "the forge is down"]);
  fails = false;
  assert.equal(await one.work(handlers), true);
  assert.equal((await one.get("later"))?.state, "done");
  const replayed = await replayDelivery(one, { id: "a", person: "kim" });
  assert.equal(replayed.ok, true);
  assert.equal(await one.work(handlers), true);
  assert.equal((await one.get("a"))?.state, "done");
  assert.deepEqual((await one.types()).slice(-4), [
    "delivery-given-up a",
    "delivery-done later",
    "delivery-replayed a",
    "delivery-done a",
  ]);
  const again = await replayDelivery(one, { id: "a", person: "kim" });
  assert.equal(again.ok ? null : again.error.code, "DELIVERY_STATE");
  const unknown = await replayDelivery(one, { id: "b", person: "kim" });
  assert.equal(unknown.ok ? null : unknown.error.code, "DELIVERY_UNKNOWN");
});

test("what a dead process was working on is taken up by another, and its late end changes nothing", async (context) => {
  const one = await scene(context);
  await one.add("a");
  const begun = Promise.withResolvers<AbortSignal>();
  const thaw = Promise.withResolvers<void>();
  const frozen: DeliveryHandler = async (_, signal) => {
    begun.resolve(signal);
    await thaw.promise;
    return { ok: true, value: { kind: "ignored", reason: "too late" } };
  };
  const first = one.work({ pull_request: frozen });
  await begun.promise;
  assert.equal(await one.work({ pull_request: DONE }, "two"), false);
  // Frozen, it renews nothing: the wall clock passes its lease alone.
  one.clock.jumpTo(START_MS + LIMITS.leaseMs + 1);
  assert.equal(await one.work({ pull_request: DONE }, "two"), true);
  thaw.resolve();
  await first;
  const found = await one.get("a");
  assert.deepEqual([found?.state, found?.attempts], ["done", 2]);
  assert.equal((await one.types()).filter((type) => type.startsWith("delivery-ignored")).length, 0);
});

test("work that takes long keeps its lease, and is told when it has lost it", async (context) => {
  const one = await scene(context);
  await one.add("a");
  const begun = Promise.withResolvers<AbortSignal>();
  const release = Promise.withResolvers<void>();
  const long: DeliveryHandler = async (_, signal) => {
    begun.resolve(signal);
    await release.promise;
    return { ok: true, value: { kind: "done" } };
  };
  const first = one.work({ pull_request: long });
  const signal = await begun.promise;
  for (let third = 0; third < 9; third += 1) {
    await one.clock.advance(LIMITS.leaseMs / 3);
    await one.get("a");
  }
  assert.equal(await one.work({ pull_request: DONE }, "two"), false);
  assert.equal(signal.aborted, false);
  one.clock.jumpTo(one.clock.now() + 2 * LIMITS.leaseMs);
  const other = Promise.withResolvers<void>();
  const holding: DeliveryHandler = async () => {
    await other.promise;
    return { ok: true, value: { kind: "done" } };
  };
  const second = one.work({ pull_request: holding }, "two");
  while ((await one.get("a"))?.attempts !== 2);
  const lost = new Promise((resolve) => signal.addEventListener("abort", resolve));
  await one.clock.advance(LIMITS.leaseMs / 3);
  await lost;
  release.resolve();
  other.resolve();
  await Promise.all([first, second]);
  assert.equal((await one.get("a"))?.attempts, 2);
});

test("what a process was at that is gone is taken up at once, and what waits for it in its lane follows", async (context) => {
  const one = await scene(context);
  for (const id of ["a", "b"]) await one.add(id);
  const nowMs = one.clock.now();
  const lease = { goneOwners: [], nowMs, untilMs: nowMs + LIMITS.leaseMs };
  await one.store.transaction(async ({ deliveries }) =>
    deliveries.claim({ events: ["pull_request"], owner: "gone", ...lease }),
  );
  const handlers = { pull_request: DONE };
  const worked = [await one.work(handlers), await one.work(handlers), await one.work(handlers)];
  assert.deepEqual(worked, [true, true, false]);
  assert.deepEqual([(await one.get("a"))?.attempts, (await one.get("b"))?.state], [2, "done"]);
});

test("a delivery whose processes die each time is given up, and holds nothing up for ever", async (context) => {
  const one = await scene(context);
  await one.add("a");
  for (let time = 0; time < ATTEMPTS_MAX; time += 1) {
    const nowMs = one.clock.now();
    const untilMs = nowMs + 1;
    await one.store.transaction(async ({ deliveries }) =>
      deliveries.claim({ events: ["pull_request"], owner: "dies", goneOwners: [], nowMs, untilMs }),
    );
    await one.clock.advance(2);
  }
  const never: DeliveryHandler = async () => assert.fail("it was handed out once more");
  assert.equal(await one.work({ pull_request: never }), true);
  assert.equal((await one.get("a"))?.state, "dead");
});

test("a worker that is woken works off all lanes, and stops when it is told to", async (context) => {
  const one = await scene(context);
  const seen: string[] = [];
  const all = Promise.withResolvers<void>();
  const handler: DeliveryHandler = async ({ id }) => {
    seen.push(id);
    if (seen.length === 6) all.resolve();
    return { ok: true, value: { kind: "done" } };
  };
  const handlers = { pull_request: handler };
  const worker = startDeliveryWorker(one, { handlers, owner: "one", isOwnerGone, limits: LIMITS });
  for (let number = 0; number < 6; number += 1) await one.add(`d${number}`, number % 3);
  worker.wake();
  await all.promise;
  await worker.stop();
  assert.deepEqual(seen.toSorted(), ["d0", "d1", "d2", "d3", "d4", "d5"]);
  await one.add("d6");
  worker.wake();
  assert.equal((await one.get("d6"))?.state, "accepted");
});

test("work that a stop cuts short is due again at once", async (context) => {
  const one = await scene(context);
  await one.add("a");
  const begun = Promise.withResolvers<void>();
  const handler: DeliveryHandler = async (_, signal) => {
    begun.resolve();
    await new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(new Error("stopped"))),
    );
    return { ok: true, value: { kind: "done" } };
  };
  const handlers = { pull_request: handler };
  const worker = startDeliveryWorker(one, { handlers, owner: "one", isOwnerGone, limits: LIMITS });
  await begun.promise;
  await worker.stop();
  const found = await one.get("a");
  assert.deepEqual([found?.state, found?.reason], ["accepted", "The server stopped."]);
  assert.ok((found?.nextAttemptMs ?? 0) <= one.clock.now());
});

test("a worker without handlers asks the store for nothing", async (context) => {
  const one = await scene(context);
  const store = { ...one.store, transaction: async () => assert.fail("it asked") };
  const worker = startDeliveryWorker(
    { ...one, store },
    { handlers: {}, owner: "one", isOwnerGone },
  );
  worker.wake();
  await worker.stop();
});

test("whatever fails and dies, each lane is worked off in order and nothing is lost", async () => {
  const steps = fc.array(
    fc.record({
      lane: fc.integer({ min: 1, max: 3 }),
      how: fc.constantFrom("add", "done", "fail", "die", "wait"),
    }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (walk) => {
      const one = await scene();
      const ended = new Map<number, number[]>();
      let added = 0;
      try {
        for (const { lane, how } of walk) {
          if (how === "add") await one.add(`d${(added += 1)}`, lane);
          else if (how === "wait") await one.clock.advance(700_000);
          else if (how === "die") {
            const nowMs = one.clock.now();
            const limits = { nowMs, untilMs: nowMs + LIMITS.leaseMs };
            await one.store.transaction(async ({ deliveries }) =>
              deliveries.claim({
                events: ["pull_request"],
                owner: "dies",
                goneOwners: [],
                ...limits,
              }),
            );
          } else {
            const handler: DeliveryHandler = async (delivery) => {
              if (how === "fail") return refuse("INTERNAL", "no");
              const list = ended.get(delivery.pullRequest ?? 0) ?? [];
              ended.set(delivery.pullRequest ?? 0, [...list, delivery.number]);
              return { ok: true, value: { kind: "done" } };
            };
            await one.work({ pull_request: handler });
          }
        }
        for (const numbers of ended.values())
          assert.deepEqual(
            numbers,
            numbers.toSorted((left, right) => left - right),
          );
        const all = await one.store.read(async ({ deliveries }) => deliveries.list({ limit: 99 }));
        assert.equal(all.length, added);
        const done = all.filter(({ state }) => state === "done").length;
        assert.equal(done, [...ended.values()].flat().length);
      } finally {
        await one.store.close();
      }
    }),
    { numRuns: 40 },
  );
});
