// Questions to people: when nothing can be decided any more, and how a question is put in one line.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Approval } from "./approval.ts";
import { closedRefusal, decideLine, isOverdue, waitLine, whatOf } from "./approval.ts";

const approval = (facts: Partial<Approval> = {}): Approval => ({
  id: "approval-1",
  kind: "tool",
  state: "pending",
  run: "run-1",
  build: "build-a",
  card: "api",
  turn: "turn-1",
  step: 1,
  call: "call-1-1",
  epoch: 1,
  tool: "write_file",
  riskClass: "write",
  arguments: { path: "docs/a.md", content: "x" },
  argsHash: "0",
  payload: {},
  reason: "path docs/**",
  requestedAt: "2026-03-01T00:00:00.000Z",
  expiresAt: "2026-03-02T00:00:00.000Z",
  decidedAt: null,
  decidedBy: null,
  decisionReason: null,
  usedAt: null,
  ...facts,
});

test("only what is pending can be decided; everything else says why not", () => {
  assert.equal(closedRefusal(approval()), null);
  const refusal = (facts: Partial<Approval>) => closedRefusal(approval(facts))?.error;
  const at = "2026-03-01T01:00:00.000Z";
  const denied = refusal({ state: "denied", decidedBy: "human:me", decidedAt: at });
  assert.deepEqual(
    [denied?.code, denied?.message],
    ["APPROVAL_DECIDED", `approval-1 was denied by human:me at ${at}; that stands.`],
  );
  assert.equal(refusal({ state: "allowed" })?.code, "APPROVAL_DECIDED");
  assert.equal(refusal({ state: "expired" })?.code, "APPROVAL_EXPIRED");
  assert.equal(refusal({ state: "void" })?.code, "APPROVAL_VOID");
});

test("a question is overdue from its last moment on, and only while nobody has decided", () => {
  const endMs = Date.parse(approval().expiresAt);
  assert.equal(isOverdue(approval(), endMs - 1), false);
  assert.equal(isOverdue(approval(), endMs), true);
  assert.equal(isOverdue(approval({ state: "allowed" }), endMs), false);
});

test("a question names what tells most about the call, in one bounded line", () => {
  const what = (args: Approval["arguments"]) => whatOf(approval({ arguments: args }));
  assert.equal(what({ content: "x", path: "a.md" }), "a.md");
  assert.equal(what({ argv: ["npm", "test", 1] }), "npm test 1");
  assert.equal(what({ amount: 3, b: [true] }), '{"amount":3,"b":[true]}');
  assert.equal(what({ path: { odd: 1 } }), '{"odd":1}');
  assert.equal(what({ path: "x".repeat(161) }), `${"x".repeat(160)}…`);
  const plan = { kind: "plan", tool: null, arguments: {}, card: null } as const;
  assert.equal(whatOf(approval({ ...plan, payload: { summary: "Two issues" } })), "Two issues");
  assert.equal(whatOf(approval({ ...plan, payload: { files: [] } })), '{"files":[]}');
});

test("a question says who waits for what, since when and until when, and how to answer", () => {
  assert.equal(
    waitLine(approval()),
    "api waits for a decision on write_file docs/a.md (path docs/**) since 2026-03-01T00:00:00.000Z, until 2026-03-02T00:00:00.000Z",
  );
  const plan = approval({
    kind: "plan",
    tool: null,
    card: null,
    payload: { summary: "Two issues" },
  });
  assert.match(waitLine(plan), /^A plan waits for a decision on Two issues \(/);
  assert.equal(
    decideLine(approval()),
    'orket approvals allow approval-1 — or: orket approvals deny approval-1 --reason "…"',
  );
});
