// What every store must do, line by line of the contract in src/ports/store.ts: transactions, reads, fences. The tables
// have suites of their own beside this one.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { setImmediate as nextTick } from "node:timers/promises";
import { refuse } from "../../src/domain/result.ts";
import type { Store, StoreTransaction } from "../../src/ports/store.ts";
import { moveTo, newCard, newEvent, newMemory, newRun, newTurn } from "../support/store-records.ts";
import { testStoreApprovals } from "./store-approvals.suite.ts";
import { testStoreCards } from "./store-cards.suite.ts";
import { testStoreComments } from "./store-comments.suite.ts";
import { testStoreDeliveries } from "./store-deliveries.suite.ts";
import { testStoreEvents } from "./store-events.suite.ts";
import { testStoreKeys } from "./store-keys.suite.ts";
import { testStoreMemories } from "./store-memories.suite.ts";
import { testStorePhases } from "./store-phases.suite.ts";
import { testStorePublished } from "./store-published.suite.ts";
import { testStorePullRequests } from "./store-pull-requests.suite.ts";
import { testStoreRuns } from "./store-runs.suite.ts";
import { testStoreSandboxes } from "./store-sandboxes.suite.ts";
import { testStoreCopies } from "./store-copies.suite.ts";
import { testStoreTallies } from "./store-tallies.suite.ts";
import { testStoreTurns } from "./store-turns.suite.ts";

/** `setNow` moves the clock the store was opened with. The store is closed after the test by whoever opened it. */
export type StoreScene = { readonly store: Store; readonly setNow: (nowMs: number) => void };
export type OpenStoreScene = (context: TestContext) => Promise<StoreScene>;

export function testStore(name: string, openStore: OpenStoreScene): void {
  describe(`${name} store`, () => {
    testTransactions(openStore);
    testQueue(openStore);
    testFences(openStore);
    testStoreCards(openStore);
    testStoreComments(openStore);
    testStoreRuns(openStore);
    testStoreTurns(openStore);
    testStoreMemories(openStore);
    testStorePhases(openStore);
    testStoreApprovals(openStore);
    testStoreSandboxes(openStore);
    testStoreKeys(openStore);
    testStoreCopies(openStore);
    testStoreDeliveries(openStore);
    testStorePublished(openStore);
    testStorePullRequests(openStore);
    testStoreEvents(openStore);
    testStoreTallies(openStore);
  });
}

const writeEverything = async (transaction: StoreTransaction) => {
  const { cards, comments, runs, turns, memories, events } = transaction;
  await cards.insert(newCard("A-1"));
  await comments.add({ build: "build-a", card: "A-1", author: "engine", text: "x", turn: null });
  await runs.insert(newRun("run-1"), { assets: {} });
  await turns.insert(newTurn("turn-1"), []);
  await memories.add(newMemory("x"));
  await events.append([newEvent()]);
};

const nothingThere = (store: Store): Promise<boolean> =>
  store.read(async ({ cards, comments, runs, turns, memories, events }) => {
    const found = [
      await cards.get("build-a", "A-1"),
      await cards.brief("build-a", "A-1"),
      await runs.get("run-1"),
      await runs.activeOn(["build-a"]),
      await turns.get("turn-1"),
      (await comments.list("build-a", "A-1", 10))[0] ?? null,
      (await memories.find(new Set(), 10))[0] ?? null,
      (await events.list({ limit: 10 }))[0] ?? null,
    ];
    return found.every((one) => one === null) && (await events.lastSeq()) === 0;
  });

function testTransactions(openStore: OpenStoreScene): void {
  test("keeps everything a transaction wrote, in all tables", async (context) => {
    const { store } = await openStore(context);
    assert.equal(
      await store.transaction(async (transaction) => writeEverything(transaction).then(() => 7)),
      7,
    );
    assert.equal(await nothingThere(store), false);
  });

  test("keeps nothing when the work throws, and passes on what it threw", async (context) => {
    const { store } = await openStore(context);
    const thrown = new TypeError("a bug");
    const work = store.transaction(async (transaction) => {
      await writeEverything(transaction);
      throw thrown;
    });
    await assert.rejects(work, (error) => error === thrown);
    assert.equal(await nothingThere(store), true);
    await store.transaction(writeEverything);
    assert.equal(await nothingThere(store), false);
  });

  test("keeps nothing when the work returns a refusal, and gives the refusal back", async (context) => {
    const { store } = await openStore(context);
    const refusal = refuse("CARD_CHANGED", "changed", { card: "A-1" });
    const answer = await store.transaction(async (transaction) => {
      await writeEverything(transaction);
      return refusal;
    });
    assert.equal(answer, refusal);
    assert.equal(await nothingThere(store), true);
  });

  test("keeps what a transaction wrote whose answer only looks a little like a refusal", async (context) => {
    const { store } = await openStore(context);
    for (const [index, answer] of [
      null,
      undefined,
      false,
      { ok: true },
      { ok: 0 },
      "no",
      [],
    ].entries()) {
      await store.transaction(async ({ cards }) => {
        await cards.insert(newCard(`A-${index}`));
        return answer;
      });
    }
    assert.equal(await store.read(async ({ cards }) => (await cards.list({})).length), 7);
  });

  test("sees its own writes within a transaction", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards, events }) => {
      await cards.insert(newCard("A-1"));
      assert.equal((await cards.get("build-a", "A-1"))?.status, "ready");
      await events.append([newEvent()]);
      await events.append([newEvent()]);
      assert.equal(await events.lastSeq(), 2);
    });
  });

  test("refuses every write within a read, and nothing of it is kept", async (context) => {
    const { store } = await openStore(context);
    const writes: readonly ((transaction: StoreTransaction) => Promise<unknown>)[] = [
      ({ cards }) => cards.insert(newCard("A-1")),
      ({ cards }) => cards.write("build-a", "A-1", { cycle: 3 }),
      ({ cards }) =>
        cards.move({ build: "build-a", id: "A-1", version: 1 }, moveTo("ready", "done")),
      ({ comments }) =>
        comments.add({ build: "b", card: "c", author: "engine", text: "x", turn: null }),
      ({ runs }) => runs.insert(newRun("run-1"), {}),
      ({ runs }) => runs.claim("run-1", "me", 0, 1),
      ({ runs }) =>
        runs.saveBuild({
          id: "b",
          epic: "e",
          department: "core",
          rock: null,
          workspaceDigest: null,
        }),
      ({ turns }) => turns.beginCall("turn-1", 1, "c", null),
      ({ memories }) => memories.add(newMemory("x")),
      ({ events }) => events.append([newEvent()]),
    ];
    for (const write of writes) await assert.rejects(store.read(write), { code: "INTERNAL" });
    assert.equal(await nothingThere(store), true);
  });

  test("does not work any more once it is over", async (context) => {
    const { store } = await openStore(context);
    const kept = await store.transaction(async (transaction) => transaction);
    await assert.rejects(kept.cards.insert(newCard("A-1")), { code: "INTERNAL" });
    await assert.rejects(kept.events.lastSeq(), { code: "INTERNAL" });
    assert.equal(await nothingThere(store), true);
  });

  test("does not write what the work left behind without waiting for it", async (context) => {
    const { store } = await openStore(context);
    let late: Promise<unknown> = Promise.resolve();
    await store.transaction(async ({ cards }) => {
      late = nextTick().then(() => cards.insert(newCard("A-1")));
      late.catch(() => undefined);
    });
    await assert.rejects(late, { code: "INTERNAL" });
    assert.equal(await nothingThere(store), true);
  });

  test("keeps nothing when a statement failed and the work went on as if nothing had been", async (context) => {
    const { store } = await openStore(context);
    const work = store.transaction(async ({ cards, turns }) => {
      await cards.insert(newCard("A-1"));
      await turns.insert(newTurn("turn-1", { run: "no such run" }), []).catch(() => undefined);
      await cards.insert(newCard("A-2")).catch(() => undefined);
    });
    await assert.rejects(work, { code: "STORE_FAILED" });
    assert.equal(await nothingThere(store), true);
  });
}

function testQueue(openStore: OpenStoreScene): void {
  test("runs transactions that are asked for at once one after another", async (context) => {
    const { store } = await openStore(context);
    const order: string[] = [];
    const work = (name: string) =>
      store.transaction(async ({ cards }) => {
        order.push(`${name} begins`);
        await cards.insert(newCard(name));
        await nextTick();
        order.push(`${name} ends`);
      });
    await Promise.all([work("A"), work("B"), work("C")]);
    assert.deepEqual(order, ["A begins", "A ends", "B begins", "B ends", "C begins", "C ends"]);
  });

  test("loses no update of many transactions at once, and leaves no gap in the log", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
    const addOne = () =>
      store.transaction(async ({ cards, events }) => {
        const card = await cards.get("build-a", "A-1");
        await nextTick();
        await cards.write("build-a", "A-1", { credits: (card?.credits ?? 0) + 1 });
        await events.append([newEvent(), newEvent()]);
      });
    await Promise.all(Array.from({ length: 100 }, addOne));
    const card = await store.read(async ({ cards }) => cards.get("build-a", "A-1"));
    assert.equal(card?.credits, 100);
    assert.equal(card?.version, 101);
    const seqs = await store.read(async ({ events }) =>
      (await events.list({ limit: 1000 })).map(({ seq }) => seq),
    );
    assert.deepEqual(
      seqs,
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    assert.equal((await store.verifyChain()).valid, true);
  });

  test("goes on after a transaction that failed", async (context) => {
    const { store } = await openStore(context);
    const results = await Promise.allSettled([
      store.transaction(async ({ cards }) => cards.insert(newCard("A-1"))),
      store.transaction(async () => Promise.reject(new Error("a bug"))),
      store.transaction(async ({ cards }) => cards.insert(newCard("A-2"))),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.equal(await store.read(async ({ cards }) => (await cards.list({})).length), 2);
  });

  test("refuses a transaction or a read inside another, also after a wait and from a helper", async (context) => {
    const { store } = await openStore(context);
    const attempts: readonly ((inner: () => Promise<unknown>) => Promise<unknown>)[] = [
      (inner) => store.transaction(inner),
      (inner) => store.read(inner),
    ];
    for (const attempt of attempts) {
      for (const inner of attempts) {
        const nested = attempt(async () => {
          await nextTick();
          return Promise.all([inner(async () => 1), nextTick()]);
        });
        await assert.rejects(nested, { code: "INTERNAL" });
      }
    }
    await assert.rejects(
      store.transaction(async () => store.verifyChain()),
      { code: "INTERNAL" },
    );
    assert.equal(await store.transaction(async () => 1), 1);
  });

  test("lets what was begun within a transaction open one of its own after its end", async (context) => {
    const { store } = await openStore(context);
    let late: Promise<number> = Promise.resolve(0);
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    await store.transaction(async () => {
      late = over.then(() => store.transaction(async () => 5));
    });
    end();
    assert.equal(await late, 5);
  });

  test("finishes what was asked for before the close, and refuses what comes after", async (context) => {
    const { store } = await openStore(context);
    const asked = store.transaction(async ({ cards }) => {
      await nextTick();
      return cards.insert(newCard("A-1"));
    });
    const closing = store.close();
    await assert.rejects(
      store.read(async () => 1),
      { code: "STORE_FAILED" },
    );
    assert.equal(await asked, true);
    await closing;
    await store.close();
  });
}

function testFences(openStore: OpenStoreScene): void {
  test("R-79 refuses a transaction that carries an older epoch, before its work begins", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ runs }) => runs.insert(newRun("run-1"), {}));
    const first = await store.transaction(async ({ runs }) =>
      runs.claim("run-1", "one", 1000, 2000),
    );
    assert.equal(first, 1);
    const fence = { run: "run-1", epoch: 1 };
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")), fence);
    const second = await store.transaction(async ({ runs }) =>
      runs.claim("run-1", "two", 2001, 3000),
    );
    assert.equal(second, 2);
    let began = false;
    const late = store.transaction(async ({ cards }) => {
      began = true;
      await cards.insert(newCard("A-2"));
    }, fence);
    await assert.rejects(late, { code: "RUN_LOST" });
    assert.equal(began, false);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-3")), {
      run: "run-1",
      epoch: 2,
    });
    const ids = await store.read(async ({ cards }) => (await cards.list({})).map(({ id }) => id));
    assert.deepEqual(ids, ["A-1", "A-3"]);
  });

  test("refuses a transaction of an owner that gave the run back", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ runs }) => runs.insert(newRun("run-1"), {}));
    await store.transaction(async ({ runs }) => runs.claim("run-1", "one", 1000, 2000));
    const fence = { run: "run-1", epoch: 1 };
    await store.transaction(async ({ runs }) => runs.release("run-1", 1), fence);
    const late = store.transaction(async ({ cards }) => cards.insert(newCard("A-1")), fence);
    await assert.rejects(late, { code: "RUN_LOST" });
  });

  test("refuses a fence for a run that does not exist", async (context) => {
    const { store } = await openStore(context);
    await assert.rejects(
      store.transaction(async () => 1, { run: "run-9", epoch: 1 }),
      { code: "RUN_UNKNOWN" },
    );
  });
}
