// The store's contract on comments.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenStoreScene } from "./store.suite.ts";

const BUILD = "build-a";
const START = Date.parse("2025-03-01T10:00:00.000Z");

export function testStoreComments(openStore: OpenStoreScene): void {
  test("gives the newest comments of a card, oldest first", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    await store.transaction(async ({ comments }) => {
      for (const text of ["one", "two", "three"]) {
        await comments.add({
          build: BUILD,
          card: "A-1",
          author: "agent:coder",
          text,
          turn: "turn-1",
        });
      }
      await comments.add({
        build: BUILD,
        card: "A-2",
        author: "engine",
        text: "other",
        turn: null,
      });
    });
    const list = await store.read(async ({ comments }) => comments.list(BUILD, "A-1", 2));
    assert.deepEqual(
      list.map(({ id, ...comment }) => (assert.ok(id > 0), comment)),
      ["two", "three"].map((text) => ({
        build: BUILD,
        card: "A-1",
        author: "agent:coder",
        text,
        at: "2025-03-01T10:00:00.000Z",
        turn: "turn-1",
      })),
    );
  });

  test("keeps a text as it is: control characters, quotes, other scripts, a mebibyte", async (context) => {
    const { store } = await openStore(context);
    const texts = [
      "\u0000a\u0000",
      "'; DROP TABLE cards; --",
      "日本語 🦀 e\u0301",
      "",
      "x".repeat(1_048_576),
      '{"$like":"json"}',
    ];
    await store.transaction(async ({ comments }) => {
      for (const text of texts)
        await comments.add({ build: BUILD, card: "A-1", author: "human:x", text, turn: null });
    });
    const list = await store.read(async ({ comments }) => comments.list(BUILD, "A-1", 100));
    assert.deepEqual(
      list.map(({ text }) => text),
      texts,
    );
  });
}
