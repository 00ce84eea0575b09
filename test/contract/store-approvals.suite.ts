// The store's contract on approvals: asked once, answered once, and the answer taken once.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApprovalFilter, Store } from "../../src/ports/store.ts";
import {
  newApproval,
  newCard,
  newPlanApproval,
  newRun,
  newTurn,
} from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const AT = "2025-03-01T11:00:00.000Z";
const LATER = "2025-03-01T12:00:00.000Z";
const ALLOWED = { state: "allowed", by: "human:me", reason: "fine", at: AT } as const;
const DENIED = { state: "denied", by: "human:you", reason: null, at: LATER } as const;

async function openTurns(
  context: Parameters<OpenStoreScene>[0],
  openStore: OpenStoreScene,
): Promise<Store> {
  const { store } = await openStore(context);
  await store.transaction(async ({ cards, runs, turns }) => {
    await cards.insert(newCard("A-1"));
    await runs.insert(newRun("run-1"), {});
    await runs.insert(newRun("run-2", { builds: ["build-b"] }), {});
    await turns.insert(newTurn("turn-1"), []);
    await turns.insert(newTurn("turn-2", { number: 2 }), []);
  });
  return store;
}

const ids = (store: Store, filter: Omit<ApprovalFilter, "limit"> & { limit?: number }) =>
  store.read(async ({ approvals }) =>
    (await approvals.list({ limit: 100, ...filter })).map(({ id }) => id).join(" "),
  );

export function testStoreApprovals(openStore: OpenStoreScene): void {
  testQuestions(openStore);
  testAnswers(openStore);
}

function testQuestions(openStore: OpenStoreScene): void {
  test("gives an approval of a call and one of a plan back as they were asked for", async (context) => {
    const store = await openTurns(context, openStore);
    const call = newApproval("approval-1", { arguments: { path: "ä \u0000 🦀", deep: [1, null] } });
    const plan = newPlanApproval("approval-2");
    await store.transaction(async ({ approvals }) => {
      await approvals.request(call);
      await approvals.request(plan);
    });
    const open = {
      state: "pending",
      decidedAt: null,
      decidedBy: null,
      decisionReason: null,
      usedAt: null,
    };
    const found = await store.read(async ({ approvals }) => [
      await approvals.get("approval-1"),
      await approvals.get("approval-2"),
      await approvals.get("approval-3"),
    ]);
    assert.deepEqual(found, [{ ...call, ...open }, { ...plan, ...open }, null]);
  });

  test("lists approvals oldest first, by kind, state, run and turn", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ approvals }) => {
      await approvals.request(newApproval("p1"));
      await approvals.request(newApproval("p2", { turn: "turn-2" }));
      await approvals.request(newApproval("p3", { run: "run-2", call: "call-1-2" }));
      await approvals.request(newPlanApproval("p4"));
      await approvals.decide("p2", ALLOWED);
      await approvals.decide("p4", DENIED);
    });
    assert.equal(await ids(store, {}), "p1 p2 p3 p4");
    assert.equal(await ids(store, { limit: 2 }), "p1 p2");
    assert.equal(await ids(store, { kind: "plan" }), "p4");
    assert.equal(await ids(store, { states: ["pending"] }), "p1 p3");
    assert.equal(await ids(store, { states: ["allowed", "denied"] }), "p2 p4");
    assert.equal(await ids(store, { run: "run-1", states: ["pending"] }), "p1");
    assert.equal(await ids(store, { turn: "turn-2" }), "p2");
    assert.equal(await ids(store, { turn: "none" }), "");
    assert.equal(await ids(store, { states: [] }), "");
  });

  test("asks once for one call with the same arguments; other arguments are another question", async (context) => {
    const store = await openTurns(context, openStore);
    const ask = (id: string, more = {}) =>
      store.transaction(async ({ approvals }) => approvals.request(newApproval(id, more)));
    await ask("p1");
    await assert.rejects(ask("p2"), { code: "STORE_FAILED" });
    await assert.rejects(ask("p1", { call: "call-1-2" }), { code: "STORE_FAILED" });
    await ask("p2", { argsHash: "b".repeat(64) });
    await ask("p3", { call: "call-1-2" });
    assert.equal(await ids(store, { turn: "turn-1" }), "p1 p2 p3");
  });

  test("refuses a question about a call of a turn or run that is not stored", async (context) => {
    const store = await openTurns(context, openStore);
    for (const more of [{ turn: "turn-9" }, { run: "run-9" }, { turn: null }, { call: null }]) {
      const work = store.transaction(async ({ approvals }) =>
        approvals.request(newApproval("p1", more)),
      );
      await assert.rejects(work, { code: "STORE_FAILED" });
    }
    assert.equal(await ids(store, {}), "");
  });
}

function testAnswers(openStore: OpenStoreScene): void {
  test("keeps the first decision whole: a second one of any kind changes nothing", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ approvals }) => approvals.request(newApproval("p1")));
    const decide = (decision: typeof ALLOWED | typeof DENIED) =>
      store.transaction(async ({ approvals }) => [await approvals.decide("p1", decision)]);
    const answers = await Promise.all([decide(ALLOWED), decide(DENIED), decide(ALLOWED)]);
    assert.deepEqual(answers, [[true], [false], [false]]);
    const found = await store.read(async ({ approvals }) => approvals.get("p1"));
    assert.deepEqual(
      [found?.state, found?.decidedBy, found?.decisionReason, found?.decidedAt],
      ["allowed", "human:me", "fine", AT],
    );
    const unknown = await store.transaction(async ({ approvals }) => [
      await approvals.decide("p9", ALLOWED),
    ]);
    assert.deepEqual(unknown, [false]);
  });

  test("gives an answer out once, and none before there is one", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ approvals }) => {
      await approvals.request(newApproval("p1"));
      assert.equal(await approvals.use("p1", AT), false);
      await approvals.decide("p1", ALLOWED);
      assert.equal(await approvals.use("p1", AT), true);
      assert.equal(await approvals.use("p1", LATER), false);
      assert.equal(await approvals.use("p9", AT), false);
    });
    const found = await store.read(async ({ approvals }) => approvals.get("p1"));
    assert.equal(found?.usedAt, AT);
  });

  test("forgets a decision with the transaction that failed", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ approvals }) => approvals.request(newApproval("p1")));
    const work = store.transaction(async ({ approvals }) => {
      await approvals.decide("p1", ALLOWED);
      await approvals.use("p1", AT);
      throw new TypeError("a bug");
    });
    await assert.rejects(work, TypeError);
    assert.equal(await ids(store, { states: ["pending"] }), "p1");
  });
}
