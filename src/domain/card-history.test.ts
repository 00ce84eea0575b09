// Cards out of the log: each event that changes one, whose turns count, and what an older log lacks. That whole runs give
// what the store has stands in test/e2e/fork.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CardState } from "./card-history.ts";
import { cardsAfter, createdFacts, lastErrorOf, movedFacts } from "./card-history.ts";
import type { Event, EventType } from "./events.ts";
import type { JsonObject } from "./json.ts";

type Written = readonly [
  type: EventType,
  data: JsonObject,
  turn?: string | undefined,
  card?: string | null,
];

const atOf = (seq: number): string => `2025-03-01T10:00:0${seq}.000Z`;

const logOf = (written: readonly Written[]): readonly Event[] =>
  written.map(([type, data, turn, card = "a"], place) => ({
    seq: place + 1,
    at: atOf(place + 1),
    type,
    build: "build-a",
    ...(card === null ? {} : { card }),
    ...(turn === undefined ? {} : { turn }),
    actor: turn === undefined ? "engine" : "agent:coder",
    data,
    prevHash: "",
    hash: "",
  }));

const NEW = {
  summary: "Do it",
  seat: "coder",
  parent: null,
  status: "ready",
  waitReason: null,
  waitDetail: null,
} as const;
const BEGIN: Written = ["card-created", createdFacts(NEW)];

const FRESH: CardState = {
  status: "ready",
  statusSince: atOf(1),
  waitReason: null,
  waitDetail: null,
  retryCount: 0,
  cycle: 0,
  verified: false,
  orphaned: false,
  authorSeats: [],
  credits: 0,
  resolution: null,
  lastError: null,
  spoken: 0,
};

function after(written: readonly Written[], counts = (_turn: string): boolean => true) {
  const past = cardsAfter(logOf(written), counts);
  assert.ok(past.ok, JSON.stringify(past));
  return past.value;
}

const cardAfter = (...written: readonly Written[]): CardState | undefined =>
  after([BEGIN, ...written]).get("a");

test("a card begins as its creation says", () => {
  assert.deepEqual(cardAfter(), FRESH);
  const blocked = {
    ...NEW,
    status: "blocked",
    waitReason: "input",
    waitDetail: "Which one?",
  } as const;
  assert.deepEqual(after([["card-created", createdFacts(blocked)]]).get("a"), {
    ...FRESH,
    status: "blocked",
    waitReason: "input",
    waitDetail: "Which one?",
  });
  const state = { ...FRESH, cycle: 2, authorSeats: ["coder"], spoken: 3 };
  assert.deepEqual(after([["card-created", createdFacts(NEW, state)]]).get("a"), state);
});

test("a move writes what it says, and forgets the authors at done and at a restart", () => {
  const wrote: Written = ["tool-finished", { path: "a.md" }, "t1"];
  const block = movedFacts({
    from: "in_progress",
    to: "blocked",
    cause: "failure",
    waitReason: "system",
    waitDetail: "Three denials.",
  });
  assert.deepEqual(cardAfter(wrote, wrote, ["card-moved", block]), {
    ...FRESH,
    status: "blocked",
    statusSince: atOf(4),
    waitReason: "system",
    waitDetail: "Three denials.",
    authorSeats: ["coder"],
  });
  const release = { from: "blocked", waitReason: null, waitDetail: null } as const;
  const restart = { ...release, to: "ready", cause: "restart", cycle: 0, retryCount: 0 } as const;
  const done = { ...release, to: "done", cause: "command", verified: true, cycle: 0 } as const;
  assert.deepEqual(cardAfter(wrote, ["card-moved", block], ["card-moved", movedFacts(restart)]), {
    ...FRESH,
    statusSince: atOf(4),
  });
  assert.deepEqual(cardAfter(wrote, ["card-moved", movedFacts(done)]), {
    ...FRESH,
    status: "done",
    statusSince: atOf(3),
    verified: true,
  });
});

test("failures count up, and a committed turn pays them off", () => {
  const failed: Written = ["card-retried", { retryCount: 1, reason: "no answer" }, "t1"];
  assert.deepEqual(cardAfter(failed), { ...FRESH, retryCount: 1, lastError: "no answer" });
  const last: Written = ["card-retries-exhausted", { retryCount: 2, reason: "x".repeat(5000) }];
  assert.equal(cardAfter(failed, last)?.lastError?.length, 1000);
  assert.equal(lastErrorOf("short"), "short");
  assert.deepEqual(cardAfter(failed, ["turn-finished", {}, "t2"]), FRESH);
  // A card that a person released keeps its last error: nothing is owed any more.
  const released: Written = ["card-moved", { to: "ready", cause: "command", retryCount: 0 }];
  assert.equal(cardAfter(failed, released, ["turn-finished", {}])?.lastError, "no answer");
});

test("comments of people, credits, rejections, a resolution and the loss of a definition are known", () => {
  const card = cardAfter(
    ["card-commented", { text: "by a person" }],
    ["card-commented", { text: "by a turn" }, "t1"],
    ["credits-reported", { amount: 1.5 }, "t1"],
    ["credits-reported", { amount: 2 }, "t1"],
    ["review-rejected", { cycle: 1 }, "t1"],
    ["turn-finished", { resolution: "All done." }, "t1"],
    ["turn-finished", {}, "t2"],
    ["tool-finished", { tool: "read_file" }, "t2"],
    ["card-orphaned", {}],
  );
  const known = { spoken: 1, credits: 3.5, cycle: 1, resolution: "All done.", orphaned: true };
  assert.deepEqual(card, { ...FRESH, ...known });
  assert.equal(cardAfter(["card-orphaned", {}], ["card-redefined", {}])?.orphaned, false);
});

test("what a turn that does not count did never happened", () => {
  const log: readonly Written[] = [
    BEGIN,
    ["card-moved", { to: "in_progress", cause: "dispatch" }, "open"],
    ["tool-finished", { path: "a.md" }, "open"],
    ["card-created", createdFacts(NEW), "open", "lost"],
    ["card-created", createdFacts(NEW), "open", "kept"],
    ["card-moved", { to: "in_progress", cause: "dispatch" }, "ended", "kept"],
  ];
  const cards = after(log, (turn) => turn === "ended");
  assert.deepEqual([...cards.keys()], ["a", "kept"]);
  assert.deepEqual(cards.get("a"), FRESH);
  assert.equal(cards.get("kept")?.status, "in_progress");
});

test("events of no card, of an unknown card and of another meaning change nothing", () => {
  const cards = after([
    BEGIN,
    ["decision-made", {}, undefined, null],
    ["card-moved", { to: "done" }, undefined, "nobody"],
    ["alert-raised", {}],
  ]);
  assert.deepEqual([...cards], [["a", FRESH]]);
});

test("a log of an older version, which does not say how a card began, is refused", () => {
  const past = cardsAfter(logOf([["card-created", { summary: "Do it", seat: null }]]), () => true);
  assert.equal(past.ok ? "" : past.error.code, "HISTORY_INCOMPLETE");
});
