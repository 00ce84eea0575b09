// What each state of a card says about why it does not move.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Approval } from "./approval.ts";
import type { Card } from "./card.ts";
import type { WaitFacts } from "./waiting.ts";
import { waitOf } from "./waiting.ts";

const SINCE = "2026-03-01T00:00:00.000Z";
const card = (facts: Partial<Card>): Card =>
  ({
    id: "api",
    status: "ready",
    waitReason: null,
    waitDetail: null,
    retryCount: 0,
    statusSince: SINCE,
    ...facts,
  }) as Card;
const facts = (rest: Partial<WaitFacts> = {}): WaitFacts => ({
  unmet: [],
  turn: null,
  run: { id: "run-1", status: "paused" },
  ...rest,
});
const turn = {
  seat: "coder",
  kind: "work",
  number: 3,
  startedAt: "2026-03-02T00:00:00.000Z",
} as const;
const said = (one: Card, rest?: Partial<WaitFacts>) => {
  const wait = waitOf(one, facts(rest));
  return wait === null ? null : [wait.waitsFor, wait.on, wait.since, wait.wayOut];
};

test("a closed card waits for nothing", () => {
  for (const status of ["done", "canceled", "archived"] as const)
    assert.equal(said(card({ status })), null);
});

test("a card that is held back names its reason, a person and the command that frees it", () => {
  assert.deepEqual(
    said(card({ status: "blocked", waitReason: "system", waitDetail: "It broke." })),
    ["system: It broke.", "a person", SINCE, "release it with: orket cards move api ready"],
  );
  assert.deepEqual(said(card({ status: "blocked", waitReason: "review" })), [
    "review",
    "a person",
    SINCE,
    "release it with: orket cards move api ready",
  ]);
  const question = card({
    status: "waiting_for_developer",
    waitReason: "input",
    waitDetail: "Why?",
  });
  assert.equal(
    said(question)?.[3],
    'answer with: orket cards comment api "…" and orket cards move api in_progress',
  );
  assert.deepEqual(said(card({ status: "blocked", waitReason: "dependency" })), [
    "dependency",
    "other cards",
    SINCE,
    "comes free when its dependency is done",
  ]);
});

test("a card in a live turn waits for its seat, and for a resume when nobody plays the turn", () => {
  const working = card({ status: "in_progress" });
  const running = { id: "run-1", status: "running" } as const;
  assert.deepEqual(said(working, { turn, run: running }), [
    "turn 3 (work)",
    "coder",
    turn.startedAt,
    null,
  ]);
  assert.equal(said(working, { turn })?.[3], "go on with: orket resume run-1");
});

test("a card whose call needs a person waits for the decision since it was asked", () => {
  const approval = {
    id: "approval-1",
    tool: "write_file",
    arguments: { path: "docs/a.md" },
    requestedAt: "2026-03-03T00:00:00.000Z",
  } as unknown as Approval;
  assert.deepEqual(said(card({ status: "in_progress" }), { turn, approval }), [
    "a decision on write_file docs/a.md",
    "a person",
    approval.requestedAt,
    "decide with: orket approvals allow approval-1",
  ]);
  assert.equal(said(card({ status: "done" }), { turn, approval }), null);
});

test("a ready card waits for what it depends on, then for a slot of a run that goes", () => {
  assert.deepEqual(said(card({}), { unmet: ["db", "net"] }), [
    "dependency",
    "db, net",
    SINCE,
    null,
  ]);
  for (const status of ["running", "queued"] as const)
    assert.deepEqual(said(card({}), { run: { id: "run-1", status } }), [
      "work",
      "a free slot",
      SINCE,
      null,
    ]);
  assert.deepEqual(said(card({ retryCount: 2 })), [
    "attempt 3",
    "a run",
    SINCE,
    "go on with: orket resume run-1",
  ]);
});

test("a card waits for what comes next with it", () => {
  assert.equal(said(card({ status: "code_review" }))?.[0], "review");
  assert.equal(said(card({ status: "ready_for_testing" }))?.[0], "testing");
});
