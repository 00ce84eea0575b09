// The board's own rules: what events do to it, what is offered, what stands where and what it says there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CARD_STATUSES, WAIT_REASONS } from "../../../../src/domain/card.ts";
import { MOVE_TABLES } from "../../../../src/domain/card-moves.ts";
import type { Board, BoardIssue, WireEvent } from "../../api/types.ts";
import { applyToBoard, toData } from "./board-data.ts";
import type { BoardCard, BoardData } from "./board-data.ts";
import { columnOf, toColumns } from "./columns.ts";
import { activeCount, filterCards, filtersOf, NO_FILTERS, viewOf } from "./filters.ts";
import { historyLine } from "../card/history-line.ts";
import { MOVES, needsReason, WAITS } from "./moves.ts";
import { standingOf, whoActs } from "./standing.ts";

const issue = (id: string, more: Partial<BoardIssue> = {}): BoardIssue => ({
  id,
  summary: `Work on ${id}`,
  status: "ready",
  waitReason: null,
  waitDetail: null,
  verified: false,
  cycle: 0,
  seat: "coder",
  priority: 1,
  dependsOn: [],
  score: 0,
  build: "b",
  since: "2026-01-01T00:00:00.000Z",
  ...more,
});

function boardOf(...issues: readonly BoardIssue[]): BoardData {
  const epic = { id: "E", name: "Epic", department: "core", team: "core/core", build: "b", issues };
  return toData({
    sprint: { name: "Q1 S1", start: "2026-01-01", end: "2026-01-07" },
    rocks: [{ id: "R", name: "Rock", status: "ready", epics: [{ ...epic, status: "ready" }] }],
    orphaned_epics: [],
    orphaned_issues: [issue("lost", { build: null })],
    artifacts: [],
    alerts: [],
    asOfSeq: 10,
  } as Board);
}

let seq = 10;
const event = (card: string, type: WireEvent["type"], data: WireEvent["data"] = {}): WireEvent => ({
  v: 1,
  seq: (seq += 1),
  at: "2026-01-02T00:00:00.000Z",
  type,
  run: "r",
  build: "b",
  card,
  turn: "t-1",
  actor: "engine",
  data,
});

function applied(data: BoardData, ...events: readonly WireEvent[]): BoardData {
  const next = applyToBoard(data, events);
  assert.ok(next !== "reload");
  return next;
}
const cardOf = ({ cards }: BoardData, id: string): BoardCard => {
  const found = cards.find((card) => card.id === id);
  assert.ok(found !== undefined);
  return found;
};

test("every card is on the board once, with where it belongs", () => {
  const { cards, epics } = boardOf(issue("A"), issue("B"));
  assert.deepEqual(
    cards.map(({ key, epic, rock }) => [key, epic, rock]),
    [
      ["b:A", "E", "R"],
      ["b:B", "E", "R"],
      [":lost", null, null],
    ],
  );
  assert.equal(epics[0]?.rock?.name, "Rock");
});

test("a burst moves cards in its order, and leaves the others the very same", () => {
  const before = boardOf(issue("A"), issue("B"));
  const after = applied(
    before,
    event("A", "card-moved", { from: "ready", to: "in_progress" }),
    event("A", "card-moved", {
      from: "in_progress",
      to: "blocked",
      waitReason: "input",
      waitDetail: "Which currency?",
    }),
  );
  const { status, waitReason, waitDetail, since } = cardOf(after, "A");
  assert.deepEqual(
    [status, waitReason, waitDetail, since],
    ["blocked", "input", "Which currency?", "2026-01-02T00:00:00.000Z"],
  );
  assert.equal(cardOf(after, "B"), cardOf(before, "B"));
  const done = applied(after, event("A", "card-moved", { to: "done", verified: true, cycle: 0 }));
  assert.equal(cardOf(done, "A").verified, true);
  assert.equal(cardOf(done, "A").waitReason, null);
});

test("what does not concern a card of the board changes nothing at all", () => {
  const data = boardOf(issue("A"));
  assert.equal(applied(data, event("strange", "card-moved", { to: "done" })), data);
  assert.equal(applied(data, { ...event("A", "model-called"), card: null }), data);
  assert.equal(applied(data, event("A", "model-called")), data);
  const ofAnother = { ...event("A", "card-moved", { to: "done" }), build: "another" };
  assert.equal(applied(data, ofAnother), data);
  for (const type of ["card-created", "card-archived", "card-orphaned"] as const)
    assert.equal(applyToBoard(data, [event("A", type)]), "reload");
});

test("a live turn shows its seat and the call in hand, and goes with its end", () => {
  const started = applied(
    boardOf(issue("A", { status: "in_progress" })),
    event("A", "turn-started", { seat: "coder" }),
  );
  assert.equal(standingOf(cardOf(started, "A")), "coder at work");
  const calling = applied(started, event("A", "tool-called", { tool: "run_command" }));
  assert.equal(standingOf(cardOf(calling, "A")), "coder: run_command");
  const called = applied(calling, event("A", "tool-finished"));
  assert.equal(standingOf(cardOf(called, "A")), "coder at work");
  const ofAnother = { ...event("A", "turn-finished"), turn: "t-0" };
  assert.equal(applied(called, ofAnother), called);
  assert.equal(standingOf(cardOf(applied(called, event("A", "turn-failed")), "A")), "no live turn");
});

test("what waits says for what and who acts", () => {
  const standing = (more: Partial<BoardIssue>): string =>
    standingOf(cardOf(boardOf(issue("A", more)), "A"));
  assert.equal(
    standing({ status: "blocked", waitReason: "dependency", waitDetail: "B" }),
    "dependency: B",
  );
  assert.equal(standing({ status: "blocked", waitReason: "system" }), "system");
  assert.equal(standing({ status: "in_progress", cycle: 2 }), "rework, cycle 2; no live turn");
  assert.equal(standing({ status: "code_review", cycle: 1 }), "cycle 2 of 4");
  assert.equal(standing({ dependsOn: ["B", "C"] }), "after B, C");
  assert.equal(standing({}), "");
  assert.match(whoActs({ status: "waiting_for_developer", waitReason: "input" }), /^You/);
  assert.match(whoActs({ status: "blocked", waitReason: "dependency" }), /by itself/);
  assert.match(whoActs({ status: "blocked", waitReason: "resource" }), /tried again/);
  assert.match(whoActs({ status: "blocked", waitReason: "review" }), /^You/);
  assert.equal(whoActs({ status: "ready", waitReason: null }), "");
});

test("the column of what waits begins with who needs a person, and done with the newest", () => {
  const { cards } = boardOf(
    issue("A", { status: "blocked", score: 9 }),
    issue("B", { status: "waiting_for_developer" }),
    issue("C", { status: "done", since: "2026-01-01T00:00:00.000Z" }),
    issue("D", { status: "done", since: "2026-01-03T00:00:00.000Z" }),
    issue("E", { status: "canceled" }),
    issue("G", { score: 1 }),
    issue("F", { score: 5 }),
  );
  const ids = Object.fromEntries(
    Object.entries(toColumns(cards)).map(([name, list]) => [name, list.map(({ id }) => id)]),
  );
  assert.deepEqual(ids, {
    Ready: ["F", "G", "lost"],
    Working: [],
    Waiting: ["B", "A"],
    Review: [],
    Done: ["D", "C"],
  });
});

test("filters stand in the address, and put away cards show where they are asked for", () => {
  const query = (text: string) => {
    const search = new URLSearchParams(text);
    return { get: (name: string) => search.get(name) };
  };
  const { cards } = boardOf(
    issue("A", { summary: "Post reversals", seat: "tester" }),
    issue("B", { status: "archived" }),
    issue("C", { status: "blocked", waitReason: "input", waitDetail: "Currency" }),
  );
  const found = (text: string) => filterCards(cards, filtersOf(query(text))).map(({ id }) => id);
  assert.deepEqual(found(""), ["A", "C", "lost"]);
  assert.deepEqual(found("q=POST%20rev"), ["A"]);
  assert.deepEqual(found("q=currency"), ["C"]);
  assert.deepEqual(found("status=archived"), ["B"]);
  assert.deepEqual(found("wait=input&epic=E"), ["C"]);
  assert.deepEqual(found("seat=tester"), ["A"]);
  assert.deepEqual(found("dept=core"), ["A", "C"]);
  assert.deepEqual(found("epic=nothing"), []);
  assert.equal(activeCount(filtersOf(query("q=a&seat=b&view=tree"))), 2);
  assert.equal(activeCount(NO_FILTERS), 0);
  assert.deepEqual([viewOf(query("view=tree")), viewOf(query("view=x"))], ["tree", "kanban"]);
});

test("the menu offers exactly what the rules let a person do, and a column stands for every status", () => {
  for (const status of CARD_STATUSES) {
    const table = Object.entries(MOVE_TABLES.issue[status] ?? {});
    const ofPeople = table.filter(([, rule]) => rule.who.includes("H")).map(([to]) => to);
    assert.deepEqual([...MOVES[status]].sort(), ofPeople.sort(), status);
    assert.notEqual(columnOf(status), undefined);
  }
  assert.deepEqual([...WAITS].sort(), [...WAIT_REASONS].sort());
  assert.deepEqual(CARD_STATUSES.filter(needsReason), ["blocked", "waiting_for_developer"]);
});

test("the history says what happened in the words of people", () => {
  const moved = event("A", "card-moved", { from: "ready", to: "blocked", waitDetail: "B" });
  assert.equal(historyLine(moved), "ready → blocked: B");
  assert.equal(historyLine(event("A", "card-moved", { from: "a", to: "b" })), "a → b");
  assert.equal(
    historyLine(event("A", "tool-denied", { tool: "x", reason: "no" })),
    "refused x: no",
  );
  assert.equal(historyLine(event("A", "decision-made")), null);
});
