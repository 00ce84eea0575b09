// The scripted provider: which reply comes when, and what a file that does not fit is told.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { ModelOrigin, ModelRequest } from "../../ports/model.ts";
import { createSystemClock } from "../clock/system.ts";
import { createScripted } from "./scripted.ts";

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

async function open(context: TestContext, text: string) {
  const folder = await tempFolder(context);
  await writeFile(join(folder, "script.yaml"), text);
  return createScripted({ projectDir: folder, clock: createSystemClock() });
}

const SCRIPT = `
version: 1
cards:
  api:
    coder:
      - { text: first }
      - calls: [{ tool: write_file, args: { path: a } }]
match:
  - { when: { seat: guard, contains: hello }, reply: { text: matched } }
replies:
  - { text: in order 1 }
  - { text: in order 2, usage: { input: 10, output: 20 } }
`;

test("a reply is chosen by where the request stands, so a new process gives the same one", async (context) => {
  const rows: readonly [Partial<ModelOrigin>, string, string][] = [
    [{}, "hello", "first"],
    [{ seat: "guard", runReplies: 1 }, "well hello there", "matched"],
    [{ seat: "guard", runReplies: 1 }, "nothing", "in order 2"],
    [{ card: "other" }, "x", "in order 1"],
  ];
  for (let process = 0; process < 2; process += 1) {
    const model = await open(context, SCRIPT);
    for (const [origin, last, text] of rows) {
      const reply = await model.reply(requestOf(origin, last), signal);
      assert.equal(reply.kind === "reply" && reply.text, text);
    }
    const second = await model.reply(requestOf({ seatReplies: 1 }), signal);
    assert.deepEqual(second.kind === "reply" && second.calls, [
      { id: "scripted-1", tool: "write_file", args: { path: "a" } },
    ]);
  }
});

test("a script without a reply says for which seat, card and number", async (context) => {
  const model = await open(context, SCRIPT);
  const reply = await model.reply(requestOf({ seatReplies: 9, runReplies: 9 }), signal);
  assert.deepEqual(
    reply.kind === "failed" && [
      reply.failure.code,
      /number 10 .*coder.*api/.test(reply.failure.message),
    ],
    ["MODEL_SCRIPT_EXHAUSTED", true],
  );
});

test("a delay is waited for, ends with an abort, and is a time-out past the request's limit", async (context) => {
  const model = await open(context, "version: 1\nreplies:\n  - { text: late, delayMs: 60000 }\n");
  const late = await model.reply({ ...requestOf(), timeoutMs: 20 }, signal);
  assert.equal(late.kind === "failed" && late.failure.code, "MODEL_TIMEOUT");
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  const aborted = await model.reply({ ...requestOf(), timeoutMs: 120_000 }, stop.signal);
  assert.equal(aborted.kind === "failed" && aborted.failure.message, "aborted");
});

test("a failure of the script is the typed failure", async (context) => {
  const model = await open(
    context,
    "version: 1\nreplies:\n  - failure: { code: MODEL_RATE_LIMITED, retryAfterMs: 1000 }\n",
  );
  const reply = await model.reply(requestOf(), signal);
  assert.deepEqual(reply.kind === "failed" && [reply.failure.code, reply.failure.retryAfterMs], [
    "MODEL_RATE_LIMITED",
    1000,
  ]);
});

for (const [name, text, words] of [
  ["another version", "version: 2\n", /version/],
  ["an unknown key", "version: 1\nreplys: []\n", /replys/],
  ["an unknown key deep inside", "version: 1\nreplies:\n  - { txet: hi }\n", /replies\.0.*txet/],
  ["a code that is none", "version: 1\nreplies:\n  - failure: { code: BOOM }\n", /MODEL_/],
  ["no YAML", "version: [\n", /script\.yaml/],
  [
    "an alias bomb",
    `version: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(60)}]\nc: [${"*b,".repeat(60)}]\n`,
    /alias|Excessive|a/i,
  ],
] as const) {
  test(`a script with ${name} is refused with the place`, async (context) => {
    const model = await open(context, text);
    const refused = await model.describe("scripted:script.yaml", signal);
    assert.ok(!refused.ok && refused.error.code === "SCRIPT_INVALID");
    assert.match(refused.error.message, words);
  });
}

test("a script that is missing is refused by name", async (context) => {
  const model = await open(context, "version: 1\n");
  const refused = await model.describe("scripted:nothing.yaml", signal);
  assert.ok(!refused.ok && refused.error.message.includes("nothing.yaml"));
});
