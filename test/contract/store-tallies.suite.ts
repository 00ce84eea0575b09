// The store's contract on tallies: every state is named, what is there is counted, and a count is of the moment it is asked for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { APPROVAL_STATES } from "../../src/domain/approval.ts";
import { CARD_STATUSES } from "../../src/domain/card.ts";
import { DELIVERY_STATES } from "../../src/domain/delivery.ts";
import { RUN_STATUSES } from "../../src/domain/run.ts";
import { SANDBOX_STATES } from "../../src/domain/sandbox.ts";
import type { Store, Tally } from "../../src/ports/store.ts";
import { moveTo, newApproval, newCard, newRun, newTurn } from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const count = async (store: Store): Promise<Tally> =>
  store.read(async ({ tallies }) => tallies.count());

const some = (counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(counts).filter(([, number]) => number > 0));

export function testStoreTallies(openStore: OpenStoreScene): void {
  test("names every state of everything where nothing is there yet", async (context) => {
    const { store } = await openStore(context);
    const tally = await count(store);
    const words = [
      [tally.cards, CARD_STATUSES],
      [tally.runs, RUN_STATUSES],
      [tally.approvals, APPROVAL_STATES],
      [tally.sandboxes, SANDBOX_STATES],
      [tally.deliveries, DELIVERY_STATES],
    ] as const;
    for (const [counts, states] of words) {
      assert.deepEqual(Object.keys(counts).toSorted(), states.toSorted());
      assert.deepEqual(some(counts), {});
    }
    const { turns, inputTokens, outputTokens, costUsd } = tally;
    assert.deepEqual([turns, inputTokens, outputTokens, costUsd], [0, 0, 0, 0]);
  });

  test("counts cards of every build by the status they have now", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => {
      await cards.insert(newCard("A-1"));
      await cards.insert(newCard("A-2"));
      await cards.insert(newCard("A-1", { build: "build-b" }));
    });
    assert.deepEqual(some((await count(store)).cards), { ready: 3 });
    await store.transaction(async ({ cards }) =>
      cards.move({ build: "build-a", id: "A-1", version: 1 }, moveTo("ready", "in_progress")),
    );
    assert.deepEqual(some((await count(store)).cards), { ready: 2, in_progress: 1 });
  });

  test("counts runs and questions, and adds up what all runs spent", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards, runs, turns, approvals }) => {
      await cards.insert(newCard("A-1"));
      await runs.insert(newRun("run-1"), { assets: {} });
      await runs.insert(newRun("run-2", { builds: ["build-b"] }), { assets: {} });
      await turns.insert(newTurn("turn-1"), []);
      await approvals.request(newApproval("p1"));
      await runs.addUsage("run-1", { inputTokens: 30, outputTokens: 4, costUsd: 0.25 }, 2);
      await runs.addUsage("run-2", { inputTokens: 10, outputTokens: 1, costUsd: 0.5 }, 1);
    });
    const tally = await count(store);
    assert.deepEqual(some(tally.runs), { queued: 2 });
    assert.deepEqual(some(tally.approvals), { pending: 1 });
    const { turns, inputTokens, outputTokens, costUsd } = tally;
    assert.deepEqual([turns, inputTokens, outputTokens, costUsd], [3, 40, 5, 0.75]);
  });
}
