// Another process holds the database: we wait for it without stopping everything else, and say so when it takes too long.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import { newCard } from "../support/store-records.ts";
import { startStoreProcess } from "../support/store-process.ts";
import { tempFolder } from "../support/temp-folder.ts";

const clock = createSystemClock();

test("gives up with STORE_BUSY when the lock is held too long; reading goes on, and nothing was kept", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const store = await openSqliteStore({ path, clock, busyWaitMs: 300 });
  context.after(async () => store.close());
  await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
  const holder = startStoreProcess(context, "store-holder.ts", [path]);
  await holder.printed(1);
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 5);
  let began = false;
  const write = store.transaction(async ({ cards }) => {
    began = true;
    return cards.insert(newCard("A-2"));
  });
  await assert.rejects(write, { code: "STORE_BUSY" });
  clearInterval(ticking);
  assert.equal(began, false);
  assert.ok(ticks >= 3, "timers ran while it waited");
  assert.equal(await store.read(async ({ cards }) => (await cards.list({})).length), 1);
  await openSqliteStore({ path, clock, busyWaitMs: 300 }).then(async (second) => second.close());
  holder.child.kill("SIGKILL");
  await holder.ended;
  assert.equal(await store.transaction(async ({ cards }) => cards.insert(newCard("A-2"))), true);
});

test("waits for the lock and then does its work once", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const store = await openSqliteStore({ path, clock });
  context.after(async () => store.close());
  const holder = startStoreProcess(context, "store-holder.ts", [path]);
  await holder.printed(1);
  const writes = ["A-1", "A-2"].map(async (id) =>
    store.transaction(async ({ cards }) => cards.insert(newCard(id))),
  );
  await pause(200);
  holder.child.kill("SIGKILL");
  assert.deepEqual(await Promise.all(writes), [true, true]);
  assert.equal(await store.read(async ({ cards }) => (await cards.list({})).length), 2);
});
