// Several real processes on one database file: nothing is lost, doubled or torn, also when one of them is killed.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import type { Store } from "../../src/ports/store.ts";
import { newRun } from "../support/store-records.ts";
import { startStoreProcess } from "../support/store-process.ts";
import { tempFolder } from "../support/temp-folder.ts";

const clock = createSystemClock();

async function assertWhole(store: Store, transactions: number): Promise<void> {
  const state = await store.read(async ({ cards, events }) => ({
    shared: await cards.get("build-a", "SHARED"),
    cards: (await cards.list({})).length,
    lastSeq: await events.lastSeq(),
  }));
  assert.equal(state.shared?.credits, transactions - 1);
  assert.equal(state.cards, transactions + 1);
  assert.equal(state.lastSeq, transactions * 2);
  const check = await store.verifyChain();
  assert.deepEqual(
    { ...check, lastHash: "" },
    { valid: true, count: transactions * 2, lastHash: "" },
  );
}

test("R-17 two processes that write at the same time, from a database that is not there yet, lose nothing", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const writers = ["one", "two"].map((name) =>
    startStoreProcess(context, "store-writer.ts", [path, name, "300"]),
  );
  assert.deepEqual(await Promise.all(writers.map(async ({ ended }) => ended)), [0, 0]);
  const store = await openSqliteStore({ path, clock });
  context.after(async () => store.close());
  await assertWhole(store, 600);
  for (const name of ["one", "two"]) {
    const texts = await store.read(async ({ comments }) => comments.list("build-a", name, 1000));
    assert.deepEqual(
      texts.map(({ text }) => Number(text)),
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
  }
});

test("a process that is killed while it writes leaves everything it acknowledged, and no half", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const first = await openSqliteStore({ path, clock });
  let written = 0;
  for (const [round, lines] of [3, 17, 40, 71].entries()) {
    const name = `round${round}`;
    const writer = startStoreProcess(context, "store-writer.ts", [path, name, "100000"]);
    await writer.printed(lines);
    writer.child.kill("SIGKILL");
    assert.equal(await writer.ended, "SIGKILL");
    const acknowledged = writer.lines().length;
    const kept = (await first.read(async ({ comments }) => comments.list("build-a", name, 100_000)))
      .length;
    // The last one may have been committed without the word getting out.
    assert.ok(
      kept === acknowledged || kept === acknowledged + 1,
      `${kept} kept, ${acknowledged} acknowledged`,
    );
    written += kept;
    await assertWhole(first, written);
  }
  await first.close();
  const second = await openSqliteStore({ path, clock });
  context.after(async () => second.close());
  await assertWhole(second, written);
});

test("R-62 of two stores on one file that start a run on one build, one is refused and learns who has it", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const stores = await Promise.all([
    openSqliteStore({ path, clock }),
    openSqliteStore({ path, clock }),
  ]);
  context.after(async () => Promise.all(stores.map(async (store) => store.close())));
  const starts = stores.map(async (store, index) =>
    store.transaction(async ({ runs }) => runs.insert(newRun(`run-${index}`), {})),
  );
  const results = await Promise.allSettled(starts);
  const refused = results.find((result) => result.status === "rejected");
  const winner = results.findIndex(({ status }) => status === "fulfilled");
  assert.equal(refused?.reason.code, "BUILD_BUSY");
  assert.deepEqual(refused?.reason.details, { run: `run-${winner}` });
});
