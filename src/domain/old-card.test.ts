// Rows of the predecessor, as they should be and as they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CARD_STATUSES } from "./card.ts";
import { momentOf, readOldCard, readOldComment, readOldStep } from "./old-card.ts";

const ROW = {
  id: "ISSUE-1A2B",
  build_id: "build-shop",
  summary: "A shop",
  status: "ready",
  retry_count: 2,
  credits_spent: 1.5,
  resolution: null,
  assignee: "coder",
  created_at: "2026-02-03T04:05:06.789012+00:00",
  verification_json: "{}",
};
const read = (change: Readonly<Record<string, unknown>> = {}) =>
  readOldCard({ ...ROW, ...change }) ?? assert.fail("it has an id");

test("a row that fits is taken as it is", () => {
  assert.deepEqual(read(), {
    id: "ISSUE-1A2B",
    build: "build-shop",
    summary: "A shop",
    state: {
      status: "ready",
      waitReason: null,
      waitDetail: null,
      retryCount: 2,
      credits: 1.5,
      resolution: null,
      assignee: "coder",
    },
    createdAt: "2026-02-03T04:05:06.789Z",
    notes: [],
  });
  assert.equal(readOldCard({ ...ROW, id: null }), null);
});

test("each status becomes one that is true here; what is none is blocked, and never done", () => {
  const became = (status: unknown) => {
    const { state, notes } = read({ status });
    return `${state.status} ${state.waitReason ?? "-"} ${notes.length}`;
  };
  const expected: Readonly<Record<string, string>> = {
    ready: "ready - 0",
    in_progress: "ready - 1",
    blocked: "blocked system 0",
    waiting_for_developer: "waiting_for_developer input 0",
    ready_for_testing: "ready - 1",
    code_review: "ready - 1",
    done: "done - 1",
    canceled: "canceled - 0",
    archived: "archived - 0",
  };
  for (const status of CARD_STATUSES) assert.equal(became(status), expected[status], status);
  assert.equal(became(" Code-Review "), "ready - 1");
  for (const none of ["excellent", "", null, 7, "x".repeat(10_000)])
    assert.equal(became(none), "blocked system 1", String(none).slice(0, 20));
});

test("numbers that are none count nothing, and huge ones are cut", () => {
  const { state } = read({ retry_count: "many", credits_spent: -3 });
  assert.deepEqual([state.retryCount, state.credits], [0, 0]);
  const bare = read({ retry_count: null, assignee: "", resolution: "" }).state;
  assert.deepEqual([bare.retryCount, bare.assignee, bare.resolution], [0, null, null]);
  const huge = read({
    retry_count: 1e12,
    credits_spent: "1e300",
    resolution: "r",
    assignee: 5,
  }).state;
  assert.deepEqual(
    [huge.retryCount, huge.credits, huge.resolution, huge.assignee],
    [1000, 1e9, "r", "5"],
  );
  assert.equal(read({ retry_count: 3n }).state.retryCount, 3);
});

test("columns that are no JSON are told", () => {
  const { notes } = read({
    verification_json: "{",
    params_json: 7,
    depends_on_json: "",
    metrics_json: undefined,
  });
  assert.deepEqual(
    notes.map((note) => note.split(" ")[0]),
    ["verification_json", "params_json"],
  );
});

test("a moment has any spelling that the predecessor wrote, and nothing else is one", () => {
  assert.equal(momentOf("2026-02-03 04:05:06"), "2026-02-03T04:05:06.000Z");
  assert.equal(momentOf("2026-02-03T04:05:06.5+02:00"), "2026-02-03T02:05:06.500Z");
  for (const none of ["yesterday", null, "2026-13-40T99:99:99", 5, ""])
    assert.equal(momentOf(none), null);
});

test("comments and steps keep who and when; those that say nothing are left out", () => {
  const comment = {
    issue_id: "A",
    author: "coder",
    content: " Hm. ",
    created_at: "2026-02-03T04:05:06",
  };
  assert.deepEqual(readOldComment(comment), {
    card: "A",
    author: "agent:coder",
    text: "Hm.\n\n(2026-02-03T04:05:06.000Z)",
  });
  assert.equal(
    readOldComment({ ...comment, author: "", created_at: null })?.author,
    "agent:unknown",
  );
  assert.equal(readOldComment({ ...comment, created_at: null })?.text, "Hm.");
  for (const bad of [
    { ...comment, content: " " },
    { ...comment, issue_id: null },
  ])
    assert.equal(readOldComment(bad), null);
  const step = {
    card_id: "A",
    role: "coder",
    action: "Set Status to 'done'",
    timestamp: "2026-02-03 04:05:06",
  };
  assert.deepEqual(readOldStep(step), {
    card: "A",
    line: "2026-02-03T04:05:06.000Z coder: Set Status to 'done'",
  });
  assert.match(
    readOldStep({ ...step, role: null, timestamp: "?" })?.line ?? "",
    /^at an unknown time unknown:/,
  );
  for (const bad of [
    { ...step, action: "" },
    { ...step, card_id: "" },
  ])
    assert.equal(readOldStep(bad), null);
});
