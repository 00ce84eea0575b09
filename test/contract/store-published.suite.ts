// The store's contract on the registry of published products.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PublishedState } from "../../src/domain/product.ts";
import type { NewPublished, Store } from "../../src/ports/store.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const START = Date.parse("2026-03-02T10:00:00.000Z");
const PLACE = "archive/shop-20260302T100000000Z";

const shop = (more: Partial<NewPublished> = {}): NewPublished => ({
  source: "product",
  project: "shop",
  repository: "orket/shop",
  branch: "main",
  sha: "1".repeat(40),
  tree: "2".repeat(40),
  sourceSha: "3".repeat(40),
  parity: true,
  ...more,
});

const save = async (store: Store, more: Partial<NewPublished> = {}) =>
  store.transaction(async ({ published }) => published.save(shop(more)));
const current = async (store: Store, project = "shop") =>
  store.read(async ({ published }) => published.current("product", project));
const move = async (
  store: Store,
  [number, state, to]: readonly [number, PublishedState, PublishedState],
  place?: string,
) =>
  store.transaction(async ({ published }) =>
    published.move({ number, state }, { state: to, ...(place === undefined ? {} : { place }) }),
  );

export function testStorePublished(openStore: OpenStoreScene): void {
  test("keeps what was published, and when: anew for another commit, as it was for the same", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    const first = await save(store);
    const at = "2026-03-02T10:00:00.000Z";
    const times = { publishedAt: at, verifiedAt: at, archivedAt: null, deletedAt: null };
    assert.deepEqual(first, { ...shop(), ...times, number: 1, state: "present", place: null });
    setNow(START + 1000);
    const later = "2026-03-02T10:00:01.000Z";
    assert.deepEqual(await save(store), { ...first, verifiedAt: later });
    const moved = await save(store, { sha: "4".repeat(40), parity: false });
    assert.deepEqual([moved.number, moved.publishedAt, moved.parity], [1, later, false]);
    setNow(START + 2000);
    const elsewhere = await save(store, { sha: "4".repeat(40), repository: "other/shop" });
    assert.equal(elsewhere.publishedAt, "2026-03-02T10:00:02.000Z");
    assert.deepEqual(await current(store), elsewhere);
    assert.equal(await current(store, "none"), null);
  });

  test("moves a row from the state it was read in alone, and keeps its place", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    const { number } = await save(store);
    assert.equal(await move(store, [number, "archiving", "archived"]), false);
    assert.equal(await move(store, [number, "present", "archiving"], PLACE), true);
    assert.equal(await move(store, [number, "present", "archiving"], PLACE), false);
    assert.deepEqual(
      [(await current(store))?.state, (await current(store))?.place],
      ["archiving", PLACE],
    );
    setNow(START + 1000);
    assert.equal(await move(store, [number, "archiving", "archived"]), true);
    assert.equal(await current(store), null);
    setNow(START + 2000);
    await move(store, [number, "archived", "deleting"]);
    await move(store, [number, "deleting", "deleted"]);
    const [row] = await store.read(async ({ published }) =>
      published.list({ states: ["deleted"], limit: 9 }),
    );
    assert.deepEqual(
      [row?.place, row?.archivedAt, row?.deletedAt],
      [PLACE, "2026-03-02T10:00:01.000Z", "2026-03-02T10:00:02.000Z"],
    );
  });

  test("keeps the row of what was put away beside that of a new folder of its name", async (context) => {
    const { store } = await openStore(context);
    const { number } = await save(store);
    await move(store, [number, "present", "archiving"], PLACE);
    await move(store, [number, "archiving", "archived"]);
    const again = await save(store);
    assert.notEqual(again.number, number);
    assert.equal(again.state, "present");
    const list = async (states: readonly PublishedState[], limit = 9) =>
      store.read(async ({ published }) =>
        (await published.list({ states, limit })).map((one) => one.number),
      );
    assert.deepEqual(await list(["archived", "present"]), [number, again.number]);
    assert.deepEqual(await list(["archived", "present"], 1), [number]);
    assert.deepEqual(await list(["deleted"]), []);
    assert.deepEqual(await list([]), []);
  });

  test("refuses a row without a folder, and a move to nowhere", async (context) => {
    const { store } = await openStore(context);
    await assert.rejects(save(store, { project: "" }));
    await assert.rejects(save(store, { sha: "short" }));
    const { number } = await save(store);
    await assert.rejects(move(store, [number, "present", "archiving"]));
  });
}
