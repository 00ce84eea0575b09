// Following the log while it grows: real databases, several connections, followers that come, go, lag and break off.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import { createEventFeed } from "../../src/app/event-feed.ts";
import type { EventFeed, Following } from "../../src/app/event-feed.ts";
import type { Store } from "../../src/ports/store.ts";
import { newEvent } from "../support/store-records.ts";
import { tempFolder } from "../support/temp-folder.ts";

const clock = createSystemClock();
const START: Following = { after: 0 };

type Scene = {
  readonly store: Store;
  readonly path: string;
  readonly feed: EventFeed;
  /** Reads that the feed made. */
  readonly reads: () => number;
};

async function openScene(context: TestContext, quietMs = 60_000): Promise<Scene> {
  const path = join(await tempFolder(context), "orket.db");
  const store = await openSqliteStore({ path, clock });
  let reads = 0;
  const counted: Store = {
    ...store,
    read: (work) => {
      reads += 1;
      return store.read(work);
    },
  };
  const feed = createEventFeed({ store: counted, clock, quietMs });
  context.after(async () => {
    feed.close();
    await store.close();
  });
  return { store, path, feed, reads: () => reads };
}

const write = async (store: Store, count: number, more: { run?: string; card?: string } = {}) =>
  store.transaction(async ({ events }) =>
    events.append(Array.from({ length: count }, () => newEvent(more))),
  );

/** Takes events until there are so many, then leaves; gives their numbers. */
async function take(feed: EventFeed, following: Following, count: number): Promise<number[]> {
  const taken: number[] = [];
  if (count === 0) return taken;
  for await (const batch of feed.follow(following, new AbortController().signal)) {
    if (batch.kind === "events") taken.push(...batch.events.map(({ seq }) => seq));
    if (taken.length >= count) break;
  }
  return taken;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("gives what is there, then what comes, once and in order", async (context) => {
  const { store, feed } = await openScene(context);
  await write(store, 450);
  const taken = take(feed, START, 900);
  await write(store, 450);
  feed.nudge();
  assert.deepEqual(await taken, range(1, 900));
});

test("begins at the end of the log for who names no cursor", async (context) => {
  const { store, feed } = await openScene(context);
  await write(store, 10);
  const follower = feed.follow({ after: null }, new AbortController().signal);
  const first = follower.next();
  while ((await store.read(async ({ events }) => events.lastSeq())) < 11) await write(store, 1);
  const { value } = await first;
  assert.ok(value?.kind === "events");
  assert.ok((value.events[0]?.seq ?? 0) >= 10);
  await follower.return();
});

test("sees the events of another process without being told", async (context) => {
  const { path, feed } = await openScene(context);
  const taken = take(feed, START, 3);
  const other = await openSqliteStore({ path, clock });
  context.after(async () => other.close());
  await write(other, 3);
  assert.deepEqual(await taken, [1, 2, 3]);
});

test("10,000 events over five broken connections: no gap, no duplicate", async (context) => {
  const { store, feed } = await openScene(context);
  const writing = (async () => {
    for (let written = 0; written < 10_000; written += 100) {
      await write(store, 100);
      feed.nudge();
    }
  })();
  const all: number[] = [];
  for (const goal of [1, 2500, 4000, 7777, 9000, 10_000]) {
    all.push(...(await take(feed, { after: all.at(-1) ?? 0 }, goal - all.length)));
  }
  await writing;
  assert.deepEqual(all, range(1, 10_000));
});

test("R-61 a follower that stops reading gets everything later, and holds up nobody", async (context) => {
  const { store, feed } = await openScene(context);
  const slow = feed.follow(START, new AbortController().signal);
  await write(store, 1);
  assert.equal((await slow.next()).value?.kind, "events");
  const quick = take(feed, { after: 1 }, 3000);
  for (let round = 0; round < 30; round += 1) await write(store, 100);
  assert.deepEqual(await quick, range(2, 3001));
  const late: number[] = [];
  for await (const batch of slow) {
    if (batch.kind === "events") late.push(...batch.events.map(({ seq }) => seq));
    if (late.length === 3000) break;
  }
  assert.deepEqual(late, range(2, 3001));
});

test("filters by run and card, in memory and in the log alike", async (context) => {
  const { store, feed } = await openScene(context);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ run: fc.constantFrom("r1", "r2"), card: fc.constantFrom("a", "b") }), {
        minLength: 1,
        maxLength: 30,
      }),
      fc.constantFrom({}, { run: "r1" }, { card: "b" }, { run: "r2", card: "a" }),
      async (made, filter) => {
        const after = await store.read(async ({ events }) => events.lastSeq());
        const half = Math.floor(made.length / 2);
        const fits = ({ run, card }: { run: string; card: string }): boolean =>
          (!("run" in filter) || filter.run === run) &&
          (!("card" in filter) || filter.card === card);
        const expected = made.flatMap((one, index) => (fits(one) ? [after + 1 + index] : []));
        const append = async (part: typeof made) =>
          store.transaction(async ({ events }) => events.append(part.map((one) => newEvent(one))));
        await append(made.slice(0, half));
        const taken = take(feed, { after, ...filter }, expected.length);
        await append(made.slice(half));
        feed.nudge();
        assert.deepEqual(await taken, expected);
      },
    ),
    { numRuns: 30 },
  );
});

test("says resync for a cursor that the log does not hold, and goes on from its end", async (context) => {
  const { store, feed } = await openScene(context);
  await write(store, 5);
  const follower = feed.follow({ after: 99 }, new AbortController().signal);
  assert.deepEqual((await follower.next()).value, { kind: "resync", seq: 5 });
  await write(store, 1);
  const { value } = await follower.next();
  assert.deepEqual(value?.kind === "events" && value.events.map(({ seq }) => seq), [6]);
  await follower.return();
});

test("tells a follower to whom nothing came that it is quiet, with the cursor to go on from", async (context) => {
  const { store, feed } = await openScene(context, 1);
  await write(store, 4, { run: "r1" });
  const follower = feed.follow({ after: 0, run: "r2" }, new AbortController().signal);
  assert.deepEqual((await follower.next()).value, { kind: "quiet", seq: 4 });
  await follower.return();
});

test("R-61 ends with its signal and with the feed, while it waits too", async (context) => {
  const { feed } = await openScene(context);
  const abort = new AbortController();
  const first = feed.follow(START, abort.signal).next();
  const second = feed.follow(START, new AbortController().signal).next();
  abort.abort();
  assert.deepEqual(await first, { value: undefined, done: true });
  feed.close();
  assert.deepEqual(await second, { value: undefined, done: true });
});

test("five hundred followers cost as many reads as one", async (context) => {
  const { store, feed, reads } = await openScene(context);
  const leaving = new AbortController();
  let told = 0;
  const followers = Array.from({ length: 500 }, async () => {
    for await (const batch of feed.follow({ after: null }, leaving.signal))
      if (batch.kind === "events") told += batch.events.length;
  });
  while (reads() < 501) await clock.sleep(1);
  const before = reads();
  for (let round = 0; round < 20; round += 1) {
    await write(store, 1);
    feed.nudge();
  }
  while (told < 500 * 20) await clock.sleep(1);
  assert.ok(reads() - before < 2000, `${reads() - before} reads for 20 events`);
  leaving.abort();
  await Promise.all(followers);
});

test("throws to every follower what the store throws, and can be followed again", async (context) => {
  const { store } = await openScene(context);
  let isBroken = false;
  const breaking: Store = {
    ...store,
    read: async (work) => {
      if (isBroken) throw new Error("the disk is gone");
      return store.read(work);
    },
  };
  const feed = createEventFeed({ store: breaking, clock });
  context.after(() => feed.close());
  const followers = [1, 2].map(async () => take(feed, START, 1));
  isBroken = true;
  for (const follower of followers) await assert.rejects(follower, /the disk is gone/);
  isBroken = false;
  await write(store, 1);
  assert.deepEqual(await take(feed, START, 1), [1]);
});
