// The backlog kept up to date card by card equals the backlog made from scratch, and its candidates are the right ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import { compareCandidates, createBacklog } from "./backlog.ts";
import type { Card, CardStatus } from "./card.ts";
import { CARD_STATUSES } from "./card.ts";
import type { Candidate } from "./decision.ts";

const RULES = { wipPerSeatMax: 3 };

const card = (id: string, rest: Partial<Card> = {}): Card => ({
  build: "build-x",
  id,
  kind: "issue",
  type: "issue",
  summary: id,
  status: "ready",
  waitReason: null,
  waitDetail: null,
  version: 1,
  priority: 2,
  seat: "coder",
  epic: "epic",
  parent: "epic",
  department: "core",
  position: 0,
  dependsOn: [],
  retryCount: 0,
  retriesMax: 3,
  cycle: 0,
  verified: false,
  orphaned: false,
  authorSeats: [],
  assignee: null,
  credits: 0,
  resolution: null,
  lastError: null,
  createdAt: "2026-02-02T00:00:00.000Z",
  updatedAt: "2026-02-02T00:00:00.000Z",
  statusSince: "2026-02-02T00:00:00.000Z",
  ...rest,
});
const idsOf = (candidates: readonly Candidate[]): readonly string[] =>
  candidates.map((one) => one.id);
const classesOf = (cards: readonly Card[]) =>
  Object.fromEntries(
    createBacklog(cards, RULES)
      .candidates(99)
      .map((one) => [one.id, one.class]),
  );

test("R-07 each state gives its class of candidate, and waiting or closed cards give none", () => {
  const cards = CARD_STATUSES.map((status) => card(status, { status }));
  assert.deepEqual(classesOf(cards), {
    ready: "ready",
    in_progress: "rework",
    code_review: "review",
    ready_for_testing: "testing",
  });
});

test("R-24 a card is a candidate when all its dependencies are done, and not before", () => {
  const first = card("a");
  const backlog = createBacklog(
    [first, card("b", { dependsOn: ["a"] }), card("c", { dependsOn: ["ghost"] })],
    RULES,
  );
  assert.deepEqual(idsOf(backlog.candidates(9)), ["a"]);
  assert.deepEqual(backlog.unmet(card("x", { dependsOn: ["a", "ghost"] })), ["a", "ghost"]);
  for (const status of ["in_progress", "code_review"] as const) {
    backlog.apply({ ...first, status });
    assert.deepEqual(idsOf(backlog.candidates(9)), ["a"]);
  }
  backlog.apply({ ...first, status: "done" });
  assert.deepEqual(idsOf(backlog.candidates(9)), ["b"]);
});

test("epics, rocks and orphans are no candidates and do not count for the end", () => {
  const cards = [
    card("e", { kind: "epic" }),
    card("r", { kind: "rock" }),
    card("o", { orphaned: true }),
  ];
  const backlog = createBacklog(cards, RULES);
  assert.deepEqual(backlog.candidates(9), []);
  assert.deepEqual(backlog.open(), []);
  assert.equal(backlog.isFinished(), true);
});

test("open work is everything that is not closed", () => {
  const cards = CARD_STATUSES.map((status) => card(status, { status }));
  const backlog = createBacklog(cards, RULES);
  assert.deepEqual(
    backlog.open().map((one) => one.id),
    CARD_STATUSES.filter((status) => !["done", "canceled", "archived"].includes(status)),
  );
  for (const one of backlog.open()) backlog.apply({ ...one, status: "canceled" });
  assert.equal(backlog.isFinished(), true);
});

test("R-68 the order is score, class, creation, place in the file, id", () => {
  const candidate = (rest: Partial<Candidate>): Candidate => ({
    id: "m",
    kind: "issue",
    type: "issue",
    status: "ready",
    seat: "coder",
    priority: 2,
    cycle: 0,
    retryCount: 0,
    createdAt: "2026-02-02T00:00:00.000Z",
    position: 5,
    class: "testing",
    score: 5,
    ...rest,
  });
  const order: readonly Candidate[] = [
    candidate({ score: 6, class: "ready" }),
    candidate({ class: "review", createdAt: "2027" }),
    candidate({ class: "rework", createdAt: "2027" }),
    candidate({ createdAt: "2025" }),
    candidate({ position: 4, id: "z" }),
    candidate({ id: "a" }),
    candidate({ id: "b" }),
    candidate({ class: "ready", createdAt: "2020" }),
    candidate({ score: 4, class: "review" }),
  ];
  assert.deepEqual(order.toReversed().toSorted(compareCandidates), order);
  assert.equal(compareCandidates(candidate({}), candidate({})), 0);
});

test("a card on hold is no candidate until it is free again", () => {
  const backlog = createBacklog([card("a"), card("b", { position: 1 })], RULES);
  backlog.hold("a");
  assert.deepEqual(idsOf(backlog.candidates(9)), ["b"]);
  backlog.hold("b");
  backlog.apply(card("a", { status: "in_progress" }));
  assert.deepEqual(backlog.candidates(9), []);
  backlog.free("a");
  backlog.free("b");
  backlog.free("ghost");
  backlog.hold("ghost");
  assert.deepEqual(idsOf(backlog.candidates(9)), ["a", "b"]);
  assert.deepEqual(idsOf(backlog.candidates(1)), ["a"]);
  assert.deepEqual(backlog.candidates(0), []);
});

test("a seat with enough work in progress starts no new card, and goes on with the old ones", () => {
  const busy = [1, 2, 3].map((place) =>
    card(`w${place}`, { status: "in_progress", position: place }),
  );
  const others = [
    card("new", { position: 9 }),
    card("other", { seat: "tester", position: 10 }),
    card("none", { seat: null, position: 11 }),
  ];
  const backlog = createBacklog([...busy, ...others], RULES);
  assert.deepEqual(idsOf(backlog.candidates(9)), ["w1", "w2", "w3", "other", "none"]);
  backlog.apply(card("w1", { status: "code_review", position: 1 }));
  assert.deepEqual(idsOf(backlog.candidates(9)), ["w1", "w2", "w3", "new", "other", "none"]);
});

test("cards that are chosen together are admitted as far as their seat has room, whoever chose them", () => {
  const cards = [
    card("w1", { status: "in_progress" }),
    ...[1, 2, 3].map((place) => card(`r${place}`, { position: place })),
    card("t", { seat: "tester", position: 4 }),
    card("review", { status: "code_review", position: 5 }),
  ];
  const backlog = createBacklog(cards, RULES);
  const all = backlog.candidates(9);
  assert.deepEqual(idsOf(backlog.admit(all)), ["review", "w1", "r1", "r2", "t"]);
  const turned = [...all].reverse();
  assert.deepEqual(idsOf(backlog.admit(turned)), ["t", "r3", "r2", "w1", "review"]);
  assert.deepEqual([backlog.inProgress("coder"), backlog.inProgress("nobody")], [1, 0]);
});

test("what a seat has in progress in other builds of the run takes its room here too", () => {
  let elsewhere = 3;
  const rules = { ...RULES, elsewhere: (seat: string) => (seat === "coder" ? elsewhere : 0) };
  const backlog = createBacklog([card("a"), card("t", { seat: "tester" })], rules);
  assert.deepEqual(idsOf(backlog.candidates(9)), ["t"]);
  elsewhere = 2;
  assert.deepEqual(idsOf(backlog.candidates(9)), ["a", "t"]);
});

test("cards whose asset is gone hold no room: nobody works on them, so it would never come free", () => {
  const lost = [1, 2, 3].map((place) =>
    card(`w${place}`, { status: "in_progress", orphaned: true }),
  );
  const backlog = createBacklog([...lost, card("a")], RULES);
  assert.deepEqual(idsOf(backlog.candidates(9)), ["a"]);
  backlog.apply(card("w1", { status: "in_progress" }));
  assert.equal(backlog.inProgress("coder"), 1);
  backlog.apply(card("w1", { status: "in_progress", orphaned: true }));
  assert.equal(backlog.inProgress("coder"), 0);
});

test("R-24 dependencies that died or came alive are named once, with the cards they concern", () => {
  const waiting = card("b", { dependsOn: ["a"] });
  const backlog = createBacklog(
    [card("a"), waiting, card("o", { dependsOn: ["a"], orphaned: true })],
    RULES,
  );
  assert.deepEqual(backlog.takeDependencyChanges(), []);
  for (const status of ["canceled", "archived", "blocked"] as const) {
    backlog.apply(card("a", { status }));
    assert.deepEqual(backlog.takeDependencyChanges(), [{ card: waiting, dependency: "a" }]);
    assert.deepEqual(backlog.takeDependencyChanges(), []);
    backlog.apply(card("a"));
    assert.deepEqual(backlog.takeDependencyChanges(), []);
  }
  const blocked = card("b", { dependsOn: ["a"], status: "blocked", waitReason: "dependency" });
  backlog.apply(card("a", { status: "canceled" }));
  backlog.apply(blocked);
  assert.deepEqual(backlog.takeDependencyChanges(), []);
  backlog.apply(card("a", { status: "done" }));
  assert.deepEqual(backlog.takeDependencyChanges(), [{ card: blocked, dependency: null }]);
  backlog.apply({ ...blocked, waitReason: "input" });
  assert.deepEqual(backlog.takeDependencyChanges(), []);
});

test("scores follow the graph, and an unknown card has none", () => {
  const backlog = createBacklog([card("a"), card("b", { dependsOn: ["a"] })], RULES);
  assert.equal(backlog.score("a"), 3);
  assert.equal(backlog.score("ghost"), 0);
  backlog.apply(card("b", { dependsOn: ["a"], status: "canceled" }));
  assert.equal(backlog.score("a"), 2);
  assert.equal(backlog.get("b")?.status, "canceled");
  assert.equal(backlog.get("ghost"), undefined);
});

type Command = { readonly place: number; readonly change: Partial<Card> | "hold" | "free" };
const changes: fc.Arbitrary<Command["change"]> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...CARD_STATUSES).map((status) => ({ status })) },
  fc.constantFrom(0, 1, 4).map((priority) => ({ priority })),
  fc.constantFrom("coder", "tester", null).map((seat) => ({ seat })),
  fc.boolean().map((orphaned) => ({ orphaned })),
  fc.constantFrom("hold", "free"),
);
const commands = fc.array(fc.record({ place: fc.nat({ max: 7 }), change: changes }), {
  maxLength: 40,
});
const edges = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 })), { maxLength: 12 });

testSeeded(
  "R-68 kept up to date command by command, the backlog equals one made from scratch",
  (seed) => {
    fc.assert(
      fc.property(edges, commands, (links, list) => {
        const dependsOn = (place: number) =>
          links.filter(([from, to]) => from === place && to < place).map(([, to]) => `c${to}`);
        const cards = Array.from({ length: 8 }, (_, place) =>
          card(`c${place}`, { position: place % 3, dependsOn: [...new Set(dependsOn(place))] }),
        );
        const backlog = createBacklog(cards, RULES);
        const held = new Set<string>();
        for (const { place, change } of list) {
          const before = cards[place];
          if (before === undefined) continue;
          if (change === "hold") backlog.hold(before.id);
          if (change === "hold") held.add(before.id);
          if (change === "free") backlog.free(before.id);
          if (change === "free") held.delete(before.id);
          if (typeof change === "string") continue;
          // Work is finished only when what it waited for is: no card is worked on before.
          const finished = (id: string): boolean =>
            cards.find((one) => one.id === id)?.status === "done";
          if (change.status === "done" && !before.dependsOn.every(finished)) continue;
          const after = { ...before, ...change };
          cards[place] = after;
          backlog.apply(after);
          const fresh = createBacklog(cards, RULES);
          for (const id of held) fresh.hold(id);
          assert.deepEqual(backlog.candidates(99), fresh.candidates(99));
          assert.deepEqual(new Set(backlog.open()), new Set(fresh.open()));
          assert.equal(backlog.isFinished(), fresh.isFinished());
        }
      }),
      { seed, numRuns: 300 },
    );
  },
);

test("a change costs little even in a backlog of ten thousand", () => {
  const statuses: readonly CardStatus[] = ["in_progress", "code_review", "done"];
  const many = Array.from({ length: 10_000 }, (_, place) => card(`c${place}`, { position: place }));
  const backlog = createBacklog(many, { wipPerSeatMax: 1e9 });
  backlog.candidates(1);
  for (const one of many.slice(0, 2000)) {
    for (const status of statuses) {
      backlog.apply({ ...one, status });
      backlog.candidates(3);
    }
  }
});
