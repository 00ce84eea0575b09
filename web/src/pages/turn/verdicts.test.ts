// What became of each call, out of the log's lines.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TurnView } from "../../api/types.ts";
import { verdictKey, verdictsOf } from "./verdicts.ts";

type Event = TurnView["events"][number];

const event = (type: Event["type"], data: Event["data"], actor = "agent:coder"): Event =>
  ({ type, data, actor }) as Event;
const steps = (...replies: readonly (readonly string[])[]): TurnView["steps"] =>
  replies.map((ids, at) => ({
    number: at + 1,
    calls: ids.map((id) => ({ id })),
  })) as unknown as TurnView["steps"];
const wordsOf = (view: Parameters<typeof verdictsOf>[0]): readonly string[] =>
  [...verdictsOf(view).values()].map(({ look: { word, why } }) =>
    why === undefined ? word : `${word}, ${why}`,
  );
const finished = (call: string) => event("tool-finished", { call });

test("each call has the answer of the gate to it, though every reply names its calls alike", () => {
  const told = [
    event("tool-called", { call: "call_0", warnings: ["close to the limit"] }),
    finished("call_0"),
    event("tool-denied", { call: "call_1", code: "path_escape", reason: "Outside." }),
    finished("call_1"),
    event("tool-denied", { call: "call_0", code: "tool_not_allowed", reason: "Not yours." }),
    finished("call_0"),
    // Cut off, found again, and made once more: still one call.
    event("tool-called", { call: "call_1" }),
    event("tool-called", { call: "call_1" }),
    finished("call_1"),
    event("tool-finished", { call: "call_0", ok: false, code: "tool_unknown" }),
  ];
  const view = {
    steps: steps(["call_0", "call_1"], ["call_0", "call_1"], ["call_0", "call_1"]),
    events: told,
    turn: { status: "committed" },
  } as const;
  assert.deepEqual(wordsOf(view), [
    "Allowed by the gate, close to the limit",
    "Refused by the gate: path_escape, Outside.",
    "Refused by the gate: tool_not_allowed, Not yours.",
    "Allowed by the gate",
    "Not made: tool_unknown",
    "Not made",
  ]);
  assert.equal(verdictsOf(view).get(verdictKey(2, "call_0"))?.isRefused, true);
});

test("a question waits for a person as long as the turn lives, and then bears the name of who answered", () => {
  const asked = event("approval-requested", { call: "a", approval: "apr-1" });
  const allowed = [
    asked,
    event("approval-decided", { approval: "apr-1", state: "allowed" }, "anna"),
    event("tool-called", { call: "a", approval: "apr-1" }),
    finished("a"),
  ];
  const denied = [
    asked,
    event("approval-decided", { approval: "apr-1", state: "denied" }, "anna"),
    event("tool-denied", { call: "a", approval: "apr-1", code: "denied", reason: "Not now." }),
    finished("a"),
  ];
  const of = (events: readonly Event[], status: TurnView["turn"]["status"]) =>
    wordsOf({ steps: steps(["a"]), events: [...events], turn: { status } });
  assert.deepEqual(of([asked], "live"), ["Waits for a person"]);
  assert.deepEqual(of([asked], "dropped"), ["Not made"]);
  assert.deepEqual(of([], "live"), ["Not yet made"]);
  assert.deepEqual(of(allowed, "live"), ["Allowed by the gate and anna"]);
  assert.deepEqual(of(denied, "failed"), ["Denied by anna, Not now."]);
});
