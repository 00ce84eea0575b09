// The store's contract on the event log: numbers without a gap, a chain of hashes, filters.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { Event } from "../../src/domain/events.ts";
import { EVENT_TYPES, GENESIS_HASH } from "../../src/domain/events.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { canonicalJson } from "../../src/domain/json.ts";
import type { EventFilter, Store } from "../../src/ports/store.ts";
import { newEvent } from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const append = (
  store: Store,
  events: readonly ReturnType<typeof newEvent>[],
): Promise<readonly Event[]> =>
  store.transaction(async (transaction) => transaction.events.append(events));
const list = (store: Store, filter: EventFilter): Promise<readonly Event[]> =>
  store.read(async ({ events }) => events.list(filter));

/** As system.md 17.1 says it, independent of how the store does it. */
function expectedHash({ prevHash, ...event }: Event): string {
  const { hash: given, ...rest } = event;
  assert.equal(given.length, 64);
  return createHash("sha256")
    .update(prevHash + canonicalJson(rest))
    .digest("hex");
}

function assertChain(events: readonly Event[]): void {
  let prevHash = GENESIS_HASH;
  for (const [index, event] of events.entries()) {
    assert.equal(event.seq, index + 1);
    assert.equal(event.prevHash, prevHash);
    assert.equal(event.hash, expectedHash(event));
    prevHash = event.hash;
  }
}

export function testStoreEvents(openStore: OpenStoreScene): void {
  test("numbers events from 1 without a gap and chains them by their hashes", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(Date.parse("2025-03-01T10:00:00.000Z"));
    const first = await append(store, [
      newEvent({ run: "run-1", build: "b", card: "A-1", turn: "turn-1" }),
      newEvent(),
    ]);
    const second = await append(
      store,
      EVENT_TYPES.map((type) => newEvent({ type })),
    );
    assert.deepEqual(await append(store, []), []);
    const all = await list(store, { limit: 1000 });
    assert.deepEqual(all, [...first, ...second]);
    assert.equal(all[0]?.at, "2025-03-01T10:00:00.000Z");
    assert.equal("run" in (all[1] ?? {}), false);
    assertChain(all);
    const check = await store.verifyChain();
    assert.deepEqual(check, {
      valid: true,
      count: 2 + EVENT_TYPES.length,
      lastHash: all.at(-1)?.hash,
    });
  });

  test("an empty log is valid", async (context) => {
    const { store } = await openStore(context);
    assert.deepEqual(await store.verifyChain(), { valid: true, count: 0, lastHash: GENESIS_HASH });
  });

  test("leaves no gap where a transaction was rolled back", async (context) => {
    const { store } = await openStore(context);
    await append(store, [newEvent()]);
    await store.transaction(async ({ events }) => {
      await events.append([newEvent(), newEvent()]);
      return { ok: false };
    });
    await append(store, [newEvent()]);
    assertChain(await list(store, { limit: 10 }));
    assert.equal((await store.verifyChain()).valid, true);
  });

  test("appends many events at once", async (context) => {
    const { store } = await openStore(context);
    for (const count of [1, 15, 16, 17, 33, 2500]) {
      const appended = await append(
        store,
        Array.from({ length: count }, (_, index) => newEvent({ data: { index } })),
      );
      assert.equal(appended.length, count);
    }
    const all = await list(store, { limit: 10_000 });
    assert.equal(all.length, 2582);
    assertChain(all);
    assert.equal((await store.verifyChain()).valid, true);
  });

  test("the chain holds for any data, actor and id, and comes back as it went in", async (context) => {
    const { store } = await openStore(context);
    const words = fc.string({ unit: "binary", maxLength: 20 });
    const dictionary = fc.dictionary(words, fc.jsonValue(), { noNullPrototype: true, maxKeys: 5 });
    const events = fc.array(fc.record({ actor: words, card: words, data: dictionary }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(events, async (drawn) => {
        const appended = await append(
          store,
          drawn.map(({ data, ...event }) => newEvent({ ...event, data: data as JsonObject })),
        );
        const after = (appended[0]?.seq ?? 0) - 1;
        const stored = await list(store, { after, limit: 100 });
        assert.deepEqual(stored.map(canonicalJson), appended.map(canonicalJson));
        for (const event of stored) assert.equal(event.hash, expectedHash(event));
      }),
      { numRuns: 60 },
    );
    assert.equal((await store.verifyChain()).valid, true);
  });

  test("keeps the size and digest of data that is too large, in its place", async (context) => {
    const { store } = await openStore(context);
    const [event] = await append(store, [newEvent({ data: { text: "x".repeat(300_000) } })]);
    assert.equal(event?.data["tooLarge"], true);
    assert.equal(event?.data["characters"], 300_011);
    assertChain(await list(store, { limit: 10 }));
    assert.equal((await store.verifyChain()).valid, true);
  });

  test("lists by bounds, run, build, card and type, in rising order", async (context) => {
    const { store } = await openStore(context);
    await append(store, [
      newEvent({ run: "r1", build: "b1", card: "A" }),
      newEvent({ run: "r1", build: "b1", card: "B", type: "turn-started" }),
      newEvent({ run: "r2", build: "b1", card: "A" }),
      newEvent({ build: "b2", card: "A", type: "card-commented" }),
      newEvent({ run: "r1", build: "b1", type: "turn-started" }),
      newEvent(),
    ]);
    const seqs = async (filter: EventFilter) =>
      (await list(store, filter)).map(({ seq }) => seq).join(" ");
    assert.equal(await seqs({ limit: 100 }), "1 2 3 4 5 6");
    assert.equal(await seqs({ after: 2, limit: 100 }), "3 4 5 6");
    assert.equal(await seqs({ after: 2, limit: 2 }), "3 4");
    assert.equal(await seqs({ after: 1, before: 4, limit: 100 }), "2 3");
    assert.equal(await seqs({ before: 5, limit: 2 }), "3 4");
    assert.equal(await seqs({ before: Number.MAX_SAFE_INTEGER, limit: 2 }), "5 6");
    assert.equal(await seqs({ run: "r1", limit: 100 }), "1 2 5");
    assert.equal(await seqs({ build: "b1", limit: 100 }), "1 2 3 5");
    assert.equal(await seqs({ card: "A", limit: 100 }), "1 3 4");
    assert.equal(await seqs({ card: "A", build: "b1", before: 4, limit: 1 }), "3");
    assert.equal(await seqs({ types: ["turn-started", "card-commented"], limit: 100 }), "2 4 5");
    assert.equal(await seqs({ types: [], limit: 100 }), "");
    assert.equal(await seqs({ limit: 0 }), "");
    assert.equal(await seqs({ limit: -1 }), "");
  });
}
