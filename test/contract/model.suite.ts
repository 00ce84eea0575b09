// What every provider must do, line by line of the model port's contract and row by row of the taxonomy, against a server
// on loopback that speaks its protocol.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../src/domain/errors.ts";
import type { Model, ModelReply, ModelRequest } from "../../src/ports/model.ts";
import type { Behaviour, ModelServer } from "../support/model-server.ts";
import { startModelServer } from "../support/model-server.ts";

export type ProviderUnderTest = {
  readonly model: string;
  readonly open: (server: ModelServer) => Model;
  /** Where the protocol has its own words for a thing. */
  readonly refusalReason: string;
  readonly lengthReason: string;
  /** false: the protocol always counts. */
  readonly mayNotCount: boolean;
  readonly sendsSeed: boolean;
  readonly hasKey: boolean;
};

const KEY = "sk-canary-0123456789";

const TOOL = {
  name: "write_file",
  description: "Writes.",
  parameters: { type: "object", properties: { path: { type: "string" } } },
} as const;

const requestOf = (model: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  model,
  messages: [
    { role: "system", content: "first" },
    { role: "system", content: "second" },
    { role: "user", content: "do it" },
  ],
  tools: [TOOL],
  temperature: 0,
  seed: 7,
  timeoutMs: 5000,
  origin: { run: "r", card: "c", seat: "s", seatReplies: 0, runReplies: 0 },
  ...more,
});

type Row = {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly code: ErrorCode;
  readonly retryAfterMs?: number;
};
const status = (code: number, body?: string, headers?: Record<string, string>): Behaviour => ({
  kind: "status",
  status: code,
  ...(body === undefined ? {} : { body }),
  ...(headers === undefined ? {} : { headers }),
});
const error = (message: string): string =>
  JSON.stringify({ type: "error", error: { type: "invalid", message } });

const FAILURES: readonly Row[] = [
  { name: "401", behaviour: status(401), code: "MODEL_AUTH" },
  { name: "403", behaviour: status(403), code: "MODEL_AUTH" },
  { name: "404", behaviour: status(404), code: "MODEL_NOT_FOUND" },
  { name: "400", behaviour: status(400), code: "MODEL_BAD_REQUEST" },
  {
    name: "400 about the context",
    behaviour: status(400, error("This model's maximum context length is 8192 tokens")),
    code: "MODEL_CONTEXT",
  },
  {
    name: "400 about a prompt that is too long",
    behaviour: status(400, error("prompt is too long: 210000 tokens > 200000 maximum")),
    code: "MODEL_CONTEXT",
  },
  {
    name: "400 of a content filter",
    behaviour: status(400, error("blocked by content_filter")),
    code: "MODEL_REFUSED",
  },
  {
    name: "429 with seconds",
    behaviour: status(429, undefined, { "retry-after": "7" }),
    code: "MODEL_RATE_LIMITED",
    retryAfterMs: 7000,
  },
  {
    name: "429 with a date",
    behaviour: status(429, undefined, { "retry-after": new Date(1_800_000_060_000).toUTCString() }),
    code: "MODEL_RATE_LIMITED",
    retryAfterMs: 60_000,
  },
  { name: "529", behaviour: status(529), code: "MODEL_RATE_LIMITED" },
  { name: "500", behaviour: status(500), code: "MODEL_OVERLOADED" },
  { name: "503", behaviour: status(503, "<html>down</html>"), code: "MODEL_OVERLOADED" },
  { name: "a reset connection", behaviour: { kind: "reset" }, code: "MODEL_CONNECTION" },
  { name: "half an answer", behaviour: { kind: "half" }, code: "MODEL_MALFORMED" },
  { name: "no JSON", behaviour: { kind: "garbage" }, code: "MODEL_MALFORMED" },
  { name: "JSON of another shape", behaviour: { kind: "wrong-shape" }, code: "MODEL_MALFORMED" },
  { name: "an answer without end", behaviour: { kind: "flood" }, code: "MODEL_MALFORMED" },
  {
    name: "a redirect",
    behaviour: status(302, "", { location: "http://127.0.0.1:9/" }),
    code: "MODEL_MALFORMED",
  },
];

/** `now` of the clock that the provider is given: Retry-After dates count from it. */
export const SUITE_NOW_MS = 1_800_000_000_000;
export const SUITE_KEY = KEY;

export function testModel(name: string, provider: ProviderUnderTest): void {
  const ask = async (
    behaviour: Behaviour,
    more: Partial<ModelRequest> = {},
  ): Promise<{ reply: ModelReply; server: ModelServer; texts: string[] }> => {
    const server = await startModelServer();
    server.behave(behaviour);
    const texts: string[] = [];
    try {
      const model = provider.open(server);
      const request = requestOf(provider.model, more);
      const reply = await model.reply(request, new AbortController().signal, (text) =>
        texts.push(text),
      );
      return { reply, server, texts };
    } finally {
      await server.close();
    }
  };

  test(`${name}: gives text, counts and streams the text in order`, async () => {
    const { reply, texts } = await ask({
      kind: "answer",
      text: "Grüße, 世界 👋🏽!",
      usage: { input: 12, output: 5 },
    });
    assert.deepEqual(reply, {
      kind: "reply",
      text: "Grüße, 世界 👋🏽!",
      calls: [],
      inputTokens: 12,
      outputTokens: 5,
      truncated: false,
    });
    assert.equal(texts.join(""), "Grüße, 世界 👋🏽!");
    assert.ok(texts.length > 1);
  });

  test(`${name}: gives several native calls of one reply with their arguments`, async () => {
    const calls = [
      { tool: "write_file", input: '{"path":"a","content":"{\\"b\\":1}"}' },
      { tool: "read_file", input: '{"path":"c"}' },
    ];
    const { reply } = await ask({ kind: "answer", text: "both", calls });
    assert.equal(reply.kind, "reply");
    if (reply.kind !== "reply") return;
    assert.deepEqual(
      reply.calls.map((call) => [call.tool, call.args]),
      [
        ["write_file", { path: "a", content: '{"b":1}' }],
        ["read_file", { path: "c" }],
      ],
    );
    assert.equal(new Set(reply.calls.map((call) => call.id)).size, 2);
  });

  test(`${name}: a call whose arguments are no JSON object is given back as malformed`, async () => {
    for (const input of ['{"path": ', '["a"]']) {
      const { reply } = await ask({ kind: "answer", calls: [{ tool: "write_file", input }] });
      if (reply.kind === "reply") assert.ok("$malformed" in (reply.calls[0]?.args ?? {}), input);
      else assert.equal(reply.failure.code, "MODEL_MALFORMED");
    }
  });

  test(`${name}: sends messages, tools, temperature and key as the protocol has them`, async () => {
    const { server } = await ask({ kind: "answer", text: "ok" });
    const sent = server.requests[0];
    const text = JSON.stringify(sent?.body);
    for (const word of ["first", "second", "do it", "write_file"])
      assert.ok(text.includes(word), word);
    assert.equal(sent?.body["temperature"], 0);
    if (provider.sendsSeed) assert.equal(sent?.body["seed"], 7);
    assert.equal(sent?.body["stream"], true);
  });

  test(`${name}: takes results back paired with their calls`, async () => {
    const messages: ModelRequest["messages"] = [
      { role: "user", content: "go" },
      {
        role: "assistant",
        content: "",
        calls: [{ id: "call-1-1", tool: "write_file", args: { path: "a" } }],
      },
      { role: "tool", callId: "call-1-1", tool: "write_file", content: '{"ok":true}' },
    ];
    const { server, reply } = await ask({ kind: "answer", text: "ok" }, { messages });
    assert.equal(reply.kind, "reply");
    assert.equal(JSON.stringify(server.requests[0]?.body).split("call-1-1").length - 1, 2);
  });

  test(`${name}: says when the model declined, and when it was cut off`, async () => {
    const declined = await ask({ kind: "answer", text: "", finish: provider.refusalReason });
    assert.equal(declined.reply.kind === "failed" && declined.reply.failure.code, "MODEL_REFUSED");
    const long = await ask({ kind: "answer", text: "and so", finish: provider.lengthReason });
    assert.equal(long.reply.kind === "reply" && long.reply.truncated, true);
  });

  if (provider.mayNotCount) {
    test(`${name}: says null when the provider did not count`, async () => {
      const { reply } = await ask({ kind: "answer", text: "ok", usage: null });
      assert.deepEqual(reply.kind === "reply" && [reply.inputTokens, reply.outputTokens], [
        null,
        null,
      ]);
    });
  }

  for (const row of FAILURES) {
    test(`R-14 ${name}: ${row.name} is ${row.code}`, async () => {
      const { reply } = await ask(row.behaviour);
      assert.equal(reply.kind, "failed");
      if (reply.kind !== "failed") return;
      assert.equal(reply.failure.code, row.code, reply.failure.message);
      assert.equal(reply.failure.retryAfterMs, row.retryAfterMs ?? null);
      assert.ok(reply.failure.message.length <= 500);
    });
  }

  test(`R-14 ${name}: a server that is not there is MODEL_CONNECTION`, async () => {
    const server = await startModelServer();
    await server.close();
    const reply = await provider
      .open(server)
      .reply(requestOf(provider.model), new AbortController().signal);
    assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_CONNECTION");
  });

  if (provider.hasKey) {
    test(`${name}: an error that quotes the key does not show it`, async () => {
      const { reply } = await ask(status(401, error(`the key ${KEY} is wrong`)));
      assert.ok(!JSON.stringify(reply).includes(KEY));
    });
  }

  for (const behaviour of [
    { kind: "silent" },
    { kind: "answer", text: "x".repeat(200), pauseMs: 60 },
  ] as const) {
    test(`${name}: ${behaviour.kind === "silent" ? "silence" : "a drip"} is MODEL_TIMEOUT, and ends on the wire`, async () => {
      const server = await startModelServer();
      server.behave(behaviour);
      const reply = await provider
        .open(server)
        .reply(requestOf(provider.model, { timeoutMs: 200 }), new AbortController().signal);
      assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_TIMEOUT");
      await server.closedByClient();
      await server.close();
    });
  }

  test(`${name}: an abort is answered at once and ends the request on the wire`, async () => {
    const server = await startModelServer();
    server.behave({ kind: "silent" });
    const stop = new AbortController();
    const asked = provider.open(server).reply(requestOf(provider.model), stop.signal);
    setTimeout(() => stop.abort(), 50);
    const reply = await asked;
    assert.deepEqual(reply.kind === "failed" && [reply.failure.code, reply.failure.message], [
      "MODEL_CONNECTION",
      "aborted",
    ]);
    await server.closedByClient();
    await server.close();
  });
}
