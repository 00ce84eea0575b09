// Bottlenecks: strictly over the limit, by card or by seat of a team.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FlowCard } from "./bottlenecks.ts";
import { findBottlenecks } from "./bottlenecks.ts";

const THRESHOLDS = {
  blockedDurationHours: 24,
  reviewDurationHours: 48,
  wipLimitPerSeat: 3,
  queueDepthPerSeat: 5,
};
const SINCE = "2026-03-02T10:00:00.000Z";
const after = (hours: number): number => Date.parse(SINCE) + hours * 60 * 60_000;
const card = (id: string, more: Partial<FlowCard> = {}): FlowCard => ({
  id,
  seat: "coder",
  team: "core/core",
  build: "b",
  status: "ready",
  since: SINCE,
  ...more,
});
const many = (count: number, more: Partial<FlowCard> = {}): readonly FlowCard[] =>
  Array.from({ length: count }, (_, place) => card(`c${place}`, more));

test("a card blocked or in review for longer than its limit is a bottleneck, at the limit it is none", () => {
  const cards = [card("b", { status: "blocked" }), card("r", { status: "code_review" })];
  const at = (ms: number) =>
    findBottlenecks(cards, THRESHOLDS, ms).map((one) => "card" in one && [one.kind, one.card]);
  assert.deepEqual(at(after(24)), []);
  assert.deepEqual(at(after(24) + 1), [["blocked", "b"]]);
  assert.deepEqual(at(after(48)), [["blocked", "b"]]);
  assert.deepEqual(at(after(48) + 1), [
    ["blocked", "b"],
    ["review", "r"],
  ]);
  assert.deepEqual(findBottlenecks(cards.slice(0, 1), THRESHOLDS, after(30)), [
    { kind: "blocked", card: "b", build: "b", value: 30, limit: 24 },
  ]);
});

test("a card that is not stored has stood nowhere, and other states raise no alert however long they last", () => {
  const others = ["waiting_for_developer", "done", "ready_for_testing", "in_progress"] as const;
  const cards = [
    card("x", { status: "blocked", since: null }),
    ...others.map((status) => card(status, { status })),
  ];
  assert.deepEqual(findBottlenecks(cards, THRESHOLDS, after(9999)), []);
});

test("a seat with more cards in progress or ready than its limit is a bottleneck, with the limit it is none", () => {
  const at = (cards: readonly FlowCard[]) => findBottlenecks(cards, THRESHOLDS, after(0));
  const busy = { status: "in_progress" } as const;
  assert.deepEqual(at([...many(3, busy), ...many(5)]), []);
  assert.deepEqual(at(many(4, busy)), [
    { kind: "wip", seat: "coder", team: "core/core", value: 4, limit: 3 },
  ]);
  assert.deepEqual(at(many(6)), [
    { kind: "queue", seat: "coder", team: "core/core", value: 6, limit: 5 },
  ]);
});

test("a seat of the same name in another team is another seat, and a card without a seat burdens none", () => {
  const cards = [...many(3), ...many(3, { team: "ops/core" }), ...many(9, { seat: null })];
  assert.deepEqual(findBottlenecks(cards, THRESHOLDS, after(0)), []);
});
