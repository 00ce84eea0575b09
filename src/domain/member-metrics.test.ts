// What a role's events come to: tokens, lines, the last action and the last write.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event, EventType } from "./events.ts";
import type { JsonObject } from "./json.ts";
import { countMembers, NOTHING_COUNTED } from "./member-metrics.ts";

const event = (type: EventType, turn: string | undefined, data: JsonObject): Event => ({
  seq: 1,
  at: "",
  type,
  ...(turn === undefined ? {} : { turn }),
  actor: "agent:any",
  data,
  prevHash: "",
  hash: "",
});
const of = (...events: readonly Event[]) => countMembers(NOTHING_COUNTED, events).metrics;
const started = (turn: string, role: string): Event =>
  event("turn-started", turn, { seat: "seat", role });
const wrote = (turn: string, path: string, lines: number): Event =>
  event("tool-finished", turn, { tool: "write_file", ok: true, path, lines });

test("R-20 no events give no members", () => assert.deepEqual(of(), {}));

test("R-20 a role that only started is idle", () =>
  assert.deepEqual(of(started("t1", "coder")), {
    coder: { tokens: 0, lines_written: 0, last_action: "Idle", detail: "" },
  }));

test("R-20 sums tokens and lines over the turns of a role and keeps what it did last", () => {
  const events = [
    started("t1", "coder"),
    started("t2", "guard"),
    event("model-called", "t1", { inputTokens: 10, outputTokens: 5 }),
    event("tool-called", "t1", { tool: "write_file" }),
    wrote("t1", "src/a.ts", 12),
    event("model-called", "t2", { inputTokens: 7, outputTokens: 1 }),
    event("tool-called", "t2", { tool: "read_file" }),
    event("tool-finished", "t2", { tool: "read_file", ok: true }),
    started("t3", "coder"),
    event("model-called", "t3", { inputTokens: 100, outputTokens: 50 }),
    event("tool-called", "t3", { tool: "edit_file" }),
    wrote("t3", "src/b.ts", 3),
    event("tool-called", "t3", { tool: "read_file" }),
  ];
  const expected = {
    coder: {
      tokens: 165,
      lines_written: 15,
      last_action: "Executing read_file",
      detail: "Wrote src/b.ts",
    },
    guard: { tokens: 8, lines_written: 0, last_action: "Executing read_file", detail: "" },
  };
  assert.deepEqual(of(...events), expected);
  for (let cut = 0; cut <= events.length; cut += 1) {
    const first = countMembers(NOTHING_COUNTED, events.slice(0, cut));
    assert.deepEqual(countMembers(first, events.slice(cut)).metrics, expected, `cut at ${cut}`);
  }
});

test("R-20 a write that failed, a deleted file and an empty file are no lines", () => {
  const failed = event("tool-finished", "t", { ok: false, path: "a", lines: 9 });
  const deleted = event("tool-finished", "t", { ok: true, path: "b" });
  assert.equal(of(started("t", "coder"), failed, deleted)["coder"]?.detail, "");
  const { coder } = of(started("t", "coder"), wrote("t", "c", 0));
  assert.deepEqual([coder?.lines_written, coder?.detail], [0, "Wrote c"]);
});

test("R-20 events of a turn that never started, of none, and without facts spoil nothing", () => {
  assert.deepEqual(of(event("model-called", "ghost", { inputTokens: 5 })), {});
  assert.deepEqual(of(event("turn-failed", undefined, {})), {});
  const blank = of(
    started("t", "__proto__"),
    event("model-called", "t", {}),
    event("tool-called", "t", {}),
  );
  assert.deepEqual(Object.keys(blank), ["__proto__"]);
  const idle = { tokens: 0, lines_written: 0, last_action: "Executing ", detail: "" };
  assert.deepEqual(Object.values(blank), [idle]);
});

test("R-20 a turn whose role is not known counts under its seat", () =>
  assert.deepEqual(Object.keys(of(event("turn-started", "t", { seat: "coder" }))), ["coder"]));
