// Attempts, waits and limits of one model call, on a simulated clock and a model that fails as told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulatedClock } from "../adapters/clock/simulated.ts";
import { createSeededIds } from "../adapters/ids/seeded.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Model, ModelReply, ModelRequest } from "../ports/model.ts";
import { backoffMs, callModel } from "./call-model.ts";

const REQUEST: ModelRequest = {
  model: "test:model",
  messages: [{ role: "user", content: "hello" }],
  tools: [],
  temperature: 0,
  seed: null,
  timeoutMs: 1000,
  origin: { run: "run", card: "card", seat: "coder", seatReplies: 0, runReplies: 0 },
};
const GOOD: ModelReply = {
  kind: "reply",
  text: "hi",
  calls: [],
  inputTokens: 1,
  outputTokens: 1,
  truncated: false,
};
const failure = (code: ErrorCode, retryAfterMs: number | null = null): ModelReply => ({
  kind: "failed",
  failure: { code, message: "no", status: null, retryAfterMs },
});

async function play(replies: readonly ModelReply[], shorten: ModelRequest | null = null) {
  const clock = createSimulatedClock(0);
  const asked: ModelRequest[] = [];
  const waits: number[] = [];
  const model: Model = {
    describe: async () => assert.fail("not asked"),
    reply: async (request) => {
      asked.push(request);
      return replies[asked.length - 1] ?? GOOD;
    },
  };
  const sleeping = {
    ...clock,
    sleep: async (durationMs: number) => {
      waits.push(durationMs);
    },
  };
  const reply = await callModel(
    { model, clock: sleeping, ids: createSeededIds(1) },
    {
      request: REQUEST,
      signal: new AbortController().signal,
      shorten: () => shorten,
      onRetry: async () => {},
    },
  );
  return { reply, asked, waits };
}

const ROWS: readonly { code: ErrorCode; attempts: number }[] = [
  { code: "MODEL_TIMEOUT", attempts: 3 },
  { code: "MODEL_CONNECTION", attempts: 3 },
  { code: "MODEL_OVERLOADED", attempts: 3 },
  { code: "MODEL_RATE_LIMITED", attempts: 3 },
  { code: "MODEL_MALFORMED", attempts: 2 },
  { code: "MODEL_REFUSED", attempts: 1 },
  { code: "MODEL_AUTH", attempts: 1 },
  { code: "MODEL_NOT_FOUND", attempts: 1 },
  { code: "MODEL_BAD_REQUEST", attempts: 1 },
  { code: "MODEL_SCRIPT_EXHAUSTED", attempts: 1 },
];
for (const { code, attempts } of ROWS) {
  test(`R-14 ${code} is asked ${attempts} times, then it is the answer`, async () => {
    const { reply, asked } = await play(Array.from({ length: 10 }, () => failure(code)));
    assert.equal(asked.length, attempts);
    assert.equal(reply.kind === "failed" && reply.failure.code, code);
  });
}

test("a later attempt that succeeds is the answer", async () => {
  const { reply, asked } = await play([failure("MODEL_OVERLOADED"), GOOD]);
  assert.deepEqual([reply.kind, asked.length], ["reply", 2]);
});

test("Retry-After is waited for exactly, unless it is longer than two minutes", async () => {
  assert.deepEqual((await play([failure("MODEL_RATE_LIMITED", 7000)])).waits, [7000]);
  const long = await play([failure("MODEL_RATE_LIMITED", 120_001)]);
  assert.deepEqual([long.waits, long.asked.length, long.reply.kind], [[], 1, "failed"]);
});

test("a prompt that is too long is sent once more, shortened, and not at all when nothing can be left out", async () => {
  const shorter = { ...REQUEST, messages: [] };
  const again = await play([failure("MODEL_CONTEXT")], shorter);
  assert.deepEqual([again.reply.kind, again.asked[1]], ["reply", shorter]);
  assert.equal((await play([failure("MODEL_CONTEXT")])).asked.length, 1);
});

test("the wait doubles, is jittered over its whole range, and never passes its cap", () => {
  assert.deepEqual(
    [1, 2, 3, 10].map((attempt) => backoffMs(attempt, 1)),
    [1000, 2000, 4000, 30_000],
  );
  assert.equal(backoffMs(5, 0), 0);
  assert.equal(backoffMs(2, 0.5), 1000);
});
