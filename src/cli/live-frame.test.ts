import assert from "node:assert/strict";
import { test } from "node:test";
import type { CardStatus } from "../domain/card.ts";
import type { Event, EventType } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import { createPaint } from "./io.ts";
import type { ViewState } from "./live-frame.ts";
import { applyEvent, beginView, createViewState, lineOf, renderFrame } from "./live-frame.ts";
import { widthOf } from "./text-width.ts";

const paint = createPaint(false);

const eventOf = (type: EventType, card: string, data: JsonObject = {}): Event => ({
  type,
  card,
  data,
  actor: "agent:coder",
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  prevHash: "",
  hash: "",
});

const issue = (id: string, status: CardStatus = "ready") => ({ id, summary: `Do ${id}`, status });

function viewWith(issues: number): ViewState {
  const state = createViewState();
  beginView(state, {
    rock: { id: "goal", summary: "The goal", status: "in_progress" },
    epics: [
      {
        ...issue("epic", "in_progress"),
        issues: Array.from({ length: issues }, (_, place) => issue(`card-${place}`)),
      },
    ],
    turns: 2,
    tokens: 300,
    costUsd: 0.5,
  });
  return state;
}

const frameOf = (
  state: ViewState,
  size: { columns?: number; rows?: number; nowMs?: number } = {},
): readonly string[] => renderFrame(state, { columns: 80, rows: 24, nowMs: 0, paint, ...size });

test("a frame shows the tree with who does what, and what was used, resumed amounts included", () => {
  const state = viewWith(3);
  applyEvent(state, eventOf("card-moved", "card-0", { to: "in_progress" }), 0);
  applyEvent(state, eventOf("turn-started", "card-0", { seat: "coder" }), 0);
  applyEvent(state, eventOf("tool-called", "card-0", { tool: "write_file", path: "a.ts" }), 0);
  applyEvent(state, eventOf("card-moved", "card-1", { to: "done" }), 0);
  const blocked = { to: "blocked", waitReason: "input", waitDetail: "Which zone?" };
  applyEvent(state, eventOf("card-moved", "card-2", blocked), 0);
  const usage = { inputTokens: 10, outputTokens: 5, costUsd: 0.25 };
  applyEvent(state, eventOf("model-called", "card-0", usage), 0);
  assert.deepEqual(frameOf(state, { nowMs: 7500 }), [
    "◐ goal  The goal",
    "  ◐ epic  Do epic  1/3",
    "    ◐ card-0  coder 7s: write_file a.ts",
    "    ● card-1  Do card-1",
    "    ✖ card-2  Which zone?",
    "7s  3 turns  315 tokens  0.7500 USD  1 working",
  ]);
});

test("a card whose call needs a person shows how to decide until its turn goes on, and the question stays in a line", () => {
  const state = viewWith(2);
  const asked = eventOf("approval-requested", "card-0", {
    approval: "approval-1",
    tool: "reset_issue",
    what: "api",
    reason: "class sensitive",
  });
  applyEvent(state, eventOf("turn-started", "card-0", { seat: "coder" }), 0);
  applyEvent(state, asked, 1000);
  const frame = () => renderFrame(state, { columns: 200, rows: 20, nowMs: 2000, paint }).join("\n");
  assert.match(
    frame(),
    /card-0 {2}waits for a decision: orket approvals allow approval-1[^]*0 working/,
  );
  assert.equal(
    lineOf(asked, paint),
    "? asks  card-0  coder: reset_issue api (class sensitive) — orket approvals allow approval-1",
  );
  applyEvent(state, eventOf("tool-finished", "card-0", { tool: "reset_issue" }), 3000);
  assert.match(frame(), /card-0 {2}coder [^]*1 working/);
  const atOnce = eventOf("approval-requested", "card-1", { approval: "a-2", asksNobody: true });
  applyEvent(state, atOnce, 4000);
  assert.equal(lineOf(atOnce, paint), null);
  assert.match(frame(), /card-1 {2}Do card-1/);
});

test("a frame leaves a row for the cursor on every size of screen, and no line is wider than it", () => {
  const state = viewWith(40);
  applyEvent(
    state,
    eventOf("card-created", "new", { seat: "coder", parent: null, summary: "漢字".repeat(60) }),
    0,
  );
  applyEvent(state, eventOf("turn-started", "card-33", { seat: "🧪".repeat(90) }), 0);
  for (let rows = 2; rows <= 60; rows += 1) {
    for (const columns of [1, 2, 3, 10, 79, 200]) {
      const frame = frameOf(state, { columns, rows });
      assert.ok(frame.length >= 1 && frame.length <= rows - 1, `${frame.length} of ${rows}`);
      for (const line of frame) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
    }
  }
});

test("a frame that cannot show all shows what is live", () => {
  const state = viewWith(100);
  for (const place of [0, 50, 99]) {
    state.live.clear();
    applyEvent(state, eventOf("turn-started", `card-${place}`, { seat: "coder" }), 0);
    const frame = frameOf(state, { rows: 8 });
    assert.equal(frame.length, 7);
    assert.ok(
      frame.some((line) => line.includes(`card-${place}  coder`)),
      frame.join("\n"),
    );
  }
});

test("what a model says cannot steer the terminal", () => {
  const state = viewWith(1);
  const attack = "\u001b[2J\u001b]0;owned\u0007safe\u009b31m\u202edesrever\r\nnext";
  applyEvent(state, eventOf("turn-started", "card-0", { seat: attack }), 0);
  applyEvent(state, eventOf("tool-called", "card-0", { tool: attack, path: attack }), 0);
  const line = lineOf(eventOf("tool-denied", "card-0", { tool: attack, reason: attack }), paint);
  const text = `${frameOf(state).join("")}${line ?? ""}`;
  const bad = Array.from(text).filter((one) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(one));
  assert.deepEqual(bad, []);
  assert.ok(text.includes("safe") && !text.includes("owned"));
});

test("an event that comes twice, or for a card nobody knows, changes nothing that is wrong", () => {
  const state = viewWith(1);
  for (const type of ["tool-called", "tool-finished", "turn-finished"] as const)
    applyEvent(state, eventOf(type, "ghost", { tool: "x" }), 0);
  applyEvent(state, eventOf("card-moved", "card-0", { to: "nonsense" }), 0);
  applyEvent(
    state,
    eventOf("card-created", "new", { seat: "coder", parent: null, summary: "New" }),
    0,
  );
  applyEvent(
    state,
    eventOf("card-created", "new", { seat: "coder", parent: null, summary: "New" }),
    0,
  );
  const frame = frameOf(state);
  assert.equal(frame.filter((line) => line.includes("new  New")).length, 1);
  assert.ok(frame.includes("    ○ card-0  Do card-0"));
});
