// The store's contract on bug-fix phases.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewPhase } from "../../src/domain/bug-fix-phase.ts";
import type { Store } from "../../src/ports/store.ts";
import { moveTo, newCard } from "../support/store-records.ts";
import type { OpenStoreScene } from "./store.suite.ts";

const newPhase = (more: Partial<NewPhase> = {}): NewPhase => ({
  rock: "big",
  build: "big",
  builds: ["big/one", "big/two"],
  department: "core",
  days: 7,
  startedAt: "2026-03-02T10:00:00.000Z",
  endsAt: "2026-03-09T10:00:00.000Z",
  extendableFrom: "2026-03-02T10:00:00.000Z",
  ...more,
});

const start = async (store: Store, more: Partial<NewPhase> = {}) =>
  store.transaction(async ({ phases }) => phases.start(newPhase(more)));

const END = "2026-03-10T00:00:00.000Z";
const completed = { ...newPhase(), status: "completed", completedAt: END } as const;

export function testStorePhases(openStore: OpenStoreScene): void {
  testLife(openStore);
  testBugs(openStore);
}

function testLife(openStore: OpenStoreScene): void {
  test("R-04 gives a phase back as it was started", async (context) => {
    const { store } = await openStore(context);
    const { phase, isNew } = await start(store);
    const expected = { ...newPhase(), number: 1, status: "active", completedAt: null };
    assert.deepEqual([phase, isNew], [expected, true]);
    assert.deepEqual(await store.read(async ({ phases }) => phases.list({ limit: 9 })), [expected]);
  });

  test("R-04 a second start of a rock gives its open phase, unchanged; another rock has its own", async (context) => {
    const { store } = await openStore(context);
    const first = await start(store);
    const second = await start(store, { days: 99, builds: [] });
    assert.deepEqual(second, { phase: first.phase, isNew: false });
    assert.equal((await start(store, { rock: "other" })).isNew, true);
  });

  test("R-04 when a phase has ended the rock can have another, and the newest comes first", async (context) => {
    const { store } = await openStore(context);
    const { phase } = await start(store);
    await store.transaction(async ({ phases }) => phases.change(phase, completed));
    const next = await start(store, { days: 3 });
    assert.equal(next.isNew, true);
    const read = await store.read(async ({ phases }) => ({
      all: await phases.list({ limit: 9 }),
      one: await phases.list({ limit: 1 }),
      open: await phases.list({ status: "active", limit: 9 }),
    }));
    assert.deepEqual(
      read.all.map(({ days, status, completedAt }) => [days, status, completedAt]),
      [
        [3, "active", null],
        [7, "completed", END],
      ],
    );
    assert.deepEqual([read.one, read.open], [[next.phase], [next.phase]]);
  });

  test("R-04 changes a phase only as it was read: of two that found it due one writes", async (context) => {
    const { store } = await openStore(context);
    const { phase } = await start(store);
    const longer = { ...phase, days: 14, endsAt: END };
    const change = async (to: typeof longer) =>
      store.transaction(async ({ phases }) => phases.change(phase, to));
    assert.deepEqual([await change(longer), await change(longer)], [true, false]);
    const end = async () =>
      store.transaction(async ({ phases }) => phases.change(longer, { ...completed, days: 14 }));
    assert.deepEqual([await end(), await end()], [true, false]);
  });
}

function testBugs(openStore: OpenStoreScene): void {
  test("R-04 bugs are the issues of the builds with the type or the label, and know whether they are open", async (context) => {
    const { store } = await openStore(context);
    const { brief } = newCard("X");
    const labeled = (...labels: readonly string[]) => ({ brief: { ...brief, labels } });
    const given = [
      newCard("typed", { build: "big/one", type: "bug", priority: 4 }),
      newCard("labeled", { build: "big/two", ...labeled("ui", " Bug ") }),
      newCard("closed", { build: "big/one", type: "bug" }),
      newCard("debug", { build: "big/one", ...labeled("debug", "bugs") }),
      newCard("words", { build: "big/one", brief: { ...brief, description: 'a "bug"' } }),
      newCard("lost", { build: "big/one", type: "bug" }),
      newCard("epic", { build: "big/one", kind: "epic", ...labeled("bug") }),
      newCard("other", { build: "elsewhere", type: "bug" }),
    ];
    await store.transaction(async ({ cards }) => {
      for (const card of given) await cards.insert(card);
      await cards.move({ build: "big/one", id: "closed", version: 1 }, moveTo("ready", "canceled"));
      await cards.write("big/one", "lost", { orphaned: true });
    });
    const bugs = await store.read(async ({ phases }) => phases.bugs(["big/one", "big/two"]));
    assert.deepEqual(
      new Map(bugs.map(({ id, priority, open }) => [id, [priority, open]])),
      new Map([
        ["typed", [4, true]],
        ["labeled", [2, true]],
        ["closed", [2, false]],
      ]),
    );
    assert.deepEqual(await store.read(async ({ phases }) => phases.bugs([])), []);
    const names = Array.from({ length: 1200 }, (_, place) => `none-${place}`);
    const many = await store.read(async ({ phases }) => phases.bugs([...names, "big/two"]));
    assert.deepEqual(
      many.map(({ id }) => id),
      ["labeled"],
    );
  });
}
