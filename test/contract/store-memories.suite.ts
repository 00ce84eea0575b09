// The store's contract on project memory: what is found by which words, in which order, and what forgetting means.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Memory } from "../../src/domain/memory.ts";
import { scoreOf, wordsOf } from "../../src/domain/memory.ts";
import { refuse } from "../../src/domain/result.ts";
import type { Store, StoreTransaction } from "../../src/ports/store.ts";
import { newMemory, newRun, newTurn } from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

type Written = Parameters<typeof newMemory>[1];

/** A memory needs its run and its turn. */
async function addTo(
  { runs, turns, memories }: StoreTransaction,
  words: string,
  more: Written = {},
): Promise<number> {
  const memory = newMemory(words, more);
  const { run, turn, build, card } = memory;
  if ((await runs.get(run)) === null) await runs.insert(newRun(run), {});
  const { ofCard } = await turns.counts({ run, build, card, seat: "" });
  if ((await turns.get(turn)) === null)
    await turns.insert(newTurn(turn, { run, build, card, number: ofCard + 1 }), []);
  return memories.add(memory);
}

const addAll = (store: Store, texts: readonly string[]): Promise<readonly number[]> =>
  store.transaction(async (transaction) => {
    const ids = [];
    for (const [place, text] of texts.entries())
      ids.push(await addTo(transaction, text, { turn: `turn-${place}` }));
    return ids;
  });

const find = (store: Store, words: string, limit = 10): Promise<readonly Memory[]> =>
  store.read(async ({ memories }) => memories.find(wordsOf(words), limit));
const found = async (store: Store, words: string, limit = 10): Promise<readonly number[]> =>
  (await find(store, words, limit)).map(({ id }) => id);

export function testStoreMemories(openStore: OpenStoreScene): void {
  testRecords(openStore);
  testFinding(openStore);
  testForgetting(openStore);
}

function testRecords(openStore: OpenStoreScene): void {
  test("gives a memory back with its origin, its text made from the words", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(Date.parse("2025-05-01T10:00:00.000Z"));
    const origin = { build: "build-ü\0", card: "A-1", run: "run-7", turn: "turn-7", seat: "coder" };
    const id = await store.transaction(async (transaction) =>
      addTo(transaction, "Decision:\n use UTC 🦀", { ...origin, project: "Shop" }),
    );
    const memory = await store.read(async ({ memories }) => memories.get(id));
    const text = "Decision by coder on A-1: Decision: use UTC 🦀";
    const expected = { ...origin, id, project: "Shop", at: "2025-05-01T10:00:00.000Z", text };
    assert.deepEqual(memory, expected);
    assert.deepEqual(await find(store, "utc"), [expected]);
  });

  test("numbers memories upwards and keeps at most one of a turn", async (context) => {
    const { store } = await openStore(context);
    const ids = await addAll(store, ["one", "two", "three"]);
    assert.deepEqual(
      ids,
      [...ids].toSorted((left, right) => left - right),
    );
    assert.equal(new Set(ids).size, 3);
    await assert.rejects(addAll(store, ["again"]), { code: "STORE_FAILED" });
    assert.equal((await find(store, "")).length, 3);
  });

  test("keeps neither a memory nor its words when the transaction fails, beside others that do not", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async ({ runs }) => runs.insert(newRun("run-1"), {}));
    const kept = (turn: string) =>
      store.transaction(async (transaction) => addTo(transaction, "kept words", { turn }));
    await Promise.all([
      kept("turn-1"),
      store.transaction(async (transaction) => {
        await addTo(transaction, "refused words", { turn: "turn-2" });
        return refuse("CARD_CHANGED", "no", {});
      }),
      kept("turn-3"),
    ]);
    assert.equal((await find(store, "words")).length, 2);
    assert.deepEqual(await found(store, "refused"), []);
    assert.equal((await find(store, "")).length, 2);
  });
}

function testFinding(openStore: OpenStoreScene): void {
  test("finds nothing where nothing is remembered", async (context) => {
    const { store } = await openStore(context);
    const any = () => store.read(async ({ memories }) => memories.any());
    assert.equal(await any(), false);
    assert.deepEqual(await found(store, "anything at all"), []);
    assert.deepEqual(await found(store, ""), []);
    assert.equal(await store.read(async ({ memories }) => memories.get(1)), null);
    await addAll(store, ["storage"]);
    assert.deepEqual([await any(), await any()], [true, true]);
  });

  test("gives those that share most words first, the newest among equals, and the newest when there are no words", async (context) => {
    const { store } = await openStore(context);
    const [first, second, third, fourth] = await addAll(store, [
      "storage",
      "the format of the storage",
      "nothing else",
      "storage storage storage",
    ]);
    assert.deepEqual(await found(store, "storage format"), [second, fourth, first]);
    assert.deepEqual(await found(store, "storage format", 2), [second, fourth]);
    assert.deepEqual(await found(store, ""), [fourth, third, second, first]);
    assert.deepEqual(await found(store, "", 1), [fourth]);
    assert.deepEqual(await found(store, "storage", 0), []);
  });

  test("sees within a transaction what it has added", async (context) => {
    const { store } = await openStore(context);
    await store.transaction(async (transaction) => {
      assert.deepEqual(await transaction.memories.find(new Set(["storage"]), 5), []);
      const id = await addTo(transaction, "storage");
      const seen = await transaction.memories.find(new Set(["storage"]), 5);
      assert.deepEqual(
        seen.map((one) => one.id),
        [id],
      );
    });
  });

  test("finds exactly what shares a word, in whatever script and with whatever signs", async (context) => {
    const { store } = await openStore(context);
    const part = fc.constantFrom(
      ..."Größe GRÖSSE größe straße STRASSE cafe\u0301 CAFÉ İstanbul istanbul ΟΔΟΣ οδος ᲐᲑᲒ აბგ ꭰꭱꭲ ᎠᎡᎢ".split(
        " ",
      ),
      ..."データベース 数据库 库 हिन्दी العربية 👩‍👩‍👧 🦀crab 1️⃣ don't l’équipe _x_abc abc_def 2024 utf8 _616263 c3bc 𞤀𞤁𞤂 𞤢𞤣𞤤".split(
        " ",
      ),
      ...'AND OR NOT NEAR NEAR(a, words: "quoted" abc* ^abc {abc} (abc) + - \' ; -- %'.split(" "),
    );
    const words = fc
      .array(fc.tuple(part, fc.constantFrom(" ", "", "-", "\n", "'")), { maxLength: 6 })
      .map((parts) => parts.flat().join(""));
    const texts = fc.sample(words, 50);
    await addAll(store, texts);
    const all = await find(store, "", 100);
    assert.equal(all.length, 50);
    await fc.assert(
      fc.asyncProperty(words, async (asked) => {
        const query = wordsOf(asked);
        if (query.size === 0) return;
        const expected = all
          .map(({ id, text }) => ({ id, score: scoreOf(query, text) }))
          .filter(({ score }) => score > 0)
          .toSorted((left, right) => right.score - left.score || right.id - left.id);
        assert.deepEqual(
          await found(store, asked, 100),
          expected.map(({ id }) => id),
        );
      }),
    );
  });

  test("takes no word for a command, whatever it is asked for", async (context) => {
    const { store } = await openStore(context);
    await addAll(store, ["storage or format"]);
    const hostile = [
      '"',
      '" OR "storage',
      "storage*",
      "NOT x",
      "words:storage",
      "\0",
      "'",
      "]",
      "",
    ];
    for (const word of hostile)
      assert.deepEqual(
        await store.read(async ({ memories }) => memories.find(new Set([word]), 5)),
        [],
        word,
      );
  });
}

function testForgetting(openStore: OpenStoreScene): void {
  test("never gives a forgotten memory again, and forgets each once", async (context) => {
    const { store } = await openStore(context);
    const [first = 0, second] = await addAll(store, ["storage one", "storage two"]);
    const forget = (id: number) => store.transaction(async ({ memories }) => memories.forget(id));
    assert.deepEqual([await forget(first), await forget(first)], [true, false]);
    assert.deepEqual(await found(store, "storage one"), [second]);
    assert.deepEqual(await found(store, ""), [second]);
    assert.equal(await store.read(async ({ memories }) => memories.get(first)), null);
    for (const id of [0, -1, 1.5, 999, Number.MAX_SAFE_INTEGER])
      assert.equal(await forget(id), false);
  });

  test("remembers again what a failed transaction had forgotten", async (context) => {
    const { store } = await openStore(context);
    const [id = 0] = await addAll(store, ["storage"]);
    await store.transaction(async ({ memories }) => {
      await memories.forget(id);
      return refuse("CARD_CHANGED", "no", {});
    });
    assert.deepEqual(await found(store, "storage"), [id]);
  });
}
