// The store's contract on cards.
import type { VerificationRun } from "../../src/domain/verdict.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CARD_STATUSES } from "../../src/domain/card.ts";
import type { Card } from "../../src/domain/card.ts";
import type { Store } from "../../src/ports/store.ts";
import { moveTo, newCard, newEvent, newRun, newStep, newTurn } from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const BUILD = "build-a";
const START = Date.parse("2025-03-01T10:00:00.000Z");

const getCard = async (store: Store, id: string): Promise<Card> => {
  const card = await store.read(async ({ cards }) => cards.get(BUILD, id));
  assert.ok(card !== null);
  return card;
};

export function testStoreCards(openStore: OpenStoreScene): void {
  testRecords(openStore);
  testMoves(openStore);
  testLists(openStore);
}

function testRecords(openStore: OpenStoreScene): void {
  test("gives a card back as it was inserted, with its first version and times", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    const { brief, ...given } = newCard("A-1", {
      status: "blocked",
      waitReason: "dependency",
      waitDetail: "waits for \u0000 A-0 ü 🦀",
      priority: 2.5,
      dependsOn: ["A-0", "A-2"],
      parent: "P",
      assignee: "ada",
      position: 4,
    });
    await store.transaction(async ({ cards }) => cards.insert({ brief, ...given }));
    assert.deepEqual(await getCard(store, "A-1"), {
      ...given,
      version: 1,
      retryCount: 0,
      cycle: 0,
      verified: false,
      orphaned: false,
      authorSeats: [],
      credits: 0,
      resolution: null,
      lastError: null,
      createdAt: "2025-03-01T10:00:00.000Z",
      updatedAt: "2025-03-01T10:00:00.000Z",
      statusSince: "2025-03-01T10:00:00.000Z",
    });
    assert.deepEqual(await store.read(async ({ cards }) => cards.brief(BUILD, "A-1")), brief);
  });

  test("gives null for what is not there", async (context) => {
    const { store } = await openStore(context);
    const found = await store.read(async ({ cards }) => [
      await cards.get(BUILD, "A-1"),
      await cards.find("A-1"),
      await cards.brief(BUILD, "A-1"),
      await cards.lastVerification(BUILD, "A-1"),
    ]);
    assert.deepEqual(found, [null, null, null, null]);
  });

  test("R-17 keeps every verification of a card, gives the newest, and writes no column of the card", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
    const before = await getCard(store, "A-1");
    const first: VerificationRun = {
      at: "2025-03-01T10:00:00.000Z",
      cycle: 0,
      workspaceDigest: "tree-1",
      total: 3,
      passed: 1,
      failed: 1,
      notExecuted: 1,
      verdict: "fail",
      logs: ["Running Scenario: one", "[FAIL] Expected 1, got 2"],
    };
    const second: VerificationRun = { ...first, cycle: 1, verdict: null, logs: [] };
    for (const run of [first, second])
      await store.transaction(async ({ cards }) => cards.addVerification(BUILD, "a-1", run));
    const last = async () => store.read(async ({ cards }) => cards.lastVerification(BUILD, "A-1"));
    assert.deepEqual(await last(), second);
    await store.transaction(async ({ cards }) =>
      cards.addVerification(BUILD, "A-1", { ...first, verdict: "pass" }),
    );
    assert.deepEqual(await last(), { ...first, verdict: "pass" });
    assert.deepEqual(await getCard(store, "A-1"), before);
    await assert.rejects(
      store.transaction(async ({ cards }) => cards.addVerification(BUILD, "none", first)),
    );
  });

  test("R-50 refuses a second card of the same id in a build, also in other letters, and keeps the first", async (context) => {
    const { store } = await openStore(context);
    const insert = (card: ReturnType<typeof newCard>) =>
      store.transaction(async ({ cards }) => cards.insert(card));
    assert.equal(await insert(newCard("Task-1", { summary: "first" })), true);
    assert.equal(await insert(newCard("Task-1", { summary: "second" })), false);
    assert.equal(await insert(newCard("tASK-1", { summary: "third" })), false);
    assert.equal(await insert(newCard("Task-1", { build: "build-b" })), true);
    const card = await getCard(store, "Task-1");
    assert.equal(card.summary, "first");
    assert.equal(card.version, 1);
  });

  test("creates a card ready or blocked and in no other status", async (context) => {
    const { store } = await openStore(context);
    for (const status of CARD_STATUSES) {
      const waitReason =
        status === "blocked" || status === "waiting_for_developer" ? "input" : null;
      const insert = store.transaction(async ({ cards }) =>
        cards.insert(newCard(status, { status, waitReason })),
      );
      if (status === "ready" || status === "blocked") assert.equal(await insert, true);
      else await assert.rejects(insert, { code: "INTERNAL" });
    }
    const blockedForNothing = newCard("A-1", { status: "blocked", waitReason: null });
    await assert.rejects(
      store.transaction(async ({ cards }) => cards.insert(blockedForNothing)),
      { code: "STORE_FAILED" },
    );
  });

  test("knows since when a card has its status, which other writes leave alone", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
    setNow(START + 1000);
    await store.transaction(async ({ cards }) =>
      cards.move({ build: BUILD, id: "A-1", version: 1 }, moveTo("ready", "in_progress")),
    );
    setNow(START + 2000);
    await store.transaction(async ({ cards }) => cards.write(BUILD, "A-1", { credits: 1 }));
    const { statusSince, updatedAt } = await getCard(store, "A-1");
    assert.deepEqual(
      [statusSince, updatedAt],
      ["2025-03-01T10:00:01.000Z", "2025-03-01T10:00:02.000Z"],
    );
  });

  test("R-17 writes only the columns that are given", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1", { assignee: "ada" })));
    const before = await getCard(store, "A-1");
    setNow(START + 1000);
    const columns = { credits: 1.5, resolution: "done so", orphaned: true, authorSeats: ["coder"] };
    await store.transaction(async ({ cards }) => cards.write(BUILD, "A-1", columns));
    assert.deepEqual(await getCard(store, "A-1"), {
      ...before,
      ...columns,
      version: 2,
      updatedAt: "2025-03-01T10:00:01.000Z",
    });
  });

  test("writes every column a caller may write, and null where it may be null", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
    const full = {
      retryCount: 2,
      cycle: 3,
      verified: true,
      orphaned: true,
      authorSeats: ["a", "b"],
      assignee: "ada",
      credits: 4,
      resolution: "so",
      lastError: "why",
      waitDetail: "what",
    };
    const empty = {
      assignee: null,
      resolution: null,
      lastError: null,
      waitDetail: null,
      verified: false,
      authorSeats: [],
    };
    for (const columns of [full, empty]) {
      await store.transaction(async ({ cards }) => cards.write(BUILD, "A-1", columns));
      const card = await getCard(store, "A-1");
      assert.deepEqual({ ...card, ...columns }, card);
    }
  });

  test("R-49 a write cannot reach the status, whatever it is given", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
    const smuggled = { credits: 1, status: "done", version: 9, id: "B" };
    await store.transaction(async ({ cards }) => cards.write(BUILD, "A-1", smuggled));
    const { status, version, credits } = await getCard(store, "A-1");
    assert.deepEqual({ status, version, credits }, { status: "ready", version: 2, credits: 1 });
  });

  test("says that a card to be written is not there", async (context) => {
    const { store } = await openStore(context);
    const { brief, ...definition } = newCard("A-1");
    await assert.rejects(
      store.transaction(async ({ cards }) => cards.write(BUILD, "A-1", { cycle: 1 })),
      { code: "CARD_UNKNOWN" },
    );
    await assert.rejects(
      store.transaction(async ({ cards }) => cards.define(BUILD, "A-1", { ...definition, brief })),
      { code: "CARD_UNKNOWN" },
    );
  });

  test("R-22 a new definition changes what the asset says and none of the card's state", async (context) => {
    const { store } = await openStore(context);
    const { brief, type, summary, priority, seat, dependsOn, retriesMax, position } =
      newCard("A-1");
    const first = { brief, type, summary, priority, seat, dependsOn, retriesMax, position };
    const define = (definition: typeof first) =>
      store.transaction(async ({ cards }) => cards.define(BUILD, "A-1", definition));
    await store.transaction(async ({ cards }) => {
      await cards.insert(newCard("A-1"));
      await cards.move({ build: BUILD, id: "A-1", version: 1 }, moveTo("ready", "in_progress"));
      await cards.write(BUILD, "A-1", { retryCount: 2, assignee: "ada", credits: 3 });
    });
    const before = await getCard(store, "A-1");
    await define(first);
    assert.deepEqual(await getCard(store, "A-1"), before);
    const second = {
      ...first,
      summary: "Other",
      priority: 4,
      dependsOn: ["A-0"],
      brief: { ...brief, note: "new" },
    };
    await define(second);
    const after = await getCard(store, "A-1");
    assert.deepEqual(after, {
      ...before,
      summary: "Other",
      priority: 4,
      dependsOn: ["A-0"],
      version: 4,
      updatedAt: after.updatedAt,
    });
    assert.equal((await store.read(async ({ cards }) => cards.brief(BUILD, "A-1")))?.note, "new");
    await define({ ...second, brief: { ...second.brief, note: "newer" } });
    assert.equal((await store.read(async ({ cards }) => cards.brief(BUILD, "A-1")))?.note, "newer");
  });
}

function testMoves(openStore: OpenStoreScene): void {
  test("moves a card, raises its version and says why it waits", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
    const before = await getCard(store, "A-1");
    const move = moveTo("ready", "blocked", {
      waitReason: "dependency",
      waitDetail: "A-0",
      cycle: 2,
      retryCount: 1,
      verified: true,
    });
    assert.equal(await store.transaction(async ({ cards }) => cards.move(before, move)), true);
    const after = await getCard(store, "A-1");
    const expected = {
      status: "blocked",
      waitReason: "dependency",
      waitDetail: "A-0",
      version: 2,
      cycle: 2,
      retryCount: 1,
      verified: true,
    };
    assert.deepEqual(after, { ...before, ...expected, updatedAt: after.updatedAt });
    assert.equal(
      await store.transaction(async ({ cards }) => cards.move(after, moveTo("blocked", "ready"))),
      true,
    );
    const { waitReason, waitDetail } = await getCard(store, "A-1");
    assert.deepEqual({ waitReason, waitDetail }, { waitReason: null, waitDetail: null });
  });

  test("R-17 moves nothing when the status or the version is no longer that", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A-1")));
    const before = await getCard(store, "A-1");
    const stale: readonly (readonly [
      Pick<Card, "build" | "id" | "version">,
      ReturnType<typeof moveTo>,
    ])[] = [
      [{ ...before, version: 0 }, moveTo("ready", "in_progress")],
      [{ ...before, version: 2 }, moveTo("ready", "in_progress")],
      [before, moveTo("in_progress", "code_review")],
      [{ ...before, id: "A-2" }, moveTo("ready", "in_progress")],
      [{ ...before, build: "build-b" }, moveTo("ready", "in_progress")],
    ];
    for (const [card, move] of stale) {
      assert.equal(await store.transaction(async ({ cards }) => cards.move(card, move)), false);
    }
    assert.deepEqual(await getCard(store, "A-1"), before);
  });

  test("forgets the author seats with done and with a restart, and with nothing else", async (context) => {
    const { store } = await openStore(context);
    const seatsAfter = async (id: string, move: ReturnType<typeof moveTo>) => {
      await store.transaction(async ({ cards }) => {
        await cards.insert(newCard(id));
        await cards.write(BUILD, id, { authorSeats: ["coder"] });
        assert.equal(await cards.move({ build: BUILD, id, version: 2 }, move), true);
      });
      return (await getCard(store, id)).authorSeats;
    };
    assert.deepEqual(await seatsAfter("A-1", moveTo("ready", "in_progress")), ["coder"]);
    assert.deepEqual(await seatsAfter("A-2", moveTo("ready", "canceled")), ["coder"]);
    assert.deepEqual(await seatsAfter("A-3", moveTo("ready", "done")), []);
    assert.deepEqual(
      await seatsAfter("A-4", moveTo("ready", "in_progress", { cause: "restart" })),
      [],
    );
  });

  test("R-17 of movers that saw the same card exactly one wins, whatever they do and in whatever order", async (context) => {
    const { store } = await openStore(context);
    let count = 0;
    const mover = fc.record({
      to: fc.constantFrom("in_progress", "blocked", "canceled", "done" as const),
      late: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(mover, { minLength: 1, maxLength: 6 }),
        fc.scheduler(),
        async (movers, scheduler) => {
          const id = `M-${(count += 1)}`;
          await store.transaction(async ({ cards }) => cards.insert(newCard(id)));
          const seen = await getCard(store, id);
          const moves = movers.map(async ({ to, late }) => {
            if (late) await scheduler.schedule(Promise.resolve());
            return store.transaction(async ({ cards, events }) => {
              const moved = await cards.move(seen, moveTo("ready", to));
              if (moved) await events.append([newEvent({ card: id, data: { to } })]);
              return moved ? to : null;
            });
          });
          await scheduler.waitAll();
          const winners = (await Promise.all(moves)).filter((to) => to !== null);
          const after = await getCard(store, id);
          assert.equal(winners.length, 1);
          assert.equal(after.status, winners[0]);
          assert.equal(after.version, 2);
          const log = await store.read(async ({ events }) => events.list({ card: id, limit: 10 }));
          assert.deepEqual(
            log.map(({ data }) => data["to"]),
            winners,
          );
        },
      ),
      { numRuns: 40 },
    );
  });
}

function testLists(openStore: OpenStoreScene): void {
  test("lists cards by creation and then by position, filtered and limited", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    await store.transaction(async ({ cards }) => {
      await cards.insert(newCard("C", { position: 2 }));
      await cards.insert(newCard("B", { position: 1, status: "blocked", waitReason: "resource" }));
      await cards.insert(newCard("E", { kind: "epic", type: "epic", epic: null, seat: null }));
      await cards.insert(newCard("X", { build: "build-b", epic: "x" }));
    });
    setNow(START + 5);
    await store.transaction(async ({ cards }) => cards.insert(newCard("A")));
    type Filter = Parameters<Parameters<Parameters<Store["read"]>[0]>[0]["cards"]["list"]>[0];
    const ids = (filter: Filter) =>
      store.read(async ({ cards }) => (await cards.list(filter)).map(({ id }) => id).join(" "));
    assert.equal(await ids({}), "E X B C A");
    assert.equal(await ids({ build: BUILD }), "E B C A");
    assert.equal(await ids({ build: BUILD, statuses: ["blocked", "done"] }), "B");
    assert.equal(await ids({ build: BUILD, statuses: [] }), "");
    assert.equal(await ids({ epic: "a", kind: "issue" }), "B C A");
    assert.equal(await ids({ kind: "epic" }), "E");
    assert.equal(await ids({ ids: ["a", "X", "nobody"] }), "X A");
    assert.equal(await ids({ ids: [] }), "");
    assert.equal(await ids({ build: BUILD, limit: 2 }), "E B");
    assert.equal(await ids({ limit: 0 }), "");
    const many = ["A", ...Array.from({ length: 1800 }, (_, index) => `none-${index}`), "C", "B"];
    assert.equal(await ids({ ids: many }), "B C A");
    assert.equal(await ids({ ids: many, limit: 1 }), "B");
  });

  test("gives cards in parts, in the order they were stored, and each exactly once", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards }) => {
      await cards.insert(newCard("C", { position: 2 }));
      await cards.insert(newCard("B", { position: 1, status: "blocked", waitReason: "resource" }));
      await cards.insert(newCard("E", { kind: "epic", type: "epic", epic: null, seat: null }));
      await cards.insert(newCard("C", { build: "build-b", epic: "x" }));
    });
    type Page = Parameters<Parameters<Store["read"]>[0]>[0]["cards"]["page"];
    const ids = (...[filter, after]: Parameters<Page>) =>
      store.read(async ({ cards }) =>
        (await cards.page(filter, after)).map(({ build, id }) => `${build}/${id}`).join(" "),
      );
    const all = "build-a/C build-a/B build-a/E build-b/C";
    assert.equal(await ids({ limit: 10 }, null), all);
    assert.equal(await ids({ limit: 2 }, null), "build-a/C build-a/B");
    assert.equal(await ids({ limit: 2 }, { build: BUILD, id: "b" }), "build-a/E build-b/C");
    assert.equal(await ids({ limit: 9, kind: "issue" }, { build: BUILD, id: "B" }), "build-b/C");
    assert.equal(await ids({ limit: 9, build: BUILD, statuses: ["blocked"] }, null), "build-a/B");
    assert.equal(await ids({ limit: 9, epic: "x" }, null), "build-b/C");
    assert.equal(await ids({ limit: 9 }, { build: "build-b", id: "C" }), "");
    assert.equal(await ids({ limit: 9 }, { build: BUILD, id: "nobody" }), "");
  });

  test("finds a card by its id alone in the build with the newest run, without regard to case", async (context) => {
    const { store } = await openStore(context);
    const find = (id: string) =>
      store.read(async ({ cards }) => (await cards.find(id))?.build ?? null);
    await store.transaction(async ({ cards, runs }) => {
      for (const build of ["b1", "b2", "b3"]) await cards.insert(newCard("Task-1", { build }));
      await runs.insert(newRun("run-1", { builds: ["b3"], status: "done" }), {});
      await runs.insert(newRun("run-2", { builds: ["b1", "b2"], status: "done" }), {});
      await runs.insert(newRun("run-3", { builds: ["b1"], status: "done" }), {});
    });
    assert.equal(await find("Task-1"), "b1");
    assert.equal(await find("tASK-1"), "b1");
    assert.equal(await find("Task-2"), null);
    await store.transaction(async ({ runs }) =>
      runs.insert(newRun("run-4", { builds: ["b3"] }), {}),
    );
    assert.equal(await find("TASK-1"), "b3");
  });

  test("knows which cards of a build were written after an event, by whatever write", async (context) => {
    const { store } = await openStore(context);
    const changed = (seq: number) =>
      store.read(async ({ cards }) =>
        (await cards.changedSince(BUILD, seq))
          .map(({ id }) => id)
          .sort()
          .join(" "),
      );
    const lastSeq = () => store.read(async ({ events }) => events.lastSeq());
    await store.transaction(async ({ cards, runs, turns, events }) => {
      for (const id of ["A", "B", "C", "D"]) await cards.insert(newCard(id));
      await cards.insert(newCard("X", { build: "build-b" }));
      await runs.insert(newRun("run-1"), {});
      await turns.insert(newTurn("turn-1", { card: "D" }), []);
      await events.append([newEvent(), newEvent()]);
    });
    assert.equal(await changed(0), "A B C D");
    assert.equal(await changed(await lastSeq()), "");
    const seen = await lastSeq();
    // The event comes after the write, or before it, or not at all: the reader learns of the card in any case.
    await store.transaction(async ({ cards, events }) => {
      await cards.move({ build: BUILD, id: "A", version: 1 }, moveTo("ready", "in_progress"));
      await events.append([newEvent()]);
    });
    await store.transaction(async ({ cards, events }) => {
      await events.append([newEvent(), newEvent()]);
      await cards.write(BUILD, "B", { cycle: 1 });
    });
    assert.equal(await changed(seen), "A B");
    await store.transaction(async ({ turns }) => turns.addWrite("turn-1", "d.py"));
    const { brief, ...card } = newCard("C", { summary: "New" });
    await store.transaction(async ({ cards }) => cards.define(BUILD, "C", { ...card, brief }));
    assert.equal(await changed(seen), "A B C D");
    assert.equal(await changed(await lastSeq()), "B C D");
    await store.transaction(async ({ events }) => events.append([newEvent()]));
    assert.equal(await changed(await lastSeq()), "");
  });

  test("a step of a turn does not change its card", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ cards, runs, turns }) => {
      await cards.insert(newCard("A-1"));
      await runs.insert(newRun("run-1"), {});
      await turns.insert(newTurn("turn-1"), []);
      await turns.addStep("turn-1", newStep(1));
    });
    assert.equal((await getCard(store, "A-1")).version, 1);
  });
}
