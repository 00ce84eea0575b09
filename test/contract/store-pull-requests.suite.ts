// The store's contract on pull requests and on what is to be done about them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewErrand } from "../../src/domain/pull-request-errand.ts";
import type { TrackedPullRequest } from "../../src/domain/pull-request.ts";
import type { PullRequestFilter, PullRequestStore, Store } from "../../src/ports/store.ts";
import { HEAD, NEXT_HEAD, TRACKED } from "../support/pull-request-samples.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const START = Date.parse("2026-03-02T10:00:00.000Z");
const AT = "2026-03-02T10:00:00.000Z";
const KEY = { repository: TRACKED.repository, number: TRACKED.number };

const write = async <Value>(store: Store, work: (kept: PullRequestStore) => Promise<Value>) =>
  store.transaction(async ({ pullRequests }) => work(pullRequests));
const read = async <Value>(store: Store, work: (kept: PullRequestStore) => Promise<Value>) =>
  store.read(async ({ pullRequests }) => work(pullRequests));
const keep = async (store: Store, more: Partial<TrackedPullRequest> = {}): Promise<boolean> =>
  write(store, async (kept) => kept.insert({ ...TRACKED, ...more }));
const numbers = async (store: Store, filter: Partial<PullRequestFilter>) =>
  (await read(store, async (kept) => kept.list({ limit: 10, ...filter }))).map(
    ({ number }) => number,
  );

const ERRAND: NewErrand = { ...KEY, round: 1, kind: "review", about: HEAD, facts: { a: 1 } };
const add = async (store: Store, more: Partial<NewErrand> = {}, nowMs = START) =>
  write(store, async ({ errands }) => errands.add({ ...ERRAND, ...more }, nowMs));
const errandsOf = async (store: Store) =>
  read(store, async ({ errands }) => errands.list({ limit: 100 }));
const firstErrand = async (store: Store) => {
  const [first] = await errandsOf(store);
  assert.ok(first);
  return first;
};

export function testStorePullRequests(openStore: OpenStoreScene): void {
  testRows(openStore);
  testHolding(openStore);
  testErrands(openStore);
}

function testRows(openStore: OpenStoreScene): void {
  test("gives a pull request back as it was kept, with the times of the store", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    const full: Partial<TrackedPullRequest> = {
      state: "rejected",
      round: 3,
      cycles: 1,
      rejections: [{ review: 9, reviewer: "rita", headSha: HEAD, cycle: 1, reason: "no" }],
      seenReviews: [9, 10],
      isEscalated: true,
      isRejecting: true,
      verification: { sha: HEAD, verdict: "fail" },
      agentReview: { sha: HEAD, kind: "approved", reason: "fine" },
      refusal: { headSha: HEAD, refusals: [{ cause: "draft", detail: "It is." }], facts: "{}" },
      mergeCommit: NEXT_HEAD,
      stateComment: { id: 5, body: "text" },
      lookAtMs: START + 5,
      looks: 2,
    };
    assert.equal(await keep(store, full), true);
    const kept = await read(store, async (rows) => rows.get(KEY));
    assert.deepEqual(kept, { ...TRACKED, ...full, version: 1, createdAt: AT, updatedAt: AT });
    assert.equal(await read(store, async (rows) => rows.get({ ...KEY, number: 99 })), null);
  });

  test("keeps a pull request once", async (context) => {
    const { store } = await openStore(context);
    assert.equal(await keep(store), true);
    assert.equal(await keep(store, { title: "another" }), false);
    const kept = await read(store, async (rows) => rows.get(KEY));
    assert.equal(kept?.title, TRACKED.title);
  });

  test("takes a change only of the row as it is, and raises its version", async (context) => {
    const { store, setNow } = await openStore(context);
    setNow(START);
    await keep(store);
    setNow(START + 1000);
    assert.equal(await write(store, async (rows) => rows.write({ ...TRACKED, cycles: 1 })), true);
    assert.equal(await write(store, async (rows) => rows.write({ ...TRACKED, cycles: 9 })), false);
    const kept = await read(store, async (rows) => rows.get(KEY));
    assert.deepEqual([kept?.cycles, kept?.version], [1, 2]);
    assert.deepEqual([kept?.createdAt, kept?.updatedAt], [AT, "2026-03-02T10:00:01.000Z"]);
  });

  test("finds a pull request by its name in any case; of two, the one that came last", async (context) => {
    const { store } = await openStore(context);
    await keep(store);
    await keep(store, { repository: 8 });
    const found = await read(store, async (rows) => rows.named("SHOP/Api", TRACKED.number));
    assert.equal(found?.repository, 8);
    assert.equal(await read(store, async (rows) => rows.named("shop/api", 99)), null);
  });

  test("lists by state, repository, head and time, the last changed first", async (context) => {
    const { store, setNow } = await openStore(context);
    for (const [number, more] of [
      [1, { lookAtMs: START + 10 }],
      [2, { state: "merged" }],
      [3, { fullName: "Other/Api", headSha: NEXT_HEAD, lookAtMs: START }],
    ] as const) {
      setNow(START + number);
      await keep(store, { number, ...more });
    }
    assert.deepEqual(await numbers(store, {}), [3, 2, 1]);
    assert.deepEqual(await numbers(store, { limit: 2 }), [3, 2]);
    assert.deepEqual(await numbers(store, { states: ["active"] }), [3, 1]);
    assert.deepEqual(await numbers(store, { fullName: "other/API" }), [3]);
    assert.deepEqual(await numbers(store, { headSha: HEAD }), [2, 1]);
    assert.deepEqual(await numbers(store, { dueMs: START + 9 }), [3]);
    assert.deepEqual(await numbers(store, { dueMs: START + 10 }), [3, 1]);
  });
}

function testHolding(openStore: OpenStoreScene): void {
  test("a pull request is held by one, who is replaced only by who saw him there", async (context) => {
    const { store } = await openStore(context);
    await keep(store);
    const [mine, renewed, other] = [
      { owner: "me", untilMs: 10 },
      { owner: "me", untilMs: 20 },
      { owner: "other", untilMs: 30 },
    ];
    const hold = async (from: typeof mine | null, to: typeof mine | null) =>
      write(store, async (rows) => rows.hold(KEY, { from, to }));
    const holder = async () => read(store, async (rows) => rows.holder(KEY));
    assert.equal(await holder(), null);
    assert.equal(await hold(null, mine), true);
    assert.equal(await hold(null, other), false);
    assert.equal(await hold(mine, renewed), true);
    assert.equal(await hold(mine, other), false);
    assert.deepEqual(await holder(), renewed);
    assert.equal(await hold(renewed, other), true);
    assert.equal(await hold(renewed, null), false);
    assert.equal(await hold(other, null), true);
    assert.equal(await holder(), null);
  });
}

function testErrands(openStore: OpenStoreScene): void {
  test("an errand is kept once for its round, kind and subject", async (context) => {
    const { store } = await openStore(context);
    await keep(store);
    await add(store);
    await add(store, { facts: { a: 2 } }, START + 9);
    const [first, ...more] = await errandsOf(store);
    assert.deepEqual(more, []);
    const { id, ...rest } = first ?? { id: 0 };
    assert.ok(id > 0);
    const fresh = { state: "open", attempts: 0, nextAttemptMs: START };
    assert.deepEqual(rest, { ...ERRAND, ...fresh, failure: null, answer: null, holder: null });
    await add(store, { about: NEXT_HEAD });
    await add(store, { round: 2 });
    await add(store, { kind: "deployment" });
    assert.equal((await errandsOf(store)).length, 4);
  });

  test("lists errands in their order, by pull request, kind and state", async (context) => {
    const { store } = await openStore(context);
    await keep(store);
    await add(store);
    await add(store, { kind: "deployment" });
    await keep(store, { number: 99 });
    await add(store, { number: 99 });
    const list = async (filter: object) =>
      (await read(store, async ({ errands }) => errands.list({ limit: 100, ...filter }))).map(
        ({ kind, number }) => `${kind} ${number}`,
      );
    assert.deepEqual(await list({}), ["review 12", "deployment 12", "review 99"]);
    assert.deepEqual(await list({ limit: 1 }), ["review 12"]);
    assert.deepEqual(await list({ key: KEY }), ["review 12", "deployment 12"]);
    assert.deepEqual(await list({ kinds: ["review"] }), ["review 12", "review 99"]);
    assert.deepEqual(await list({ states: ["done"] }), []);
  });

  test("an errand is taken by one alone, who alone renews and settles it", async (context) => {
    const { store } = await openStore(context);
    await keep(store);
    await add(store);
    const found = await firstErrand(store);
    const take = async (owner: string, untilMs: number) =>
      write(store, async ({ errands }) => errands.take(found, { owner, untilMs }));
    assert.equal(await take("me", 50), true);
    assert.equal(await take("other", 60), false);
    const mine = await firstErrand(store);
    assert.deepEqual([mine.attempts, mine.holder], [1, { owner: "me", untilMs: 50 }]);
    const end = { state: "done", failure: null, answer: { url: "x" }, nextAttemptMs: 7 } as const;
    const settle = async (errand: typeof mine) =>
      write(store, async ({ errands }) => errands.settle(errand, end));
    const renew = async (errand: typeof mine) =>
      write(store, async ({ errands }) => errands.renew(errand, 70));
    assert.deepEqual([await renew(found), await settle(found)], [false, false]);
    assert.equal(await renew(mine), true);
    assert.equal((await firstErrand(store)).holder?.untilMs, 70);
    assert.equal(await settle(mine), true);
    const settled = await firstErrand(store);
    const { state, answer, nextAttemptMs, holder } = settled;
    assert.deepEqual([state, answer, nextAttemptMs, holder], ["done", { url: "x" }, 7, null]);
    assert.deepEqual([await renew(settled), await settle(settled)], [false, false]);
  });

  test("an errand that failed is open again, with how it failed and the next time", async (context) => {
    const { store } = await openStore(context);
    await keep(store);
    await add(store);
    const before = await firstErrand(store);
    const holder = { owner: "me", untilMs: 50 };
    await write(store, async ({ errands }) => errands.take(before, holder));
    const mine = await firstErrand(store);
    const end = { state: "open", failure: "down", answer: null, nextAttemptMs: 99 } as const;
    assert.equal(await write(store, async ({ errands }) => errands.settle(mine, end)), true);
    const { state, failure, nextAttemptMs, attempts } = await firstErrand(store);
    assert.deepEqual([state, failure, nextAttemptMs, attempts], ["open", "down", 99, 1]);
  });

  test("drops the open errands of a pull request: all, of a kind, or but for one subject", async (context) => {
    const { store } = await openStore(context);
    await keep(store);
    for (const about of [HEAD, NEXT_HEAD]) await add(store, { about });
    await add(store, { kind: "deployment" });
    await keep(store, { number: 99 });
    await add(store, { number: 99 });
    const drop = async (which: { kinds?: ["review"]; except?: string }) =>
      write(store, async ({ errands }) => errands.drop(KEY, which));
    const states = async () => (await errandsOf(store)).map(({ state }) => state);
    assert.equal(await drop({ kinds: ["review"], except: NEXT_HEAD }), 1);
    assert.deepEqual(await states(), ["dropped", "open", "open", "open"]);
    assert.equal(await drop({}), 2);
    assert.deepEqual(await states(), ["dropped", "dropped", "dropped", "open"]);
    assert.equal(await drop({}), 0);
  });
}
