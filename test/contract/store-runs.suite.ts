// The store's contract on runs, the builds they hold, and their leases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RUN_STATUSES } from "../../src/domain/run.ts";
import type { RunStatus, RunWish } from "../../src/domain/run.ts";
import type { Store } from "../../src/ports/store.ts";
import { newRun } from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const AT = "2025-03-01T11:00:00.000Z";
const LATER = "2025-03-01T12:00:00.000Z";

const insert = (store: Store, run: ReturnType<typeof newRun>): Promise<void> =>
  store.transaction(async ({ runs }) => runs.insert(run, { made: "of" }));
const getRun = (store: Store, id: string) => store.read(async ({ runs }) => runs.get(id));

export function testStoreRuns(openStore: OpenStoreScene): void {
  testWishes(openStore);
  testRunRecords(openStore);
  testHolding(openStore);
  testLeases(openStore);
}

function testWishes(openStore: OpenStoreScene): void {
  test("keeps a wish of a running run until the run has a new owner", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    const want = (wish: RunWish) => store.transaction(async ({ runs }) => runs.want("run-1", wish));
    const wanted = () => store.read(async ({ runs }) => runs.wanted("run-1"));
    assert.equal(await want("pause"), false, "a queued run has nobody who would look");
    assert.deepEqual(await wanted(), { wish: null, epoch: 0 });
    await store.transaction(async ({ runs }) => {
      await runs.claim("run-1", "one", 0, 100);
      await runs.move("run-1", "queued", "running", { reason: null, detail: null, at: AT });
    });
    assert.equal(await want("pause"), true);
    assert.equal(await want("cancel"), true);
    assert.deepEqual(await wanted(), { wish: "cancel", epoch: 1 });
    await store.transaction(async ({ runs }) => runs.claim("run-1", "two", 200, 300));
    assert.deepEqual(await wanted(), { wish: null, epoch: 2 });
    assert.equal(await store.read(async ({ runs }) => runs.wanted("run-9")), null);
  });

  test("adds up how long a run was worked on, and never takes anything off", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    for (const ms of [1500.4, 0, -20, 500])
      await store.transaction(async ({ runs }) => runs.addActive("run-1", ms));
    assert.equal((await getRun(store, "run-1"))?.activeMs, 2000);
  });
}

function testRunRecords(openStore: OpenStoreScene): void {
  test("gives a run and its snapshot back as they were inserted", async (context) => {
    const { store } = await openStore(context);
    const run = newRun("run-1", {
      kind: "rock",
      builds: ["r/one", "r/two"],
      budget: { tokensMax: 1000, costUsdMax: 0.25, minutesMax: null, turnsMax: 7 },
      model: "ollama:x",
    });
    const snapshot = { assets: { list: [1, "two", null, { deep: true }] }, settings: {} };
    await store.transaction(async ({ runs }) => runs.insert(run, snapshot));
    assert.deepEqual(await getRun(store, "run-1"), {
      ...run,
      reason: null,
      detail: null,
      turns: 0,
      usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
      startedAt: null,
      endedAt: null,
      activeMs: 0,
      epoch: 0,
    });
    assert.deepEqual(await store.read(async ({ runs }) => runs.snapshot("run-1")), snapshot);
    const nothing = await store.read(async ({ runs }) => [
      await runs.get("run-2"),
      await runs.snapshot("run-2"),
    ]);
    assert.deepEqual(nothing, [null, null]);
  });

  test("R-12 stores start, end and reason with the status, and takes the end back on resume", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    const move = (from: RunStatus, to: RunStatus, at: string) =>
      store.transaction(async ({ runs }) =>
        runs.move("run-1", from, to, { reason: "budget", detail: `${to} now`, at }),
      );
    assert.equal(await move("queued", "running", AT), true);
    const running = await getRun(store, "run-1");
    assert.deepEqual(
      [running?.startedAt, running?.endedAt, running?.detail],
      [AT, null, "running now"],
    );
    assert.equal(await move("running", "blocked", LATER), true);
    const blocked = await getRun(store, "run-1");
    assert.deepEqual(
      [blocked?.startedAt, blocked?.endedAt, blocked?.reason],
      [AT, LATER, "budget"],
    );
    assert.equal(await move("blocked", "running", LATER), true);
    const resumed = await getRun(store, "run-1");
    assert.deepEqual(
      [resumed?.status, resumed?.startedAt, resumed?.endedAt],
      ["running", AT, null],
    );
  });

  test("moves no run whose status is no longer that", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    const change = { reason: null, detail: null, at: AT };
    assert.equal(
      await store.transaction(async ({ runs }) => runs.move("run-1", "running", "done", change)),
      false,
    );
    assert.equal(
      await store.transaction(async ({ runs }) => runs.move("run-2", "queued", "running", change)),
      false,
    );
    assert.equal((await getRun(store, "run-1"))?.status, "queued");
  });

  test("adds up what a run used", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    const usage = { inputTokens: 100, outputTokens: 7, costUsd: 0.25 };
    await store.transaction(async ({ runs }) => {
      await runs.addUsage("run-1", usage, 1);
      await runs.addUsage("run-1", usage, 0);
    });
    const run = await getRun(store, "run-1");
    assert.deepEqual(
      [run?.turns, run?.usage],
      [1, { inputTokens: 200, outputTokens: 14, costUsd: 0.5 }],
    );
    await assert.rejects(
      store.transaction(async ({ runs }) => runs.addUsage("run-2", usage, 1)),
      { code: "RUN_UNKNOWN" },
    );
  });

  test("lists runs newest first, by build and status", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-c", { status: "done" }));
    await insert(store, newRun("run-a", { status: "failed" }));
    await insert(store, newRun("run-b", { builds: ["other", "build-a"] }));
    type Filter = {
      build?: string;
      statuses?: readonly RunStatus[];
      before?: string;
      limit: number;
    };
    const ids = (filter: Filter) =>
      store.read(async ({ runs }) => (await runs.list(filter)).map(({ id }) => id).join(" "));
    assert.equal(await ids({ limit: 10 }), "run-b run-a run-c");
    assert.equal(await ids({ limit: 2 }), "run-b run-a");
    assert.equal(await ids({ build: "other", limit: 10 }), "run-b");
    assert.equal(
      await ids({ build: "build-a", statuses: ["done", "failed"], limit: 10 }),
      "run-a run-c",
    );
    assert.equal(await ids({ statuses: [], limit: 10 }), "");
    assert.equal(await ids({ before: "run-b", limit: 10 }), "run-a run-c");
    assert.equal(await ids({ before: "run-b", statuses: ["done"], limit: 10 }), "run-c");
    assert.equal(await ids({ before: "run-c", limit: 10 }), "");
    assert.equal(await ids({ before: "nobody", limit: 10 }), "");
  });

  test("keeps what is known of a build, and writes it anew", async (context) => {
    const { store } = await openStore(context);
    const build = {
      id: "r/one",
      epic: "one",
      department: "core",
      rock: "r",
      workspaceDigest: null,
    };
    assert.equal(await store.read(async ({ runs }) => runs.build("r/one")), null);
    for (const workspaceDigest of [null, "abc"]) {
      await store.transaction(async ({ runs }) => runs.saveBuild({ ...build, workspaceDigest }));
      assert.deepEqual(await store.read(async ({ runs }) => runs.build("r/one")), {
        ...build,
        workspaceDigest,
      });
    }
  });
}

function testHolding(openStore: OpenStoreScene): void {
  test("R-62 refuses a second active run on a build and names the first", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1", { builds: ["one", "two"] }));
    const second = newRun("run-2", { builds: ["three", "two"] });
    await assert.rejects(insert(store, second), { code: "BUILD_BUSY", details: { run: "run-1" } });
    assert.equal(await getRun(store, "run-2"), null);
    assert.equal(await store.read(async ({ runs }) => runs.activeOn(["three"])), null);
    await insert(store, newRun("run-3", { builds: ["three"] }));
    const holder = await store.read(async ({ runs }) => runs.activeOn(["none", "two"]));
    assert.equal(holder?.id, "run-1");
    assert.equal(await store.read(async ({ runs }) => runs.activeOn([])), null);
  });

  test("R-62 of starts at the same moment exactly one succeeds", async (context) => {
    const { store } = await openStore(context);
    const starts = Array.from({ length: 20 }, (_, index) => insert(store, newRun(`run-${index}`)));
    const results = await Promise.allSettled(starts);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal(await store.read(async ({ runs }) => (await runs.list({ limit: 100 })).length), 1);
  });

  test("holds its builds while it is queued, running or paused, and in no other status", async (context) => {
    const { store } = await openStore(context);
    for (const status of RUN_STATUSES) {
      await insert(store, newRun(`run-${status}`, { builds: [status], status }));
      const holder = await store.read(async ({ runs }) => runs.activeOn([status]));
      const active = status === "queued" || status === "running" || status === "paused";
      assert.equal(holder !== null, active, status);
    }
  });

  test("gives its builds back when it ends, and takes them again on resume unless another has them", async (context) => {
    const { store } = await openStore(context);
    const change = { reason: null, detail: null, at: AT };
    const move = (id: string, from: RunStatus, to: RunStatus) =>
      store.transaction(async ({ runs }) => runs.move(id, from, to, change));
    await insert(store, newRun("run-1", { status: "running", builds: ["one", "two"] }));
    assert.equal(await move("run-1", "running", "paused"), true);
    await assert.rejects(insert(store, newRun("run-2", { builds: ["two"] })), {
      code: "BUILD_BUSY",
    });
    assert.equal(await move("run-1", "paused", "running"), true);
    assert.equal(await move("run-1", "running", "failed"), true);
    await insert(store, newRun("run-2", { builds: ["two"] }));
    await assert.rejects(move("run-1", "failed", "running"), {
      code: "BUILD_BUSY",
      details: { run: "run-2" },
    });
    assert.equal((await getRun(store, "run-1"))?.status, "failed");
    assert.equal(await move("run-2", "queued", "canceled"), true);
    assert.equal(await move("run-1", "failed", "running"), true);
    await assert.rejects(insert(store, newRun("run-3", { builds: ["one"] })), {
      code: "BUILD_BUSY",
    });
  });
}

function testLeases(openStore: OpenStoreScene): void {
  test("R-79 gives a run to one owner at a time, with a higher epoch each time", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    const claim = (owner: string, nowMs: number, untilMs: number) =>
      store.transaction(async ({ runs }) => runs.claim("run-1", owner, nowMs, untilMs));
    const lease = () => store.read(async ({ runs }) => runs.lease("run-1"));
    assert.equal(await lease(), null);
    assert.equal(await claim("one", 1000, 2000), 1);
    assert.deepEqual(await lease(), { owner: "one", epoch: 1, untilMs: 2000 });
    assert.equal(await claim("two", 1999, 3000), null);
    assert.equal(await claim("two", 2000, 3000), null);
    assert.equal(await claim("two", 2001, 3000), 2);
    assert.equal((await getRun(store, "run-1"))?.epoch, 2);
    assert.equal(
      await store.transaction(async ({ runs }) => runs.claim("run-9", "one", 0, 1)),
      null,
    );
    assert.equal(await claim("three", Number.MAX_SAFE_INTEGER, 9000), 3);
  });

  test("R-79 of claims at the same moment exactly one succeeds", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    const claims = Array.from({ length: 20 }, (_, index) =>
      store.transaction(async ({ runs }) => runs.claim("run-1", `owner ${index}`, 1000, 2000)),
    );
    assert.deepEqual(
      (await Promise.all(claims)).filter((epoch) => epoch !== null),
      [1],
    );
  });

  test("R-79 renews and releases only for the owner of that epoch", async (context) => {
    const { store } = await openStore(context);
    await insert(store, newRun("run-1"));
    const renew = (epoch: number, untilMs: number) =>
      store.transaction(async ({ runs }) => runs.renew("run-1", epoch, untilMs));
    const release = (epoch: number) =>
      store.transaction(async ({ runs }) => runs.release("run-1", epoch));
    const lease = () => store.read(async ({ runs }) => runs.lease("run-1"));
    assert.equal(await renew(0, 5000), false);
    await store.transaction(async ({ runs }) => runs.claim("run-1", "one", 1000, 2000));
    assert.equal(await renew(1, 2500), true);
    await store.transaction(async ({ runs }) => runs.claim("run-1", "two", 2600, 3000));
    assert.equal(await renew(1, 9000), false);
    await release(1);
    assert.deepEqual(await lease(), { owner: "two", epoch: 2, untilMs: 3000 });
    await release(2);
    assert.equal(await lease(), null);
    assert.equal(await renew(2, 9000), false);
    assert.equal(
      await store.transaction(async ({ runs }) => runs.claim("run-1", "three", 0, 1)),
      3,
    );
  });
}
