// No room is left: the step that did not fit is STORE_FULL and leaves nothing; what was there stays, and with room again
// the same store goes on.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import {
  createSqliteStore,
  openSqliteDatabase,
  openSqliteStore,
} from "../../src/adapters/store/sqlite.ts";
import type { Store } from "../../src/ports/store.ts";
import { newCard, newEvent } from "../support/store-records.ts";
import { tempFolder } from "../support/temp-folder.ts";

const clock = createSystemClock();
const TRANSACTIONS_MAX = 5000;

const step = (store: Store, number: number): Promise<void> =>
  store.transaction(async ({ cards, events }) => {
    await cards.insert(newCard(`A-${number}`));
    await events.append([newEvent({ card: `A-${number}`, data: { text: "x".repeat(2000) } })]);
  });

/** Writes until there is no room; gives how many steps were acknowledged. */
async function fill(store: Store): Promise<number> {
  for (let number = 1; number <= TRANSACTIONS_MAX; number += 1) {
    try {
      await step(store, number);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "STORE_FULL", String(error));
      return number - 1;
    }
  }
  throw new Error("The disk never became full.");
}

async function assertKept(store: Store, steps: number): Promise<void> {
  const kept = await store.read(async ({ cards, events }) => [
    (await cards.list({})).length,
    await events.lastSeq(),
  ]);
  assert.deepEqual(kept, [steps, steps]);
  const check = await store.verifyChain();
  assert.equal(check.valid && check.count, steps);
}

test("a database that may not grow any more refuses the step as a whole and stays as it was", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const database = await openSqliteDatabase({ path, clock });
  const store = createSqliteStore(database, { path, clock });
  context.after(async () => store.close());
  database.exec("PRAGMA max_page_count = 300");
  const steps = await fill(store);
  assert.ok(steps > 10, `${steps} steps`);
  await assertKept(store, steps);
  await assert.rejects(step(store, steps + 1), { code: "STORE_FULL" });
  database.exec("PRAGMA max_page_count = 100000");
  await step(store, steps + 1);
  await assertKept(store, steps + 1);
});

test("work that swallows the error of a full disk does not commit its half", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const database = await openSqliteDatabase({ path, clock });
  const store = createSqliteStore(database, { path, clock });
  context.after(async () => store.close());
  database.exec("PRAGMA max_page_count = 300");
  const work = store.transaction(async ({ cards, events }) => {
    await cards.insert(newCard("FIRST"));
    for (let number = 0; number < 400; number += 1) {
      await events.append([newEvent({ data: { text: "x".repeat(5000) } })]).catch(() => undefined);
    }
    return cards.insert(newCard("LAST")).catch(() => true);
  });
  await assert.rejects(work, { code: "STORE_FULL" });
  await assertKept(store, 0);
});

/** Does the work in a folder of one mebibyte, where mounting is allowed; elsewhere the tests above stand for it. */
async function onSmallDisk(folder: string, work: () => Promise<void>): Promise<void> {
  const [mount, unmount] = ["mount", "umount"];
  mkdirSync(folder);
  try {
    execFileSync(mount, ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return;
  }
  try {
    await work();
  } finally {
    execFileSync(unmount, ["--lazy", folder]);
  }
}

test("a disk without room left: nothing acknowledged is lost, and with room again the store goes on", async (context) => {
  const folder = join(await tempFolder(context), "disk");
  await onSmallDisk(folder, async () => {
    const path = join(folder, "orket.db");
    const ballast = join(folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(300_000));
    const store = await openSqliteStore({ path, clock });
    const steps = await fill(store);
    assert.ok(steps > 5, `${steps} steps`);
    await assertKept(store, steps);
    rmSync(ballast);
    await step(store, steps + 1);
    await assertKept(store, steps + 1);
    await store.close();
    const again = await openSqliteStore({ path, clock });
    await assertKept(again, steps + 1);
    await again.close();
  });
});
