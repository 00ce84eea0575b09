// The store's contract on turns, their journal and the files they write.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatMessage, ToolCall } from "../../src/domain/turn.ts";
import type { Store, TurnFilter } from "../../src/ports/store.ts";
import {
  moveTo,
  newApproval,
  newCard,
  newRun,
  newStep,
  newTurn,
} from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const AT = "2025-03-01T11:00:00.000Z";
const BUILD = "build-a";

const PROMPT: readonly ChatMessage[] = [
  { role: "system", content: "You are the coder." },
  { role: "user", content: "Do it \u0000 🦀" },
  {
    role: "assistant",
    content: "",
    calls: [{ id: "c1", tool: "read_file", args: { path: "a.py" } }],
  },
  { role: "tool", callId: "c1", tool: "read_file", content: '{"ok":true}' },
];

const call = (id: string, args: ToolCall["args"] = {}): ToolCall => ({
  id,
  tool: "write_file",
  args,
});

const turnIds = (store: Store, filter: TurnFilter): Promise<string> =>
  store.read(async ({ turns }) => (await turns.list(filter)).map(({ id }) => id).join(" "));

async function openTurns(
  context: Parameters<OpenStoreScene>[0],
  openStore: OpenStoreScene,
): Promise<Store> {
  const { store } = await openStore(context);
  await store.transaction(async ({ cards, runs }) => {
    await cards.insert(newCard("A-1"));
    await cards.insert(newCard("A-2"));
    await runs.insert(newRun("run-1", { status: "done" }), {});
    await runs.insert(newRun("run-2", { builds: [BUILD, "build-b"] }), {});
  });
  return store;
}

export function testStoreTurns(openStore: OpenStoreScene): void {
  testTurnRecords(openStore);
  testJournal(openStore);
  testFiles(openStore);
  testCounts(openStore);
}

function testTurnRecords(openStore: OpenStoreScene): void {
  test("gives a turn and its prompt back as they were inserted", async (context) => {
    const store = await openTurns(context, openStore);
    const turn = newTurn("turn-1", { kind: "review", cycle: 2 });
    await store.transaction(async ({ turns }) => turns.insert(turn, PROMPT));
    const found = await store.read(async ({ turns }) => [
      await turns.get("turn-1"),
      await turns.prompt("turn-1"),
    ]);
    const usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
    assert.deepEqual(found, [
      { ...turn, usage, commit: null, outcome: null, endedAt: null },
      PROMPT,
    ]);
    const nothing = await store.read(async ({ turns }) => [
      await turns.get("x"),
      await turns.prompt("x"),
      await turns.steps("x"),
      await turns.filesOf(BUILD, "x", 10),
    ]);
    assert.deepEqual(nothing, [null, [], [], []]);
  });

  test("refuses a second turn of the same number on a card", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ turns }) => turns.insert(newTurn("turn-1"), []));
    await assert.rejects(
      store.transaction(async ({ turns }) => turns.insert(newTurn("turn-2"), [])),
      { code: "STORE_FAILED" },
    );
    await store.transaction(async ({ turns }) =>
      turns.insert(newTurn("turn-2", { number: 2 }), []),
    );
  });

  test("lists the newest turns, oldest first, by run, build, card and status", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ turns }) => {
      const at = (second: number) => ({ startedAt: `2025-03-01T10:00:0${second}.000Z` });
      await turns.insert(newTurn("t1", at(1)), []);
      await turns.insert(newTurn("t2", { ...at(2), run: "run-2", number: 2 }), []);
      await turns.insert(newTurn("t3", { ...at(3), run: "run-2", card: "A-2" }), []);
      await turns.insert(newTurn("t4", { ...at(4), run: "run-2", build: "build-b" }), []);
      await turns.insert(newTurn("t5", { ...at(4), run: "run-2", number: 3 }), []);
      await turns.finish("t1", { status: "committed", outcome: "ok", commit: null, at: AT });
    });
    assert.equal(await turnIds(store, { limit: 10 }), "t1 t2 t3 t4 t5");
    assert.equal(await turnIds(store, { limit: 2 }), "t4 t5");
    assert.equal(await turnIds(store, { run: "run-2", limit: 10 }), "t2 t3 t4 t5");
    assert.equal(await turnIds(store, { run: "run-2", build: BUILD, limit: 10 }), "t2 t3 t5");
    assert.equal(await turnIds(store, { build: BUILD, card: "A-1", limit: 10 }), "t1 t2 t5");
    assert.equal(await turnIds(store, { build: BUILD, card: "A-1", limit: 2 }), "t2 t5");
    assert.equal(await turnIds(store, { statuses: ["committed", "failed"], limit: 10 }), "t1");
    assert.equal(await turnIds(store, { run: "run-1", statuses: ["live"], limit: 10 }), "");
    assert.equal(await turnIds(store, { run: "none", limit: 10 }), "");
  });

  test("finishes a turn once: the same end again changes nothing, another is refused", async (context) => {
    const store = await openTurns(context, openStore);
    const finish = (outcome: string, status: "committed" | "dropped", id = "turn-1") =>
      store.transaction(async ({ turns }) =>
        turns.finish(id, { status, outcome, commit: "c0ffee", at: AT }),
      );
    await store.transaction(async ({ turns }) => turns.insert(newTurn("turn-1"), []));
    await finish("first", "committed");
    await finish("second", "committed");
    await assert.rejects(finish("third", "dropped"), { code: "INTERNAL" });
    await assert.rejects(finish("x", "dropped", "turn-9"), { code: "INTERNAL" });
    const turn = await store.read(async ({ turns }) => turns.get("turn-1"));
    assert.deepEqual(
      [turn?.status, turn?.outcome, turn?.commit, turn?.endedAt],
      ["committed", "first", "c0ffee", AT],
    );
  });
}

function testJournal(openStore: OpenStoreScene): void {
  test("keeps each step with its calls, and results in the order of the calls", async (context) => {
    const store = await openTurns(context, openStore);
    const effect = { path: "src/a.ts", before: null, after: "abc" };
    const calls = [
      call("z"),
      call("a", { $malformed: "not JSON" }),
      call("m", { path: "x", deep: { list: [1] } }),
    ];
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("turn-1"), []);
      await turns.addStep("turn-1", newStep(1, { calls }));
      await turns.addStep("turn-1", newStep(2));
      await turns.beginCall("turn-1", 1, "a", null);
      await turns.finishCall("turn-1", 1, "a", { ok: false, error: "no", code: "not_found" });
      await turns.beginCall("turn-1", 1, "z", effect);
      await turns.finishCall("turn-1", 1, "m", { ok: true, lines: 3 });
    });
    assert.deepEqual(await store.read(async ({ turns }) => turns.steps("turn-1")), [
      {
        ...newStep(1, { calls }),
        results: [
          { callId: "z", begun: true, effect, result: null },
          {
            callId: "a",
            begun: true,
            effect: null,
            result: { ok: false, error: "no", code: "not_found" },
          },
          { callId: "m", begun: false, effect: null, result: { ok: true, lines: 3 } },
        ],
      },
      { ...newStep(2), results: [] },
    ]);
  });

  test("lets the first result of a call stand", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("turn-1"), []);
      await turns.addStep("turn-1", newStep(1, { calls: [call("a")] }));
      await turns.beginCall("turn-1", 1, "a", null);
      await turns.beginCall("turn-1", 1, "a", null);
      await turns.finishCall("turn-1", 1, "a", { ok: true, first: true });
      await turns.finishCall("turn-1", 1, "a", { ok: true, first: false });
      await turns.beginCall("turn-1", 1, "a", null);
    });
    const [step] = await store.read(async ({ turns }) => turns.steps("turn-1"));
    assert.deepEqual(step?.results, [
      { callId: "a", begun: true, effect: null, result: { ok: true, first: true } },
    ]);
  });

  test("refuses a step of no turn, a second step of the same number, and a call of no step", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("turn-1"), []);
      await turns.addStep("turn-1", newStep(1));
    });
    const failed = { code: "STORE_FAILED" };
    await assert.rejects(
      store.transaction(async ({ turns }) => turns.addStep("turn-9", newStep(1))),
      failed,
    );
    await assert.rejects(
      store.transaction(async ({ turns }) => turns.addStep("turn-1", newStep(1))),
      failed,
    );
    await assert.rejects(
      store.transaction(async ({ turns }) => turns.beginCall("turn-1", 2, "a", null)),
      failed,
    );
  });

  test("a card has spent what all its turns in the build spent", async (context) => {
    const store = await openTurns(context, openStore);
    const endedAt = (seconds: number) => new Date(Date.parse(AT) + seconds * 1000).toISOString();
    await store.transaction(async ({ turns }) => {
      for (const [id, number] of [
        ["turn-1", 1],
        ["turn-2", 2],
        ["turn-3", 3],
      ] as const) {
        await turns.insert(newTurn(id, { number, startedAt: AT }), []);
        await turns.addStep(id, newStep(1));
        if (number === 3) continue;
        const finish = {
          status: "failed",
          outcome: "x",
          commit: null,
          at: endedAt(number),
        } as const;
        await turns.finish(id, finish);
      }
    });
    // A question of each turn: one answered after half a second, one still open.
    await store.transaction(async ({ approvals }) => {
      for (const turn of ["turn-2", "turn-3"])
        await approvals.request(newApproval(`of-${turn}`, { turn, requestedAt: AT }));
      const answer = { state: "allowed", by: "human:me", reason: null, at: AT } as const;
      await approvals.decide("of-turn-2", answer);
      await approvals.use("of-turn-2", endedAt(0.5));
    });
    const { build, card } = newTurn("turn-1");
    const spentOn = (of: string) => store.read(async ({ turns }) => turns.spentOn(build, of));
    assert.deepEqual(await spentOn(card), {
      usage: { inputTokens: 30, outputTokens: 6, costUsd: 1.5 },
      turns: 3,
      endedMs: 3000,
      waitedMs: 500,
    });
    const nothing = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
    assert.deepEqual(await spentOn("none"), { usage: nothing, turns: 0, endedMs: 0, waitedMs: 0 });
  });

  test("a turn has used what its steps used", async (context) => {
    const store = await openTurns(context, openStore);
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("turn-1"), []);
      for (const number of [1, 2, 3]) await turns.addStep("turn-1", newStep(number));
      await turns.finish("turn-1", { status: "failed", outcome: "x", commit: null, at: AT });
    });
    const used = { inputTokens: 30, outputTokens: 6, costUsd: 1.5 };
    assert.deepEqual((await store.read(async ({ turns }) => turns.get("turn-1")))?.usage, used);
    assert.deepEqual(
      (await store.read(async ({ turns }) => turns.list({ limit: 1 })))[0]?.usage,
      used,
    );
  });
}

function testFiles(openStore: OpenStoreScene): void {
  test("R-32 a write makes its seat an author of the card, once, until the card is done", async (context) => {
    const store = await openTurns(context, openStore);
    const authors = async () =>
      (await store.read(async ({ cards }) => cards.get(BUILD, "A-1")))?.authorSeats;
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("t1"), []);
      await turns.insert(newTurn("t2", { number: 2, seat: "architect" }), []);
      await turns.insert(newTurn("t3", { card: "A-2", seat: "other" }), []);
      for (const id of ["t1", "t1", "t2", "t1", "t3"]) await turns.addWrite(id, "a.py");
    });
    assert.deepEqual(await authors(), ["coder", "architect"]);
    await store.transaction(async ({ cards }) => {
      const card = await cards.get(BUILD, "A-1");
      assert.equal(card?.version, 3);
      await cards.move(card, moveTo("ready", "done"));
    });
    assert.deepEqual(await authors(), []);
    await store.transaction(async ({ turns }) => turns.addWrite("t2", "b.py"));
    assert.deepEqual(await authors(), ["architect"]);
    await assert.rejects(
      store.transaction(async ({ turns }) => turns.addWrite("t9", "a.py")),
      { code: "INTERNAL" },
    );
  });

  test("knows which files of a card no commit holds yet, over all its turns", async (context) => {
    const store = await openTurns(context, openStore);
    const pending = (card = "A-1") =>
      store.read(async ({ turns }) => turns.uncommittedWrites(BUILD, card));
    const finish = (id: string, commit: string | null) =>
      store.transaction(async ({ turns }) =>
        turns.finish(id, {
          status: commit === null ? "failed" : "committed",
          outcome: "",
          commit,
          at: AT,
        }),
      );
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("t1"), []);
      await turns.insert(newTurn("t2", { number: 2 }), []);
      await turns.insert(newTurn("t3", { card: "A-2" }), []);
      for (const path of ["src/b.py", "a.py", "src/b.py"]) await turns.addWrite("t1", path);
      await turns.addWrite("t2", "c.py");
      await turns.addWrite("t3", "other.py");
    });
    assert.deepEqual(await pending(), ["a.py", "c.py", "src/b.py"]);
    await finish("t1", null);
    assert.deepEqual(await pending(), ["a.py", "c.py", "src/b.py"]);
    await finish("t2", "c0ffee");
    assert.deepEqual(await pending(), []);
    assert.deepEqual(await pending("A-2"), ["other.py"]);
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("t4", { number: 3 }), []);
      await turns.addWrite("t4", "a.py");
    });
    assert.deepEqual(await pending(), ["a.py"]);
    const files = (limit: number) =>
      store.read(async ({ turns }) => turns.filesOf(BUILD, "A-1", limit));
    assert.deepEqual(await files(10), ["a.py", "c.py", "src/b.py"]);
    assert.deepEqual(await files(2), ["a.py", "c.py"]);
  });
}

function testCounts(openStore: OpenStoreScene): void {
  test("counts turns of the card and replies of the seat and of the run", async (context) => {
    const store = await openTurns(context, openStore);
    const key = { run: "run-2", build: BUILD, card: "A-1", seat: "coder" };
    const counts = (more: Partial<typeof key> = {}) =>
      store.read(async ({ turns }) => turns.counts({ ...key, ...more }));
    assert.deepEqual(await counts(), { ofCard: 0, ofCardInRun: 0, seatReplies: 0, runReplies: 0 });
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("t1"), []);
      await turns.insert(newTurn("t2", { run: "run-2", number: 2 }), []);
      await turns.insert(newTurn("t3", { run: "run-2", number: 3, seat: "guard" }), []);
      await turns.insert(newTurn("t4", { run: "run-2", card: "A-2" }), []);
      await turns.insert(newTurn("t5", { run: "run-2", build: "build-b" }), []);
      for (const [id, steps] of [
        ["t1", 3],
        ["t2", 2],
        ["t3", 1],
        ["t4", 4],
        ["t5", 5],
      ] as const) {
        for (let number = 1; number <= steps; number += 1) await turns.addStep(id, newStep(number));
      }
    });
    assert.deepEqual(await counts(), { ofCard: 3, ofCardInRun: 2, seatReplies: 5, runReplies: 12 });
    assert.deepEqual(await counts({ seat: "guard", run: "run-1" }), {
      ofCard: 3,
      ofCardInRun: 1,
      seatReplies: 1,
      runReplies: 3,
    });
    assert.deepEqual(await counts({ build: "build-b", run: "none" }), {
      ofCard: 1,
      ofCardInRun: 0,
      seatReplies: 5,
      runReplies: 0,
    });
  });
}
