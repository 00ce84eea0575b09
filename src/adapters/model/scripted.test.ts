// The scripted provider: which reply comes when, and what a file that does not fit is told.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Model, ModelOrigin, ModelRequest } from "../../ports/model.ts";
import { createSimulatedClock } from "../clock/simulated.ts";
import { createModels } from "./router.ts";

const ORIGIN: ModelOrigin = { run: "r", card: "api", seat: "coder", seatReplies: 0, runReplies: 0 };
const requestOf = (more: Partial<ModelOrigin> = {}, last = "hello"): ModelRequest => ({
  model: "scripted:script.yaml",
  messages: [{ role: "user", content: last }],
  tools: [],
  temperature: 0,
  seed: null,
  timeoutMs: 1000,
  origin: { ...ORIGIN, ...more },
});
const signal = new AbortController().signal;

async function open(
  context: TestContext,
  text: string,
  clock: Clock = createSimulatedClock(0),
): Promise<Model & { readonly write: (text: string) => Promise<void> }> {
  const folder = await tempFolder(context);
  const write = async (next: string): Promise<void> => writeFile(join(folder, "script.yaml"), next);
  await write(text);
  return { ...createModels({ projectDir: folder, clock, providers: {}, prices: {} }), write };
}

const textOf = async (model: Model, request: ModelRequest): Promise<unknown> => {
  const reply = await model.reply(request, signal);
  return reply.kind === "reply" ? reply.text : reply.failure.code;
};

const SCRIPT = `
version: 1
cards:
  api:
    coder:
      - { text: first }
      - calls: [{ tool: write_file, args: { path: a } }, { tool: read_file }]
match:
  - { when: { seat: guard, contains: hello }, reply: { text: matched } }
  - { when: { card: lonely }, reply: { text: lonely } }
replies:
  - { text: in order 1 }
  - { text: in order 2, usage: { input: 10, output: 20 } }
`;

test("a reply is chosen by where the request stands, so a new process gives the same one", async (context) => {
  const rows: readonly [Partial<ModelOrigin>, string, string][] = [
    [{}, "hello", "first"],
    [{ seat: "guard", runReplies: 1 }, "well hello there", "matched"],
    [{ seat: "guard", runReplies: 1 }, "nothing", "in order 2"],
    [{ seat: "guard", card: "lonely", runReplies: 7 }, "nothing", "lonely"],
    [{ card: "other" }, "x", "in order 1"],
    [{ seatReplies: 2, runReplies: 1 }, "x", "in order 2"],
    [{ card: "constructor", seat: "constructor" }, "x", "in order 1"],
    [{ seat: "toString" }, "x", "in order 1"],
  ];
  for (let process = 0; process < 2; process += 1) {
    const model = await open(context, SCRIPT);
    for (const [origin, last, text] of process === 0 ? rows : rows.toReversed())
      assert.equal(await textOf(model, requestOf(origin, last)), text);
    const second = await model.reply(requestOf({ seatReplies: 1 }), signal);
    assert.deepEqual(second.kind === "reply" && second.calls, [
      { id: "scripted-1", tool: "write_file", args: { path: "a" } },
      { id: "scripted-2", tool: "read_file", args: {} },
    ]);
  }
});

test("what is matched is the last thing the model was told, also by a tool", async (context) => {
  const model = await open(
    context,
    "version: 1\nmatch: [{ when: { contains: ok }, reply: { text: seen } }]\n",
  );
  const told = { role: "tool", callId: "1", tool: "t", content: "ok" } as const;
  const messages = [
    { role: "user", content: "no" },
    told,
    { role: "assistant", content: "no", calls: [] },
  ] as const;
  assert.equal(await textOf(model, { ...requestOf(), messages }), "seen");
  assert.equal(
    await textOf(model, { ...requestOf(), messages: messages.slice(0, 1) }),
    "MODEL_SCRIPT_EXHAUSTED",
  );
});

test("the text comes in pieces that damage no character, and counts are given or estimated", async (context) => {
  const text = `odd${"👋🏽".repeat(40)}!`;
  const model = await open(
    context,
    `version: 1\nreplies:\n  - { text: "${text}" }\n  - { text: b, usage: { input: 3, output: 4 } }\n`,
  );
  const pieces: string[] = [];
  const reply = await model.reply(requestOf(), signal, (piece) => pieces.push(piece));
  assert.ok(pieces.length > 1 && pieces.every((piece) => piece.isWellFormed()));
  assert.equal(pieces.join(""), text);
  const expected = {
    kind: "reply",
    text,
    calls: [],
    inputTokens: 2,
    outputTokens: text.length / 4,
    truncated: false,
  };
  assert.deepEqual(reply, expected);
  const counted = await model.reply(requestOf({ runReplies: 1 }), signal);
  assert.deepEqual(counted.kind === "reply" && [counted.inputTokens, counted.outputTokens], [3, 4]);
});

test("a script says what its model can do", async (context) => {
  const plain = await open(context, "version: 1\nnativeTools: false\ncontextWindow: 4096\n");
  const price = { inputUsdPerMillion: 0, outputUsdPerMillion: 0 };
  const facts = { provider: "scripted", name: "script.yaml", price };
  const described = await plain.describe("scripted:script.yaml", signal);
  assert.deepEqual(described.ok && described.value, {
    ...facts,
    nativeTools: false,
    contextWindow: 4096,
  });
  const usual = await (
    await open(context, "version: 1\n")
  ).describe("scripted:script.yaml", signal);
  assert.deepEqual(usual.ok && usual.value, { ...facts, nativeTools: true, contextWindow: null });
});

test("a script without a reply says for which seat, card and number", async (context) => {
  const model = await open(context, SCRIPT);
  const reply = await model.reply(requestOf({ seatReplies: 9, runReplies: 9 }), signal);
  assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_SCRIPT_EXHAUSTED");
  assert.match(
    reply.kind === "failed" ? reply.failure.message : "",
    /number 10 .*coder.*api.*number 10/,
  );
});

test("a delay is waited for on the clock, ends with an abort, and is a time-out past the request's limit", async (context) => {
  const clock = createSimulatedClock(0);
  const model = await open(
    context,
    "version: 1\nreplies:\n  - { text: late, delayMs: 60000 }\n",
    clock,
  );
  const asked = async (timeoutMs: number, stop: AbortSignal): Promise<unknown> => {
    const reply = await model.reply({ ...requestOf(), timeoutMs }, stop);
    return reply.kind === "reply" ? reply.text : [reply.failure.code, reply.failure.message];
  };
  const sleeps = async (count: number): Promise<void> => {
    while (clock.sleepers() < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const stop = new AbortController();
  const waiting = [asked(120_000, signal), asked(20_000, signal), asked(120_000, stop.signal)];
  await sleeps(3);
  stop.abort();
  await clock.advance(60_000);
  assert.deepEqual(await Promise.all(waiting), [
    "late",
    ["MODEL_TIMEOUT", "No complete answer within 20 s."],
    ["MODEL_CONNECTION", "aborted"],
  ]);
  assert.deepEqual(await asked(120_000, AbortSignal.abort()), ["MODEL_CONNECTION", "aborted"]);
});

test("a failure of the script is the typed failure", async (context) => {
  const model = await open(
    context,
    "version: 1\nreplies:\n  - failure: { code: MODEL_RATE_LIMITED, message: slow down, retryAfterMs: 1000 }\n",
  );
  const failure = {
    code: "MODEL_RATE_LIMITED",
    message: "slow down",
    status: null,
    retryAfterMs: 1000,
  };
  assert.deepEqual(await model.reply(requestOf(), signal), { kind: "failed", failure });
});

test("arguments that are no object come as malformed, as from any model", async (context) => {
  const model = await open(
    context,
    "version: 1\nreplies:\n  - calls: [{ tool: t, args: [1] }, { tool: t, args: '{\"a\":1}' }]\n",
  );
  const reply = await model.reply(requestOf(), signal);
  const args = reply.kind === "reply" ? reply.calls.map((call) => call.args) : [];
  assert.ok("$malformed" in (args[0] ?? {}));
  assert.deepEqual(args[1], { a: 1 });
});

test("a script that is changed is read anew", async (context) => {
  const model = await open(context, "version: 1\nreplies: [{ text: before }]\n");
  assert.equal(await textOf(model, requestOf()), "before");
  await model.write("version: 2\n");
  assert.equal(await textOf(model, requestOf()), "MODEL_BAD_REQUEST");
  await model.write("version: 1\nreplies: [{ text: afterwards }]\n");
  assert.equal(await textOf(model, requestOf()), "afterwards");
});

const refusalOf = async (model: Model, name: string) => {
  const described = await model.describe(name, signal);
  assert.ok(!described.ok && described.error.code === "SCRIPT_INVALID", name);
  return described.error;
};

for (const [name, text, words] of [
  ["another version", "version: 2\n", /\$\.version: .*expected 1/],
  ["no version", "replies: []\n", /\$\.version/],
  ["nothing in it", "", /\$: .*expected object/],
  ["an unknown key", "version: 1\nreplys: []\n", /\$: .*replys/],
  [
    "an unknown key deep inside",
    "version: 1\nreplies:\n  - { txet: hi }\n",
    /\$\.replies\.0: .*txet/,
  ],
  [
    "a code that is none",
    "version: 1\nreplies:\n  - failure: { code: BOOM }\n",
    /code: expected one of the MODEL_ codes/,
  ],
  [
    "a code of something else",
    "version: 1\nreplies:\n  - failure: { code: CARD_UNKNOWN }\n",
    /MODEL_ codes/,
  ],
  [
    "a failure beside a text",
    "version: 1\nreplies:\n  - { text: a, failure: { code: MODEL_TIMEOUT } }\n",
    /either a failure or/,
  ],
  ["a delay without bound", "version: 1\nreplies:\n  - { delayMs: 1.0e+12 }\n", /delayMs/],
  [
    "arguments that are no JSON",
    "version: 1\nreplies:\n  - calls: [{ tool: t, args: { a: .nan } }]\n",
    /args/,
  ],
  ["no YAML", "version: [\n", /script\.yaml/],
  ["a key twice", "version: 1\nversion: 1\n", /unique/],
  [
    "an alias bomb",
    `version: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(60)}]\nc: [${"*b,".repeat(60)}]\n`,
    /alias/i,
  ],
] as const) {
  test(`a script with ${name} is refused with the file and the place`, async (context) => {
    const refused = await refusalOf(await open(context, text), "scripted:script.yaml");
    assert.match(refused.message, words);
    assert.match(refused.message, /script\.yaml/);
  });
}

test("a script that is missing, no file or too large is refused by name", async (context) => {
  const model = await open(context, `version: 1\n#${"x".repeat(4 * 1024 * 1024)}\n`);
  assert.match((await refusalOf(model, "scripted:nothing.yaml")).message, /nothing\.yaml.*ENOENT/);
  assert.match((await refusalOf(model, "scripted:.")).message, /no file/);
  assert.match((await refusalOf(model, "scripted:script.yaml")).message, /more than 4194304/);
  assert.match((await refusalOf(model, "scripted:/dev/zero")).message, /no file/);
});
