// The store's contract on named keys of the API.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeyStore } from "../../src/ports/store.ts";
import type { OpenStoreScene } from "./store.suite.ts";

type NewKey = Parameters<KeyStore["add"]>[0];

const AT = "2026-03-02T10:00:00.000Z";
const newKey = (id: string, more: Partial<NewKey> = {}): NewKey => ({
  id,
  name: "ci",
  scope: "operate",
  digest: "d".repeat(64),
  createdAt: AT,
  createdBy: "me",
  expiresAt: null,
  ...more,
});

export function testStoreKeys(openStore: OpenStoreScene): void {
  test("gives a key back as it was added, and its digest only to who asks for its id", async (context) => {
    const { store } = await openStore(context);
    const expiresAt = "2026-06-02T10:00:00.000Z";
    await store.transaction(async ({ keys }) => keys.add(newKey("k1", { expiresAt })));
    const { digest, ...rest } = newKey("k1", { expiresAt });
    const kept = { ...rest, lastUsedAt: null, revokedAt: null, revokedBy: null };
    const read = await store.read(async ({ keys }) => ({
      one: await keys.get("k1"),
      none: await keys.get("k2"),
      list: await keys.list(9),
      named: await keys.named("ci"),
      other: await keys.named("CI"),
    }));
    assert.deepEqual(read, {
      one: { ...kept, digest },
      none: null,
      list: [kept],
      named: [kept],
      other: [],
    });
  });

  test("lists keys newest first and those of a name oldest first", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ keys }) => {
      for (const id of ["k1", "k2", "k3"])
        await keys.add(newKey(id, id === "k2" ? { name: "x" } : {}));
    });
    const read = await store.read(async ({ keys }) => [
      (await keys.list(2)).map(({ id }) => id),
      (await keys.named("ci")).map(({ id }) => id),
    ]);
    assert.deepEqual(read, [
      ["k3", "k2"],
      ["k1", "k3"],
    ]);
  });

  test("revokes a key once, and notes its use", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ keys }) => keys.add(newKey("k1")));
    const revoke = async (id: string) =>
      store.transaction(async ({ keys }) => keys.revoke(id, { by: "me", at: AT }));
    assert.deepEqual(
      [await revoke("k1"), await revoke("k1"), await revoke("k2")],
      [true, false, false],
    );
    await store.transaction(async ({ keys }) => keys.noteUse("k1", AT));
    const key = await store.read(async ({ keys }) => keys.get("k1"));
    assert.deepEqual([key?.revokedAt, key?.revokedBy, key?.lastUsedAt], [AT, "me", AT]);
  });

  test("refuses a second key of one id and a digest of another length", async (context) => {
    const { store } = await openStore(context);
    const add = async (key: NewKey) => store.transaction(async ({ keys }) => keys.add(key));
    await add(newKey("k1"));
    await assert.rejects(add(newKey("k1")));
    await assert.rejects(add(newKey("k2", { digest: "short" })));
  });
}
