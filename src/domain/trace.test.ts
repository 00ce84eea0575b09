// Spans out of events: what ends one, where it began, what it hangs below, and what is made of a story without its beginning.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Event } from "./events.ts";
import type { JsonObject } from "./json.ts";
import type { Span } from "./trace.ts";
import { createTraceBook } from "./trace.ts";

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
const START = Date.parse("2026-03-01T10:00:00.000Z");

/** One event a second; `turn` and `run` may be left out. */
function tell(
  story: readonly (readonly [Event["type"], JsonObject, Partial<Event>?])[],
): readonly Span[] {
  const book = createTraceBook(digest);
  return story.flatMap(([type, data, more = {}], place) =>
    book.add({
      seq: place + 1,
      at: new Date(START + place * 1000).toISOString(),
      type,
      run: "run-1",
      build: "kit",
      card: "parse",
      turn: "turn-1",
      actor: "engine",
      data,
      prevHash: "",
      hash: "",
      ...more,
    }),
  );
}

const shortly = ({ name, startMs, endMs, error }: Span): string =>
  `${name} ${(startMs - START) / 1000}-${(endMs - START) / 1000}${error === null ? "" : ` ${error}`}`;

const OPENING = [
  ["run-started", {}],
  ["model-selected", { model: "ollama:qwen3" }],
  ["turn-started", { seat: "coder" }],
] as const;

test("a run, its turn, a reply and a call are spans below each other", () => {
  const spans = tell([
    ...OPENING,
    ["model-called", { step: 1, inputTokens: 7, outputTokens: 3, costUsd: 0.5 }],
    ["tool-called", { call: "c1", tool: "write_file" }],
    ["tool-finished", { call: "c1", tool: "write_file", ok: true }],
    ["turn-finished", {}],
    ["run-ended", { status: "done", reason: "done" }],
  ]);
  assert.deepEqual(spans.map(shortly), [
    "chat qwen3 2-3",
    "execute_tool write_file 4-5",
    "invoke_agent coder 2-6",
    "invoke_workflow kit 0-7",
  ]);
  const [reply, call, turn, run] = spans;
  assert.equal(new Set(spans.map(({ trace }) => trace)).size, 1);
  assert.match(run?.trace ?? "", /^[0-9a-f]{32}$/);
  for (const { id } of spans) assert.match(id, /^[0-9a-f]{16}$/);
  assert.deepEqual(
    [reply, call, turn, run].map((span) => span?.parent),
    [turn?.id, turn?.id, run?.id, null],
  );
  assert.deepEqual(
    [reply?.kind, reply?.reply, turn?.reply],
    ["client", { turn: "turn-1", step: 1 }, null],
  );
  const attributes = reply?.attributes ?? {};
  assert.equal(attributes["gen_ai.provider.name"], "ollama");
  assert.equal(attributes["gen_ai.request.model"], "qwen3");
  assert.equal(attributes["gen_ai.usage.input_tokens"], 7);
  assert.equal(attributes["gen_ai.conversation.id"], "kit/parse");
});

test("what failed says why", () => {
  const spans = tell([
    ...OPENING,
    ["model-retried", { code: "MODEL_TIMEOUT" }],
    ["tool-denied", { call: "c1", tool: "run", rule: "role", code: "PERMISSION_DENIED" }],
    ["tool-called", { call: "c2", tool: "read_file" }],
    ["tool-finished", { call: "c2", tool: "read_file", ok: false }],
    ["governance-violated", { detail: "path escape" }],
    ["turn-failed", { detail: "path escape" }],
    ["run-ended", { status: "blocked", reason: "stalled" }],
  ]);
  assert.deepEqual(spans.map(shortly), [
    "chat qwen3 2-3 MODEL_TIMEOUT",
    "execute_tool run 4-4 PERMISSION_DENIED",
    "execute_tool read_file 5-6 _OTHER",
    "invoke_agent coder 2-7 path escape",
    "invoke_workflow kit 0-9 stalled",
  ]);
  assert.equal(spans[1]?.attributes["orket.gate.rule"], "role");
});

test("a turn that was open when its run stopped ends with it, and one of another run does not", () => {
  const spans = tell([
    ...OPENING,
    ["review-started", { seat: "guard" }],
    ["turn-started", { seat: "architect" }, { turn: "turn-2", run: "run-2" }],
    ["run-paused", { status: "paused", reason: "asked" }],
    ["turn-finished", {}, { turn: "turn-2", run: "run-2" }],
  ]);
  assert.deepEqual(spans.map(shortly), [
    "invoke_agent coder 2-5 asked",
    "invoke_workflow kit 0-5",
    "invoke_agent architect 4-6",
  ]);
});

test("a run that goes on is another span of the same trace, below which its turns are", () => {
  const spans = tell([
    ["run-started", {}],
    ["run-paused", {}],
    ["run-continued", {}],
    ["turn-started", { seat: "coder" }],
    ["turn-finished", {}],
    ["run-ended", { status: "done" }],
  ]);
  const [first, turn, second] = spans;
  assert.notEqual(first?.id, second?.id);
  assert.equal(first?.trace, second?.trace);
  assert.equal(turn?.parent, second?.id);
});

test("events of a story whose beginning was elsewhere make no span and break nothing", () => {
  const bare = { run: undefined, build: undefined, card: undefined, turn: undefined } as never;
  const types = ["model-called", "model-retried", "tool-called", "tool-finished", "tool-denied"];
  for (const type of [...types, "turn-finished", "turn-failed", "run-ended", "card-moved"])
    for (const more of [{}, bare]) {
      const { run, build, card, turn } = { run: "r", build: "b", card: "c", turn: "t", ...more };
      const named = Object.fromEntries(
        Object.entries({ run, build, card, turn }).filter(([, value]) => value !== undefined),
      );
      assert.deepEqual(
        createTraceBook(digest).add({
          seq: 1,
          at: "2026-03-01T10:00:00.000Z",
          type: type as Event["type"],
          actor: "engine",
          data: {},
          prevHash: "",
          hash: "",
          ...named,
        }),
        [],
      );
    }
});

test("what never ends is forgotten after a thousand others", () => {
  const book = createTraceBook(digest);
  const event = (type: Event["type"], turn: string): Event => ({
    seq: 1,
    at: "2026-03-01T10:00:00.000Z",
    type,
    turn,
    actor: "engine",
    data: { seat: "coder", model: "m" },
    prevHash: "",
    hash: "",
  });
  for (let count = 0; count <= 1000; count += 1) {
    book.add(event("model-selected", `turn-${count}`));
    book.add(event("turn-started", `turn-${count}`));
  }
  assert.equal(book.add(event("turn-finished", "turn-0")).length, 0);
  const [last] = book.add(event("turn-finished", "turn-1000"));
  assert.equal(last?.parent, null);
  assert.equal(last?.attributes["gen_ai.request.model"], "m");
});
