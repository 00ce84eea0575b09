// The store's contract on sandboxes: an id and a port block are held by one, and only the newest epoch writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewSandbox, Store, StoreTransaction } from "../../src/ports/store.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const AT = "2025-03-01T10:00:00.000Z";
const LATER = "2025-03-02T10:00:00.000Z";

const newSandbox = (id: string, block: number, more: Partial<NewSandbox> = {}): NewSandbox => ({
  id,
  build: "build-a",
  stack: "own",
  block,
  ports: [{ role: "api", service: "api", port: 8000 + block }],
  urls: { api: `http://127.0.0.1:${8000 + block}` },
  services: ["api", "db"],
  sources: null,
  owner: "host:1",
  busyUntil: LATER,
  createdAt: AT,
  expiresAt: LATER,
  ...more,
});

const create = async (store: Store, sandbox: NewSandbox) =>
  (await store.transaction(async ({ sandboxes }) => [await sandboxes.create(sandbox)]))[0];
const within = async <Value>(
  store: Store,
  work: (sandboxes: StoreTransaction["sandboxes"]) => Promise<Value>,
) => (await store.transaction(async ({ sandboxes }) => [await work(sandboxes)]))[0] as Value;
const get = async (store: Store, id: string) =>
  store.read(async ({ sandboxes }) => sandboxes.get(id));

export function testStoreSandboxes(openStore: OpenStoreScene): void {
  test("R-57 gives a sandbox back as it was created, to whoever opens the store", async (context) => {
    const { store } = await openStore(context);
    const sandbox = newSandbox("sandbox-a", 1, { sources: "abc" });
    assert.equal(await create(store, sandbox), true);
    assert.deepEqual(await get(store, "sandbox-a"), {
      ...sandbox,
      state: "creating",
      reason: null,
      misses: 0,
      epoch: 1,
      deployer: "host:1",
      checkedAt: null,
      lastUsedAt: AT,
    });
    assert.equal(await get(store, "sandbox-b"), null);
  });

  test("R-54 an id that is held is not given twice; a deleted one, and a failed one without ports, is given with a higher epoch", async (context) => {
    const { store } = await openStore(context);
    await create(store, newSandbox("sandbox-a", 1));
    assert.equal(await create(store, newSandbox("sandbox-a", 2)), false);
    const end = { block: null, deployer: null, owner: null } as const;
    const first = { id: "sandbox-a", epoch: 1 };
    await within(store, async (all) => all.change(first, { state: "failed", deployer: null }));
    assert.equal(await create(store, newSandbox("sandbox-a", 2)), false);
    await within(store, async (all) => all.change(first, { block: null, reason: "why" }));
    assert.equal(await create(store, newSandbox("sandbox-a", 2)), true);
    const second = await get(store, "sandbox-a");
    assert.deepEqual([second?.epoch, second?.reason, second?.state], [2, null, "creating"]);
    const gone = { id: "sandbox-a", epoch: 2 };
    await within(store, async (all) => all.change(gone, { ...end, state: "deleted" }));
    assert.equal(await create(store, newSandbox("sandbox-a", 1)), true);
    assert.equal((await get(store, "sandbox-a"))?.epoch, 3);
  });

  test("R-54 an id stays held while its deployment may still be at work", async (context) => {
    const { store } = await openStore(context);
    await create(store, newSandbox("sandbox-a", 1));
    const first = { id: "sandbox-a", epoch: 1 };
    await within(store, async (all) => all.change(first, { state: "failed", block: null }));
    assert.equal(await create(store, newSandbox("sandbox-a", 1)), false);
    await within(store, async (all) => all.leave("sandbox-a", "host:2"));
    assert.equal((await get(store, "sandbox-a"))?.deployer, "host:1");
    await within(store, async (all) => all.leave("sandbox-a", "host:1"));
    assert.equal(await create(store, newSandbox("sandbox-a", 1)), true);
  });

  test("R-55 the database itself refuses a block that another sandbox holds, and a number that is none", async (context) => {
    const { store } = await openStore(context);
    await create(store, newSandbox("sandbox-a", 1));
    await assert.rejects(create(store, newSandbox("sandbox-b", 1)), { code: "STORE_FAILED" });
    for (const block of [0, 65])
      await assert.rejects(create(store, newSandbox("sandbox-b", block)), { code: "STORE_FAILED" });
    assert.equal(await get(store, "sandbox-b"), null);
    const first = { id: "sandbox-a", epoch: 1 };
    const kept = within(store, async (all) => all.change(first, { state: "deleted" }));
    await assert.rejects(kept, { code: "STORE_FAILED" });
  });

  test("writes what is given, and nothing for an older epoch", async (context) => {
    const { store } = await openStore(context);
    await create(store, newSandbox("sandbox-a", 1));
    const first = { id: "sandbox-a", epoch: 1 };
    const taken = { state: "stopping", owner: "host:2", nextEpoch: 2, busyUntil: null } as const;
    assert.equal(await within(store, async (all) => all.change(first, taken)), true);
    const late = within(store, async (all) => all.change(first, { state: "running" }));
    assert.equal(await late, false);
    const now = await get(store, "sandbox-a");
    assert.deepEqual(
      [now?.state, now?.owner, now?.epoch, now?.busyUntil, now?.block],
      ["stopping", "host:2", 2, null, 1],
    );
    const unknown = within(store, async (all) => all.change({ id: "x", epoch: 1 }, { misses: 1 }));
    assert.equal(await unknown, false);
  });

  test("notes the use of one that is up, and of no other", async (context) => {
    const { store } = await openStore(context);
    await create(store, newSandbox("sandbox-a", 1));
    const use = async () => within(store, async (all) => all.touch("sandbox-a", LATER, LATER));
    assert.equal(await use(), false);
    const first = { id: "sandbox-a", epoch: 1 };
    await within(store, async (all) => all.change(first, { state: "unhealthy" }));
    assert.equal(await use(), true);
    assert.equal((await get(store, "sandbox-a"))?.lastUsedAt, LATER);
  });

  test("lists sandboxes by build and state, as their ids first came", async (context) => {
    const { store } = await openStore(context);
    await create(store, newSandbox("sandbox-b", 1));
    await create(store, newSandbox("sandbox-a", 2, { build: "build-b" }));
    await create(store, newSandbox("sandbox-c", 3));
    const third = { id: "sandbox-c", epoch: 1 };
    await within(store, async (all) => all.change(third, { state: "running" }));
    const ids = async (filter: { build?: string; states?: readonly ["running"]; limit?: number }) =>
      store.read(async ({ sandboxes }) =>
        (await sandboxes.list({ limit: 9, ...filter })).map(({ id }) => id).join(" "),
      );
    assert.equal(await ids({}), "sandbox-b sandbox-a sandbox-c");
    assert.equal(await ids({ build: "build-a" }), "sandbox-b sandbox-c");
    assert.equal(await ids({ states: ["running"] }), "sandbox-c");
    assert.equal(await ids({ limit: 1 }), "sandbox-b");
  });
}
