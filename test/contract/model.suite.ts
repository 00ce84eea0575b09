// What every provider must do, line by line of the model port's contract, against a server on loopback that speaks its
// protocol. The taxonomy of failures is in model-failures.suite.ts.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Model, ModelReply, ModelRequest } from "../../src/ports/model.ts";
import type { Behaviour, ModelServer } from "../support/model-server.ts";
import { startModelServer } from "../support/model-server.ts";

export type ProviderUnderTest = {
  readonly name: string;
  readonly model: string;
  /** Given the key SUITE_KEY where the protocol has one, and a clock whose `now` is SUITE_NOW_MS. */
  readonly open: (server: ModelServer) => Model;
  /** The protocol's word for a safety stop; null when it has none. */
  readonly refusalReason: string | null;
  readonly lengthReason: string;
  /** false: the protocol always counts. */
  readonly mayNotCount: boolean;
  /** Where the request's settings are in the body. */
  readonly settingsIn: (body: Record<string, unknown>) => Record<string, unknown>;
  readonly sendsSeed: boolean;
};

/** `now` of the clock that the provider is given: Retry-After dates count from it. */
export const SUITE_NOW_MS = 1_800_000_000_000;
export const SUITE_KEY = "sk-canary-0123456789";

const TOOL = {
  name: "write_file",
  description: "Writes.",
  parameters: { type: "object", properties: { path: { type: "string" } } },
} as const;

export const requestOf = (model: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  model,
  messages: [
    { role: "system", content: "first" },
    { role: "system", content: "second" },
    { role: "user", content: "do it" },
  ],
  tools: [TOOL],
  temperature: 0.5,
  seed: 7,
  timeoutMs: 5000,
  origin: { run: "r", card: "c", seat: "s", seatReplies: 0, runReplies: 0 },
  ...more,
});

export type Asked = {
  readonly reply: ModelReply;
  readonly server: ModelServer;
  readonly texts: readonly string[];
};

/** One request to a server of its own that behaves so. */
export async function ask(
  provider: ProviderUnderTest,
  behaviour: Behaviour,
  more: Partial<ModelRequest> = {},
): Promise<Asked> {
  const server = await startModelServer();
  server.behave(behaviour);
  const texts: string[] = [];
  try {
    const request = requestOf(provider.model, more);
    const onText = (text: string): void => void texts.push(text);
    const reply = await provider.open(server).reply(request, new AbortController().signal, onText);
    return { reply, server, texts };
  } finally {
    await server.close();
  }
}

export async function serverFor(
  context: TestContext,
  ...behaviours: readonly Behaviour[]
): Promise<ModelServer> {
  const server = await startModelServer();
  context.after(server.close);
  server.behave(...behaviours);
  return server;
}

export function testModel(provider: ProviderUnderTest): void {
  testAnswers(provider);
  testCalls(provider);
  testConversation(provider);
  testEnds(provider);
}

function testAnswers(provider: ProviderUnderTest): void {
  const { name } = provider;

  test(`${name}: gives text and counts, and streams the text in order`, async () => {
    const text = "Grüße, 世界 👋🏽 – it is done!";
    const { reply, texts } = await ask(provider, {
      kind: "answer",
      text,
      usage: { input: 12, output: 5 },
    });
    const expected = {
      kind: "reply",
      text,
      calls: [],
      inputTokens: 12,
      outputTokens: 5,
      truncated: false,
    };
    assert.deepEqual(reply, expected);
    assert.ok(texts.length > 1, "the text came in one piece");
    assert.equal(texts.join(""), text);
  });

  test(`${name}: an empty answer is an empty reply`, async () => {
    const { reply, texts } = await ask(provider, { kind: "answer" });
    assert.deepEqual(reply.kind === "reply" && [reply.text, reply.calls, texts], ["", [], []]);
  });

  test(`${name}: takes an answer of five megabytes`, async () => {
    const text = "0123456789é".repeat(460_000);
    const { reply, texts } = await ask(provider, { kind: "answer", text });
    assert.equal(reply.kind === "reply" && reply.text.length, text.length);
    assert.equal(texts.join("").length, text.length);
  });

  test(`${name}: an answer that is late or slow is an answer all the same`, async () => {
    const late = await ask(provider, { kind: "answer", text: "late", lateMs: 150 });
    assert.equal(late.reply.kind === "reply" && late.reply.text, "late");
    const slow = await ask(provider, { kind: "answer", text: "slow", dripMs: 15 });
    assert.equal(slow.reply.kind === "reply" && slow.reply.text, "slow");
  });

  test(`${name}: says when the answer was cut off at the limit of the output`, async () => {
    const { reply } = await ask(provider, {
      kind: "answer",
      text: "and so",
      finish: provider.lengthReason,
    });
    assert.deepEqual(reply.kind === "reply" && [reply.text, reply.truncated], ["and so", true]);
  });

  if (provider.mayNotCount) {
    test(`${name}: says null when the provider did not count`, async () => {
      const { reply } = await ask(provider, { kind: "answer", text: "ok", usage: null });
      assert.deepEqual(reply.kind === "reply" && [reply.inputTokens, reply.outputTokens], [
        null,
        null,
      ]);
    });
  }

  test(`${name}: what the listener throws is thrown, and the request ends on the wire`, async (context) => {
    const server = await serverFor(context, { kind: "answer", text: "x".repeat(300), dripMs: 20 });
    const onText = (): void => {
      throw new RangeError("a bug of the caller");
    };
    const signal = new AbortController().signal;
    const reply = provider.open(server).reply(requestOf(provider.model), signal, onText);
    await assert.rejects(reply, RangeError);
    await server.closedByClient();
  });
}

function testCalls(provider: ProviderUnderTest): void {
  const { name } = provider;

  test(`${name}: gives several native calls beside a text, in order, with their arguments`, async () => {
    const calls = [
      { tool: "write_file", input: '{"path":"ä","content":"{\\"b\\":1}"}' },
      { tool: "read_file", input: '{"path":"c"}' },
      { tool: "list_directory", input: "{}" },
    ];
    const { reply } = await ask(provider, { kind: "answer", text: "all", calls });
    assert.equal(reply.kind === "reply" && reply.text, "all");
    assert.deepEqual(reply.kind === "reply" && reply.calls.map((call) => [call.tool, call.args]), [
      ["write_file", { path: "ä", content: '{"b":1}' }],
      ["read_file", { path: "c" }],
      ["list_directory", {}],
    ]);
  });

  test(`${name}: ids are unique in a reply, whatever the provider sends`, async () => {
    const call = { tool: "read_file", input: '{"path":"c"}', id: "same" };
    const { reply } = await ask(provider, {
      kind: "answer",
      calls: [call, { ...call, tool: "delete_file" }, call],
    });
    assert.equal(reply.kind, "reply");
    const ids = reply.kind === "reply" ? reply.calls.map(({ id }) => id) : [];
    assert.deepEqual([ids.length, new Set(ids).size], [3, 3]);
    assert.ok(ids.every((id) => id !== ""));
  });

  for (const [words, input] of [
    ["no JSON", '{"path": '],
    ["a list", '["a"]'],
    ["a number", "7"],
    ["nested without end", `${'{"a":'.repeat(500)}1${"}".repeat(500)}`],
  ] as const) {
    test(`${name}: a call whose arguments are ${words} fails alone`, async () => {
      const good = { tool: "read_file", input: '{"path":"c"}' };
      const { reply } = await ask(provider, {
        kind: "answer",
        calls: [{ tool: "write_file", input }, good],
      });
      assert.equal(reply.kind, "reply");
      const [bad, fine] = reply.kind === "reply" ? reply.calls : [];
      assert.ok(
        bad !== undefined && "$malformed" in bad.args && typeof bad.args["$malformed"] === "string",
      );
      assert.ok(bad.args["$malformed"].length < 300);
      assert.deepEqual(fine?.args, { path: "c" });
    });
  }

  test(`${name}: a call of a tool that was not offered is given back like any other`, async () => {
    const { reply } = await ask(provider, {
      kind: "answer",
      calls: [{ tool: "format_disk", input: '{"all":true}' }],
    });
    assert.deepEqual(reply.kind === "reply" && reply.calls.map(({ tool, args }) => [tool, args]), [
      ["format_disk", { all: true }],
    ]);
  });

  test(`${name}: a reply with more than a hundred calls is not worked off`, async () => {
    const calls = Array.from({ length: 101 }, () => ({ tool: "read_file", input: "{}" }));
    const { reply } = await ask(provider, { kind: "answer", calls });
    assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_MALFORMED");
  });
}

function testConversation(provider: ProviderUnderTest): void {
  const { name } = provider;

  test(`${name}: sends the model, the messages, the tools and the settings`, async () => {
    const { server } = await ask(provider, { kind: "answer", text: "ok" });
    const body = server.requests[0]?.body ?? {};
    const text = JSON.stringify(body);
    for (const word of ["first", "second", "do it", "write_file", "Writes."])
      assert.ok(text.includes(word), word);
    assert.ok(text.indexOf("first") < text.indexOf("second"));
    const settings = provider.settingsIn(body);
    assert.equal(settings["temperature"], 0.5);
    assert.equal(settings["seed"], provider.sendsSeed ? 7 : undefined);
    assert.deepEqual(
      [body["model"], body["stream"]],
      [provider.model.slice(provider.model.indexOf(":") + 1), true],
    );
  });

  test(`${name}: sends no tools and no seed where there are none`, async () => {
    const { server } = await ask(
      provider,
      { kind: "answer", text: "ok" },
      { tools: [], seed: null },
    );
    const body = server.requests[0]?.body ?? {};
    assert.ok(!("tools" in body) && !("tool_choice" in body));
    assert.ok(!("seed" in provider.settingsIn(body)));
  });

  test(`${name}: takes results back paired with their calls, malformed and blank ones too`, async () => {
    const messages: ModelRequest["messages"] = [
      { role: "user", content: "go" },
      { role: "assistant", content: "\n", calls: [] },
      {
        role: "assistant",
        content: " ",
        calls: [
          { id: "call-1-1", tool: "write_file", args: { path: "a" } },
          {
            id: "call-1-2",
            tool: "functions.write",
            args: { $malformed: "The arguments are not JSON" },
          },
        ],
      },
      { role: "tool", callId: "call-1-1", tool: "write_file", content: '{"ok":true}' },
      { role: "tool", callId: "call-1-2", tool: "functions.write", content: "" },
      { role: "user", content: "go on" },
    ];
    const { server, reply } = await ask(provider, { kind: "answer", text: "ok" }, { messages });
    assert.equal(reply.kind, "reply", JSON.stringify(reply));
    const text = JSON.stringify(server.requests[0]?.body);
    for (const id of ["call-1-1", "call-1-2"]) assert.equal(text.split(id).length - 1, 2, id);
    assert.ok(text.includes("go on"));
  });

  test(`${name}: makes one attempt`, async () => {
    const { server } = await ask(provider, { kind: "status", status: 503 });
    assert.equal(server.requests.length, 1);
  });

  test(`${name}: calls at the same time do not mix`, async (context) => {
    const server = await startModelServer(({ body }) => ({
      kind: "answer",
      text: `${/number \d+/.exec(JSON.stringify(body))?.[0]}`,
      dripMs: 2,
    }));
    context.after(server.close);
    const model = provider.open(server);
    const replies = Array.from({ length: 12 }, async (_, place) => {
      const messages = [{ role: "user", content: `number ${place}` }] as const;
      const reply = await model.reply(
        requestOf(provider.model, { messages }),
        new AbortController().signal,
      );
      assert.equal(reply.kind === "reply" && reply.text, `number ${place}`);
    });
    await Promise.all(replies);
  });
}

function testEnds(provider: ProviderUnderTest): void {
  const { name } = provider;
  const drip = { kind: "answer", text: "x".repeat(300), dripMs: 30 } as const;

  for (const [words, behaviour] of [
    ["silence", { kind: "silent" }],
    ["an answer that stops", { kind: "stalled" }],
    ["a drip", drip],
  ] as const) {
    test(`R-14 ${name}: ${words} is MODEL_TIMEOUT, and ends on the wire`, async (context) => {
      const server = await serverFor(context, behaviour);
      const request = requestOf(provider.model, { timeoutMs: 150 });
      const reply = await provider.open(server).reply(request, new AbortController().signal);
      assert.deepEqual(reply.kind === "failed" && [reply.failure.code, reply.failure.status], [
        "MODEL_TIMEOUT",
        null,
      ]);
      await server.closedByClient();
    });

    test(`${name}: an abort in ${words} is answered at once and ends on the wire`, async (context) => {
      const server = await serverFor(context, behaviour);
      const stop = new AbortController();
      const asked = provider.open(server).reply(requestOf(provider.model), stop.signal);
      setTimeout(() => stop.abort(), 60);
      const startedAt = performance.now();
      const reply = await asked;
      assert.ok(performance.now() - startedAt < 1000);
      const failure = {
        code: "MODEL_CONNECTION",
        message: "aborted",
        status: null,
        retryAfterMs: null,
      };
      assert.deepEqual(reply, { kind: "failed", failure });
      await server.closedByClient();
    });
  }

  test(`${name}: a request that was aborted before is not sent`, async (context) => {
    const server = await serverFor(context, { kind: "answer" });
    const reply = await provider.open(server).reply(requestOf(provider.model), AbortSignal.abort());
    assert.equal(reply.kind === "failed" && reply.failure.message, "aborted");
    assert.equal(server.requests.length, 0);
  });

  test(`${name}: leaves no connection, timer or listener behind`, async (context) => {
    const server = await serverFor(context);
    const model = provider.open(server);
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;
    const before = timers();
    const { signal } = new AbortController();
    const behaviours: readonly Behaviour[] = [
      { kind: "answer", text: "fine" },
      { kind: "status", status: 500 },
      { kind: "garbage" },
      { kind: "flood" },
      { kind: "cut" },
      { kind: "error-event", type: "overloaded_error", message: "busy" },
    ];
    for (let round = 0; round < 3; round += 1) {
      for (const behaviour of behaviours) {
        server.behave(behaviour);
        await model.reply(requestOf(provider.model, { timeoutMs: 300_000 }), signal);
      }
    }
    for (let waited = 0; server.openSockets() > 0 && waited < 50; waited += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(server.openSockets(), 0);
    assert.ok(timers() <= before, `${timers()} timers, ${before} before`);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });
}
