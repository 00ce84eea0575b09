// The taxonomy of provider errors (system.md 8.3), row by row, for every provider.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../src/domain/errors.ts";
import type { Behaviour } from "../support/model-server.ts";
import { startModelServer } from "../support/model-server.ts";
import type { ProviderUnderTest } from "./model.suite.ts";
import { ask, requestOf, serverFor, SUITE_KEY, SUITE_NOW_MS } from "./model.suite.ts";

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
const said = (message: string, code = "invalid"): string =>
  JSON.stringify({ type: "error", error: { type: "invalid", code, message } });
const wait = (value: string): Behaviour => status(429, undefined, { "retry-after": value });
const event = (type: string, message: string): Behaviour => ({
  kind: "error-event",
  type,
  message,
});

const STATUSES: readonly Row[] = [
  { name: "401", behaviour: status(401), code: "MODEL_AUTH" },
  { name: "403", behaviour: status(403), code: "MODEL_AUTH" },
  { name: "404", behaviour: status(404), code: "MODEL_NOT_FOUND" },
  { name: "400", behaviour: status(400), code: "MODEL_BAD_REQUEST" },
  { name: "400 without a body", behaviour: status(400, ""), code: "MODEL_BAD_REQUEST" },
  { name: "402", behaviour: status(402), code: "MODEL_BAD_REQUEST" },
  { name: "408", behaviour: status(408), code: "MODEL_TIMEOUT" },
  { name: "429", behaviour: status(429), code: "MODEL_RATE_LIMITED" },
  {
    name: "429 with seconds",
    behaviour: wait("7"),
    code: "MODEL_RATE_LIMITED",
    retryAfterMs: 7000,
  },
  {
    name: "429 with part of a second",
    behaviour: wait("0.5"),
    code: "MODEL_RATE_LIMITED",
    retryAfterMs: 500,
  },
  {
    name: "429 with a date",
    behaviour: wait(new Date(SUITE_NOW_MS + 60_000).toUTCString()),
    code: "MODEL_RATE_LIMITED",
    retryAfterMs: 60_000,
  },
  {
    name: "429 with a date that is past",
    behaviour: wait(new Date(SUITE_NOW_MS - 60_000).toUTCString()),
    code: "MODEL_RATE_LIMITED",
    retryAfterMs: 0,
  },
  { name: "429 with nonsense", behaviour: wait("soon"), code: "MODEL_RATE_LIMITED" },
  { name: "429 with a negative wait", behaviour: wait("-5"), code: "MODEL_RATE_LIMITED" },
  {
    name: "529 with seconds",
    behaviour: status(529, undefined, { "retry-after": "3" }),
    code: "MODEL_RATE_LIMITED",
    retryAfterMs: 3000,
  },
  { name: "500", behaviour: status(500), code: "MODEL_OVERLOADED" },
  {
    name: "503 with a page",
    behaviour: status(503, "<html>down</html>"),
    code: "MODEL_OVERLOADED",
  },
  { name: "504", behaviour: status(504), code: "MODEL_OVERLOADED" },
  {
    name: "a redirect",
    behaviour: status(302, "", { location: "http://127.0.0.1:9/" }),
    code: "MODEL_MALFORMED",
  },
];

const CAUSES: readonly Row[] = [
  ...[
    [
      "OpenAI",
      said("This model's maximum context length is 8192 tokens. However, you asked for more."),
    ],
    ["OpenAI by code", said("Too much.", "context_length_exceeded")],
    ["OpenAI, newer", said("Your input exceeds the context window of this model.")],
    ["Anthropic", said("prompt is too long: 210000 tokens > 200000 maximum")],
    [
      "Anthropic with its output",
      said("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
    ],
    ["Ollama", '{"error":"prompt too long; exceeded max context length by 5 tokens"}'],
    ["Ollama, newer", '{"error":"the input length exceeds the context length"}'],
    [
      "llama.cpp",
      said(
        "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it",
      ),
    ],
    [
      "vLLM",
      '{"message":"The decoder prompt (length 9) is longer than the maximum model length of 4"}',
    ],
    [
      "Gemini",
      '[{"error":{"message":"The input token count (9) exceeds the maximum number of tokens allowed (4)."}}]',
    ],
  ].map(([who = "", body = ""]) => ({
    name: `400 of ${who} about the context`,
    behaviour: status(400, body),
    code: "MODEL_CONTEXT" as const,
  })),
  {
    name: "413",
    behaviour: status(413, said("Request exceeds the maximum size")),
    code: "MODEL_CONTEXT",
  },
  {
    name: "400 about the limit of the output",
    behaviour: status(
      400,
      said("max_tokens is too large: 64000. This model supports at most 4096 completion tokens."),
    ),
    code: "MODEL_BAD_REQUEST",
  },
  {
    name: "400 of a content filter",
    behaviour: status(400, said("blocked", "content_filter")),
    code: "MODEL_REFUSED",
  },
  {
    name: "403 of a moderation",
    behaviour: status(403, said("Your input was flagged by moderation.")),
    code: "MODEL_REFUSED",
  },
];

const ANSWERS: readonly Row[] = [
  { name: "a reset connection", behaviour: { kind: "reset" }, code: "MODEL_CONNECTION" },
  {
    name: "a connection reset within the answer",
    behaviour: { kind: "cut" },
    code: "MODEL_CONNECTION",
  },
  { name: "half an answer", behaviour: { kind: "half" }, code: "MODEL_MALFORMED" },
  { name: "no answer at all", behaviour: { kind: "nothing" }, code: "MODEL_MALFORMED" },
  { name: "a page", behaviour: { kind: "no-stream" }, code: "MODEL_MALFORMED" },
  { name: "no JSON", behaviour: { kind: "garbage" }, code: "MODEL_MALFORMED" },
  { name: "JSON of another shape", behaviour: { kind: "wrong-shape" }, code: "MODEL_MALFORMED" },
  { name: "an answer without end", behaviour: { kind: "flood" }, code: "MODEL_MALFORMED" },
  { name: "an answer packed a thousandfold", behaviour: { kind: "bomb" }, code: "MODEL_MALFORMED" },
  {
    name: "an answer of more than 8 MiB",
    behaviour: { kind: "answer", text: "x".repeat(9 * 1024 * 1024) },
    code: "MODEL_MALFORMED",
  },
  {
    name: "an error within the answer",
    behaviour: event("api_error", "broke down"),
    code: "MODEL_OVERLOADED",
  },
  {
    name: "a context error within the answer",
    behaviour: event("invalid_request_error", "prompt is too long"),
    code: "MODEL_CONTEXT",
  },
];

/** For protocols whose error events have types. */
const TYPED_EVENTS: readonly Row[] = [
  {
    name: "overloaded within the answer",
    behaviour: event("overloaded_error", "Overloaded"),
    code: "MODEL_RATE_LIMITED",
  },
  {
    name: "rate-limited within the answer",
    behaviour: event("rate_limit_error", "slow"),
    code: "MODEL_RATE_LIMITED",
  },
  {
    name: "auth within the answer",
    behaviour: event("authentication_error", "no"),
    code: "MODEL_AUTH",
  },
];

export function testModelFailures(
  provider: ProviderUnderTest,
  { typedEvents }: { readonly typedEvents: boolean },
): void {
  const { name, model } = provider;

  for (const row of [...STATUSES, ...CAUSES, ...ANSWERS, ...(typedEvents ? TYPED_EVENTS : [])]) {
    test(`R-14 ${name}: ${row.name} is ${row.code}`, async () => {
      const { reply } = await ask(provider, row.behaviour);
      assert.equal(reply.kind, "failed");
      if (reply.kind !== "failed") return;
      const { code, message, status: got, retryAfterMs } = reply.failure;
      assert.equal(code, row.code, message);
      assert.equal(retryAfterMs, row.retryAfterMs ?? null);
      if (row.behaviour.kind === "status") assert.equal(got, row.behaviour.status);
      assert.ok(message !== "" && message.length <= 500, message);
    });
  }

  if (provider.refusalReason !== null) {
    const finish = provider.refusalReason;
    test(`R-14 ${name}: a safety stop is MODEL_REFUSED, also after some text`, async () => {
      for (const text of ["", "I would"]) {
        const { reply } = await ask(provider, { kind: "answer", text, finish });
        assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_REFUSED");
      }
    });
  }

  test(`R-14 ${name}: a server that is not there, or has no such name, is MODEL_CONNECTION`, async () => {
    const gone = await startModelServer();
    await gone.close();
    for (const url of [gone.url, "http://nowhere.invalid"]) {
      const signal = new AbortController().signal;
      const reply = await provider.open({ ...gone, url }).reply(requestOf(model), signal);
      assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_CONNECTION");
      assert.ok(
        reply.kind === "failed" && /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(reply.failure.message),
      );
    }
  });

  test(`R-14 ${name}: an address that is none is MODEL_BAD_REQUEST`, async () => {
    const gone = await startModelServer();
    await gone.close();
    const reply = await provider
      .open({ ...gone, url: "not an address" })
      .reply(requestOf(model), new AbortController().signal);
    assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_BAD_REQUEST");
  });

  test(`${name}: a redirect is not followed, so the key stays with its host`, async (context) => {
    const other = await serverFor(context, { kind: "answer", text: "stolen" });
    const { reply } = await ask(
      provider,
      status(307, "", { location: `${other.url}/v1/chat/completions` }),
    );
    assert.equal(reply.kind, "failed");
    assert.equal(other.requests.length, 0);
  });

  test(`${name}: a failure shows what the provider said, in one line of at most 500 characters`, async () => {
    const { reply } = await ask(
      provider,
      status(400, said(`one\n\u001b[31mtwo ${"é".repeat(2000)}`)),
    );
    assert.ok(reply.kind === "failed");
    assert.equal(reply.failure.message.length, 500);
    assert.match(reply.failure.message, /^HTTP 400: one \[31mtwo é/);
  });

  test(`${name}: an error that quotes the key does not show it, not even at the cut`, async () => {
    for (const lead of [0, 470, 480, 485]) {
      const { reply } = await ask(
        provider,
        status(401, said(`${"x".repeat(lead)} ${SUITE_KEY} is wrong`)),
      );
      if (provider.name !== "ollama")
        assert.ok(!JSON.stringify(reply).includes(SUITE_KEY.slice(0, 8)), `${lead}`);
      assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_AUTH");
    }
  });

  test(`${name}: a password in the address is not shown`, async () => {
    const gone = await startModelServer();
    await gone.close();
    const url = gone.url.replace("//", "//user:hunter2canary@");
    const opened = provider.open({ ...gone, url });
    const reply = await opened.reply(requestOf(model), new AbortController().signal);
    assert.equal(reply.kind, "failed");
    const facts = await opened.describe(model, new AbortController().signal);
    assert.ok(!JSON.stringify([reply, facts]).includes("hunter2canary"));
  });
}
