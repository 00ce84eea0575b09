// The store's contract on deliveries: stored once, taken in order, settled by who took them last.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../../src/domain/errors.ts";
import type { DeliveryClaim, DeliveryEnd, NewDelivery, Store } from "../../src/ports/store.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const newDelivery = (id: string, more: Partial<NewDelivery> = {}): NewDelivery => ({
  id,
  event: "pull_request",
  action: "opened",
  repository: { id: 7, fullName: "orket/demo" },
  pullRequest: 12,
  sender: { id: 5, login: "coder" },
  source: "webhook",
  sizeBytes: 9,
  bodyDigest: id.padEnd(64, "0"),
  state: "accepted",
  reason: null,
  body: `{"n":"${id}"}`,
  ...more,
});

const add = async (store: Store, id: string, more: Partial<NewDelivery> = {}) =>
  store.transaction(async ({ deliveries }) => deliveries.add(newDelivery(id, more)));

const EVENTS = ["pull_request", "push"];
/** Later than whatever the store's clock says when it stores. */
const NOW_MS = Date.UTC(2100, 0, 1);

const claim = async (store: Store, more: Partial<DeliveryClaim> = {}) =>
  store.transaction(async ({ deliveries }) =>
    deliveries.claim({
      events: EVENTS,
      owner: "one:1",
      goneOwners: [],
      nowMs: NOW_MS,
      untilMs: NOW_MS + 1000,
      ...more,
    }),
  );

const DONE: DeliveryEnd = { state: "done", reason: null, nextAttemptMs: 0 };

const settle = async (
  store: Store,
  attempt: { readonly id: string; readonly attempts: number },
  more: Partial<DeliveryEnd> = {},
) => store.transaction(async ({ deliveries }) => deliveries.settle(attempt, { ...DONE, ...more }));

const get = async (store: Store, id: string) =>
  store.read(async ({ deliveries }) => deliveries.get(id));

export function testStoreDeliveries(openStore: OpenStoreScene): void {
  testKeeping(openStore);
  testTaking(openStore);
  testSettling(openStore);
}

function testKeeping(openStore: OpenStoreScene): void {
  test("gives a delivery back as it came, and its body byte for byte", async (context) => {
    const { store } = await openStore(context);
    const body = '{ "a": "\\u003c é \u{1F600}", "n": 1.0 }';
    assert.equal(await add(store, "a", { body }), null);
    const { body: _, ...expected } = newDelivery("a", { body });
    const found = await get(store, "a");
    assert.ok(found !== null);
    assert.deepEqual(found, {
      ...expected,
      number: 1,
      attempts: 0,
      receivedAt: found.receivedAt,
      nextAttemptMs: Date.parse(found.receivedAt),
      settledAt: null,
    });
    assert.equal(await store.read(async ({ deliveries }) => deliveries.body("a")), body);
    assert.equal(await store.read(async ({ deliveries }) => deliveries.body("b")), null);
    assert.equal(await get(store, "b"), null);
  });

  test("a delivery without repository, sender and number is kept too, and an ignored one is settled", async (context) => {
    const { store } = await openStore(context);
    const nothing = { action: null, repository: null, pullRequest: null, sender: null };
    await add(store, "a", { ...nothing, state: "ignored", reason: "nobody does it" });
    const found = await get(store, "a");
    assert.deepEqual({ ...found, ...nothing }, found);
    assert.deepEqual([found?.state, found?.reason], ["ignored", "nobody does it"]);
    assert.equal(found?.settledAt, found?.receivedAt);
    assert.equal(await claim(store), null);
  });

  test("R-42 an id or a body of the same event that is known is not stored again; a body of another event is", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a");
    const first = await get(store, "a");
    const { bodyDigest } = newDelivery("a");
    assert.deepEqual(await add(store, "a", { bodyDigest: "f".repeat(64) }), first);
    assert.deepEqual(await add(store, "b", { bodyDigest }), first);
    assert.equal(await add(store, "c", { bodyDigest, event: "push" }), null);
    const all = await store.read(async ({ deliveries }) => deliveries.list({ limit: 9 }));
    assert.deepEqual(
      all.map(({ id }) => id),
      ["c", "a"],
    );
  });

  test("lists the newest first, by state and as many as asked for", async (context) => {
    const { store } = await openStore(context);
    for (const id of ["a", "b", "c"]) await add(store, id, { pullRequest: id.charCodeAt(0) });
    const taken = await claim(store);
    await settle(store, { id: "a", attempts: taken?.attempts ?? 0 });
    const ids = async (filter: { states?: readonly ("done" | "accepted")[]; limit: number }) =>
      (await store.read(async ({ deliveries }) => deliveries.list(filter))).map(({ id }) => id);
    assert.deepEqual(await ids({ limit: 2 }), ["c", "b"]);
    assert.deepEqual(await ids({ states: ["done"], limit: 9 }), ["a"]);
    assert.deepEqual(await ids({ states: ["accepted"], limit: 9 }), ["c", "b"]);
    assert.deepEqual(await ids({ states: [], limit: 9 }), []);
  });

  test("a body that holds a secret by its look is kept without it, and is JSON still", async (context) => {
    const { store } = await openStore(context);
    const token = `ghp_${"a1".repeat(18)}`;
    await add(store, "a", { body: JSON.stringify({ text: `use ${token}\n`, n: [1, null] }) });
    const body = await store.read(async ({ deliveries }) => deliveries.body("a"));
    assert.ok(body !== null && !body.includes(token));
    assert.deepEqual((JSON.parse(body) as { n: unknown }).n, [1, null]);
  });
}

function testTaking(openStore: OpenStoreScene): void {
  test("takes the oldest of a lane, and the next only when that is settled", async (context) => {
    const { store } = await openStore(context);
    for (const id of ["a", "b"]) await add(store, id);
    const first = await claim(store);
    assert.deepEqual([first?.id, first?.state, first?.attempts], ["a", "working", 1]);
    assert.equal(await claim(store), null);
    assert.equal(await settle(store, { id: "a", attempts: 1 }), true);
    assert.equal((await claim(store))?.id, "b");
  });

  test("lanes do not wait for each other: another pull request, another repository, no pull request", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a");
    await add(store, "b", { pullRequest: 13 });
    await add(store, "c", { repository: { id: 8, fullName: "orket/demo" } });
    await add(store, "d", { pullRequest: null });
    const taken = [];
    for (let time = 0; time < 5; time += 1) taken.push((await claim(store))?.id ?? null);
    assert.deepEqual(taken, ["a", "b", "c", "d", null]);
  });

  test("what an owner who is gone was at is taken before its lease has ended, in its lane's order, and settled once", async (context) => {
    const { store } = await openStore(context);
    for (const id of ["a", "b"]) await add(store, id);
    await add(store, "c", { pullRequest: 13 });
    const owners = async () => store.read(async ({ deliveries }) => deliveries.owners());
    assert.deepEqual(await owners(), []);
    await claim(store);
    await claim(store, { owner: "two:1" });
    assert.deepEqual((await owners()).toSorted(), ["one:1", "two:1"]);
    assert.equal(await claim(store, { goneOwners: ["three:1"] }), null);
    const lost = await claim(store, { owner: "two:1", goneOwners: ["one:1"] });
    assert.deepEqual([lost?.id, lost?.attempts], ["a", 2]);
    assert.equal(await claim(store, { goneOwners: ["one:1"] }), null);
    assert.equal(await settle(store, { id: "a", attempts: 1 }), false);
    assert.equal(await settle(store, { id: "a", attempts: 2 }), true);
    assert.deepEqual(await owners(), ["two:1"]);
  });

  test("one that waits to be tried again holds up its lane until it is due, and only its lane", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a");
    await add(store, "b");
    await add(store, "c", { pullRequest: 13 });
    await claim(store);
    const again = { state: "accepted", reason: "no forge", nextAttemptMs: NOW_MS + 1 } as const;
    assert.equal(await settle(store, { id: "a", attempts: 1 }, again), true);
    assert.equal((await get(store, "a"))?.reason, "no forge");
    assert.equal((await claim(store))?.id, "c");
    assert.equal(await claim(store), null);
    const due = await claim(store, { nowMs: NOW_MS + 1 });
    assert.deepEqual([due?.id, due?.attempts], ["a", 2]);
  });

  test("an event that is not asked for is neither taken nor waited for", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a", { event: "other" });
    await add(store, "b");
    assert.equal((await claim(store))?.id, "b");
    assert.equal(await claim(store, { events: [] }), null);
    assert.equal((await claim(store, { events: ["other"] }))?.id, "a");
  });

  test("one whose owner let the lease run out is taken by another, before what comes after it", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a");
    await add(store, "b");
    await claim(store);
    assert.equal(await claim(store, { nowMs: NOW_MS + 999, owner: "two:2" }), null);
    const taken = await claim(store, { nowMs: NOW_MS + 1000, owner: "two:2" });
    assert.deepEqual([taken?.id, taken?.attempts], ["a", 2]);
    assert.equal(await settle(store, { id: "a", attempts: 1 }), false);
    assert.equal(
      await store.transaction(async ({ deliveries }) =>
        deliveries.renew({ id: "a", attempts: 1 }, NOW_MS + 9000),
      ),
      false,
    );
    assert.equal((await get(store, "a"))?.state, "working");
  });

  test("a renewed lease keeps others away", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a");
    await claim(store);
    const renewed = await store.transaction(async ({ deliveries }) =>
      deliveries.renew({ id: "a", attempts: 1 }, NOW_MS + 5000),
    );
    assert.equal(renewed, true);
    assert.equal(await claim(store, { nowMs: NOW_MS + 4999 }), null);
    assert.equal((await claim(store, { nowMs: NOW_MS + 5000 }))?.attempts, 2);
  });

  test("of many that take at once each gets another one", async (context) => {
    const { store } = await openStore(context);
    for (let number = 0; number < 8; number += 1)
      await add(store, `d${number}`, { pullRequest: number });
    const taken = await Promise.all(Array.from({ length: 12 }, async () => claim(store)));
    const ids = taken.flatMap((one) => (one === null ? [] : [one.id]));
    assert.equal(new Set(ids).size, 8);
    assert.equal(ids.length, 8);
  });
}

function testSettling(openStore: OpenStoreScene): void {
  test("a settled one is not taken or settled again, and says when it ended", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a");
    await claim(store);
    assert.equal(await settle(store, { id: "a", attempts: 1 }), true);
    assert.equal(await settle(store, { id: "a", attempts: 1 }), false);
    assert.equal(await claim(store), null);
    assert.notEqual((await get(store, "a"))?.settledAt, null);
  });

  test("only a dead one is revived, with all its attempts", async (context) => {
    const { store } = await openStore(context);
    const revive = async (id: string) =>
      store.transaction(async ({ deliveries }) => deliveries.revive(id, NOW_MS));
    await add(store, "a");
    assert.equal(await revive("a"), false);
    await claim(store);
    assert.equal(await revive("a"), false);
    await settle(store, { id: "a", attempts: 1 }, { state: "dead", reason: "it broke" });
    assert.equal(await revive("a"), true);
    const found = await get(store, "a");
    assert.deepEqual(
      [found?.state, found?.attempts, found?.settledAt, found?.reason],
      ["accepted", 0, null, "it broke"],
    );
    assert.equal((await claim(store))?.id, "a");
    assert.equal(await revive("nobody"), false);
  });

  test("a delivery that was taken in a transaction that fails was not taken", async (context) => {
    const { store } = await openStore(context);
    await add(store, "a");
    const thrown = new EngineError("INTERNAL", "no");
    await assert.rejects(
      store.transaction(async ({ deliveries }) => {
        await deliveries.claim({
          events: EVENTS,
          goneOwners: [],
          owner: "o",
          nowMs: NOW_MS,
          untilMs: NOW_MS + 1,
        });
        throw thrown;
      }),
      (error) => error === thrown,
    );
    assert.equal((await get(store, "a"))?.attempts, 0);
  });
}
