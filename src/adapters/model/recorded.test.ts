// The recorded model: answers in their order for each seat on a card, and what there is none for.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Recording } from "../../domain/recording.ts";
import { createNames } from "../../domain/recording.ts";
import type { ModelRequest } from "../../ports/model.ts";
import { createRecordedModel } from "./recorded.ts";

const usage = { inputTokens: 7, outputTokens: 3 };
const facts = { nativeTools: false, contextWindow: 100, price: null };

const open = (replies: Recording["replies"]) => {
  const names = createNames();
  const recording = { models: { "ollama:qwen:7b": facts }, replies };
  const model = createRecordedModel({ recording, names });
  const ask = async (card: string, seat: string) =>
    model.reply(
      { origin: { run: "r", card, seat, seatReplies: 0, runReplies: 0 } } as ModelRequest,
      new AbortController().signal,
    );
  return { names, model, ask };
};

test("each seat gets its answers on a card in their order, failures among them, then none", async () => {
  const failure = { code: "MODEL_TIMEOUT", message: "late", status: 504 };
  const { ask } = open({
    api: {
      coder: [{ failure }, { text: "Second.", calls: [], usage }],
      guard: [{ text: "Fine.", calls: [{ tool: "read_file", args: { path: "a" } }], usage }],
    },
  });
  const failed = await ask("api", "coder");
  assert.ok(failed.kind === "failed");
  assert.deepEqual([failed.failure.code, failed.failure.status], ["MODEL_TIMEOUT", 504]);
  assert.deepEqual(await ask("api", "guard"), {
    kind: "reply",
    text: "Fine.",
    calls: [{ id: "recorded-1", tool: "read_file", args: { path: "a" } }],
    ...usage,
    truncated: false,
  });
  const second = await ask("api", "coder");
  assert.ok(second.kind === "reply" && second.text === "Second.");
  for (const [card, seat] of [
    ["api", "coder"],
    ["ui", "coder"],
    ["api", "constructor"],
  ] as const) {
    const none = await ask(card, seat);
    assert.equal(none.kind === "failed" ? none.failure.code : "", "MODEL_SCRIPT_EXHAUSTED");
  }
});

test("a card that was created is known by its name, in the question and in the answer", async () => {
  const { ask, names } = open({
    "created(api#1)": {
      coder: [
        {
          text: "On created(api#1).",
          calls: [{ tool: "x", args: { id: "created(api#1)" } }],
          usage,
        },
      ],
    },
  });
  names.learn({
    seq: 1,
    at: "",
    type: "card-created",
    card: "work-77",
    turn: "t",
    actor: "agent:coder",
    data: { parent: "api" },
    prevHash: "",
    hash: "",
  });
  const reply = await ask("work-77", "coder");
  assert.ok(reply.kind === "reply");
  assert.deepEqual([reply.text, reply.calls[0]?.args], ["On work-77.", { id: "work-77" }]);
});

test("tells its text as it comes, and answers nothing once it is aborted", async () => {
  const { model } = open({ api: { coder: [{ text: "Said.", calls: [], usage }] } });
  const origin = { run: "r", card: "api", seat: "coder", seatReplies: 0, runReplies: 0 };
  const stop = new AbortController();
  const heard: string[] = [];
  const ask = async () =>
    model.reply({ origin } as ModelRequest, stop.signal, (text) => heard.push(text));
  await ask();
  assert.deepEqual(heard, ["Said."]);
  stop.abort();
  const aborted = await ask();
  assert.ok(aborted.kind === "failed");
  assert.deepEqual(
    [aborted.failure.code, aborted.failure.message],
    ["MODEL_CONNECTION", "aborted"],
  );
});

test("a model has the facts it was recorded with, and one that was not is taken as it comes", async () => {
  const { model } = open({});
  const signal = new AbortController().signal;
  const known = await model.describe("ollama:qwen:7b", signal);
  assert.deepEqual(known.ok && known.value, { provider: "ollama", name: "qwen:7b", ...facts });
  const other = await model.describe("other", signal);
  assert.ok(other.ok && other.value.nativeTools);
});
