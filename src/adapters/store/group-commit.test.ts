// Transactions that wait together share a commit; each keeps its own fate.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { refuse } from "../../domain/result.ts";
import type { Store } from "../../ports/store.ts";
import { createSystemClock } from "../clock/system.ts";
import { createSqliteStore, openSqliteDatabase, openSqliteStore } from "./sqlite.ts";

const note = (name: string) =>
  ({ type: "card-nominated", actor: "engine", data: { name } }) as const;
const append = async (
  store: Store,
  name: string,
  then: () => unknown = () => null,
): Promise<unknown> =>
  store.transaction(async ({ events }) => {
    await events.append([note(name)]);
    return then();
  });
const names = async (store: Store): Promise<unknown[]> =>
  store.read(async ({ events }) =>
    (await events.list({ limit: 1000 })).map((event) => event.data["name"]),
  );

test("of many that queue up, those that fail or are refused take back their own and nothing else", async (context) => {
  const path = join(await tempFolder(context), "group.db");
  const store = await openSqliteStore({ path, clock: createSystemClock() });
  const asked = Array.from({ length: 60 }, async (_, place) => {
    if (place % 3 === 1) return append(store, `thrown-${place}`, () => assert.fail("on purpose"));
    if (place % 3 === 2)
      return append(store, `refused-${place}`, () => refuse("CARD_UNKNOWN", "on purpose"));
    return append(store, `kept-${place}`);
  });
  const settled = await Promise.allSettled(asked);
  const kept = settled.flatMap((_, place) => (place % 3 === 0 ? [`kept-${place}`] : []));
  assert.deepEqual(await names(store), kept);
  assert.deepEqual(
    settled.map((one) => one.status),
    settled.map((_, place) => (place % 3 === 1 ? "rejected" : "fulfilled")),
  );
  assert.equal((await store.verifyChain()).valid, true);
  await store.close();
});

test("nobody of a group is answered before the commit, and a reader in it sees what was before it", async (context) => {
  const path = join(await tempFolder(context), "group.db");
  const clock = createSystemClock();
  const database = await openSqliteDatabase({ path, clock });
  const store = createSqliteStore(database, { path, clock });
  const other = await openSqliteStore({ path, clock, readOnly: true });
  const committed: unknown[][] = [];
  const look = async (): Promise<void> => {
    assert.equal(database.isTransaction, false);
    committed.push(await names(other));
  };
  const [, seen] = await Promise.all([
    append(store, "first").then(look),
    names(store),
    append(store, "second").then(look),
  ]);
  assert.deepEqual(seen, ["first"]);
  assert.ok(committed.every((list) => list.includes("first")));
  await other.close();
  await store.close();
});

test("a disk that fills up at the commit takes back the whole group and tells each of it", async (context) => {
  const path = join(await tempFolder(context), "group.db");
  const clock = createSystemClock();
  const database = await openSqliteDatabase({ path, clock });
  const store = createSqliteStore(database, { path, clock });
  await append(store, "before");
  const { page_count: pages } = database.prepare("PRAGMA page_count").get() as {
    page_count: number;
  };
  database.exec(`PRAGMA max_page_count = ${pages + 4}`);
  const big = "x".repeat(100_000);
  const asked = [append(store, "small"), append(store, big), append(store, "after")];
  const settled = await Promise.allSettled(asked);
  assert.ok(
    settled.some(
      (one) => one.status === "rejected" && (one.reason as { code: string }).code === "STORE_FULL",
    ),
  );
  const stored = await names(store);
  const answered = settled.flatMap((one, place) =>
    one.status === "fulfilled" ? [["small", big, "after"][place]] : [],
  );
  assert.deepEqual(stored, ["before", ...answered]);
  assert.equal((await store.verifyChain()).valid, true);
  await store.close();
});
