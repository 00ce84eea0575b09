// The store's contract on what a fork copies: cards of the past, comments, finished turns.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatMessage, ToolCall } from "../../src/domain/turn.ts";
import type { Store } from "../../src/ports/store.ts";
import { newCard, newRun, newStep, newTurn } from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const BUILD = "build-a";
const START = Date.parse("2025-03-01T10:00:00.000Z");
const AT = "2025-03-01T11:00:00.000Z";
const PROMPT: readonly ChatMessage[] = [{ role: "user", content: "Do it \u0000 🦀" }];

const call = (id: string): ToolCall => ({ id, tool: "write_file", args: {} });

async function openStoreOfTurns(
  context: Parameters<OpenStoreScene>[0],
  openStore: OpenStoreScene,
): Promise<Store> {
  const { store } = await openStore(context);
  await store.transaction(async ({ cards, runs }) => {
    await cards.insert(newCard("A-1"));
    await runs.insert(newRun("run-1", { status: "done" }), {});
    await runs.insert(newRun("run-2", { builds: ["build-b"] }), {});
  });
  return store;
}

export function testStoreCopies(openStore: OpenStoreScene): void {
  test("gives a card of the past back as it was, and refuses an id that is taken", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    const { brief, ...given } = newCard("A-1", {
      status: "ready",
    });
    const past = {
      ...given,
      status: "code_review" as const,
      retryCount: 2,
      cycle: 3,
      verified: true,
      orphaned: true,
      authorSeats: ["coder", "tester"],
      credits: 1.5,
      resolution: "Done.",
      lastError: "no answer",
      createdAt: "2025-02-01T10:00:00.000Z",
      statusSince: "2025-02-02T10:00:00.000Z",
    };
    const insert = async (): Promise<boolean> =>
      store.transaction(async ({ cards }) => cards.insertPast({ ...past, brief }));
    assert.equal(await insert(), true);
    assert.deepEqual(await store.read(async ({ cards }) => cards.get(BUILD, "A-1")), {
      ...past,
      version: 1,
      updatedAt: "2025-03-01T10:00:00.000Z",
    });
    assert.deepEqual(await store.read(async ({ cards }) => cards.brief(BUILD, "A-1")), brief);
    assert.equal(await insert(), false);
    const seen = await store.read(async ({ cards }) => cards.changedSince(BUILD, 0));
    assert.deepEqual(
      seen.map(({ id }) => id),
      ["A-1"],
    );
  });

  test("copies a comment to another build with its author and its time", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    const words = {
      build: BUILD,
      card: "A-1",
      author: "agent:coder",
      text: "one \u0000",
      turn: "t1",
    };
    await store.transaction(async ({ comments }) => comments.add(words));
    setNow(START + 60_000);
    await store.transaction(async ({ comments }) => {
      const [comment] = await comments.list(BUILD, "A-1", 1);
      assert.ok(comment !== undefined);
      await comments.copy(comment, { build: "build-b", turn: "t9" });
    });
    const [copy] = await store.read(async ({ comments }) => comments.list("build-b", "A-1", 10));
    const { id: _, ...kept } = copy ?? { id: 0 };
    const at = "2025-03-01T10:00:00.000Z";
    assert.deepEqual(kept, { ...words, build: "build-b", turn: "t9", at });
    assert.equal(
      (await store.read(async ({ comments }) => comments.list(BUILD, "A-1", 10))).length,
      1,
    );
  });

  test("copies a finished turn with all that was in it; the run that made it stays as it was", async (context) => {
    const store = await openStoreOfTurns(context, openStore);
    await store.transaction(async ({ turns }) => {
      await turns.insert(newTurn("t1"), PROMPT);
      await turns.addStep("t1", newStep(1, { calls: [call("c1"), call("c2")] }));
      await turns.beginCall("t1", 1, "c1", { path: "a.py", before: null, after: "0".repeat(64) });
      await turns.finishCall("t1", 1, "c2", { ok: true, path: "a.py" });
      await turns.finish("t1", { status: "committed", outcome: "kept", commit: "c0ffee", at: AT });
    });
    const of = { run: "run-1", build: BUILD, card: "A-1", seat: "coder" };
    const look = () =>
      store.read(async ({ runs, turns }) => ({
        run: await runs.get("run-1"),
        replies: (await turns.counts(of)).runReplies,
        listed: (await turns.list({ run: "run-1", limit: 10 })).map(({ id }) => id),
      }));
    const before = await look();
    await store.transaction(async ({ turns }) =>
      turns.copy("t1", { id: "copy", build: "build-b", paths: ["b.py", "a.py", "a.py"] }),
    );
    assert.deepEqual(await look(), before);
    await store.read(async ({ turns }) => {
      const turn = await turns.get("t1");
      assert.ok(turn !== null);
      assert.deepEqual(await turns.get("copy"), { ...turn, id: "copy", build: "build-b" });
      assert.deepEqual(await turns.prompt("copy"), PROMPT);
      assert.deepEqual(await turns.steps("copy"), await turns.steps("t1"));
      assert.equal((await turns.steps("copy"))[0]?.results.length, 2);
      assert.deepEqual(await turns.filesOf("build-b", "A-1", 10), ["a.py", "b.py"]);
      assert.deepEqual(await turns.uncommittedWrites("build-b", "A-1"), []);
      const { ofCard, ofCardInRun, seatReplies } = await turns.counts({
        ...of,
        run: "run-2",
        build: "build-b",
      });
      assert.deepEqual([ofCard, ofCardInRun, seatReplies], [1, 0, 1]);
    });
  });

  test("copies no turn that is open or unknown", async (context) => {
    const store = await openStoreOfTurns(context, openStore);
    await store.transaction(async ({ turns }) => turns.insert(newTurn("t1"), PROMPT));
    for (const id of ["t1", "none"])
      await assert.rejects(
        store.transaction(async ({ turns }) =>
          turns.copy(id, { id: "copy", build: "build-b", paths: [] }),
        ),
        { code: "INTERNAL" },
      );
    assert.equal(await store.read(async ({ turns }) => turns.get("copy")), null);
  });
}
