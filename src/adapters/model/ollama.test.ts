// Ollama: the port's suite, and what its own protocol has: facts of a model, and the size of the context.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testModelFailures } from "../../../test/contract/model-failures.suite.ts";
import type { ProviderUnderTest } from "../../../test/contract/model.suite.ts";
import { ask, serverFor, SUITE_NOW_MS, testModel } from "../../../test/contract/model.suite.ts";
import type { ModelServer } from "../../../test/support/model-server.ts";
import type { Model } from "../../ports/model.ts";
import { createSimulatedClock } from "../clock/simulated.ts";
import { createSystemClock } from "../clock/system.ts";
import { createModels } from "./router.ts";

const clock = { ...createSystemClock(), now: () => SUITE_NOW_MS };
const open = (server: Pick<ModelServer, "url">, contextTokens?: number): Model => {
  const ollama = { baseUrl: server.url, ...(contextTokens === undefined ? {} : { contextTokens }) };
  return createModels({ projectDir: "/", clock, providers: { ollama }, prices: {} });
};

const provider: ProviderUnderTest = {
  name: "ollama",
  model: "ollama:qwen3:8b",
  open: (server) => open(server),
  refusalReason: null,
  lengthReason: "length",
  mayNotCount: true,
  settingsIn: (body) => body["options"] as Record<string, unknown>,
  sendsSeed: true,
};

testModel(provider);
testModelFailures(provider, { typedEvents: false });

const signal = new AbortController().signal;

test("ollama: asks for a context of a known size, and for an error instead of a cut prompt", async (context) => {
  const { server } = await ask(provider, { kind: "answer", text: "ok" });
  const body = server.requests[0]?.body ?? {};
  assert.deepEqual(body["options"], { temperature: 0.5, num_ctx: 16_384, seed: 7 });
  assert.deepEqual([body["truncate"], body["shift"]], [false, false]);
  const other = await serverFor(context, { kind: "answer", text: "ok" });
  await open(other, 4096).reply({ ...REQUEST }, signal);
  assert.deepEqual(other.requests[0]?.body["options"], { temperature: 0, num_ctx: 4096 });
});

const REQUEST = {
  model: "ollama:m",
  messages: [{ role: "user", content: "hi" }],
  tools: [],
  temperature: 0,
  seed: null,
  timeoutMs: 5000,
  origin: { run: "r", card: "c", seat: "s", seatReplies: 0, runReplies: 0 },
} as const;

test("ollama: says what the model can do, and how long a prompt it gets", async (context) => {
  const server = await serverFor(context, { kind: "answer" });
  const length = (tokens: unknown): object => ({ model_info: { "llama.context_length": tokens } });
  for (const [facts, nativeTools, contextWindow] of [
    [{ capabilities: ["completion", "tools"], ...length(131_072) }, true, 16_384],
    [{ capabilities: ["completion"], ...length(8192) }, false, 8192],
    [{ template: "{{ if .Tools }}…", ...length("many") }, true, 16_384],
    [{}, false, 16_384],
  ] as const) {
    server.show(facts as Record<string, unknown>);
    const described = await open(server).describe("ollama:qwen3:8b", signal);
    const price = { inputUsdPerMillion: 0, outputUsdPerMillion: 0 };
    const expected = { provider: "ollama", name: "qwen3:8b", price, nativeTools, contextWindow };
    assert.deepEqual(described.ok && described.value, expected);
    assert.deepEqual(server.requests.at(-1)?.body, { model: "qwen3:8b" });
  }
});

test("ollama: a model that is not there, and a server that is not there, are refused with the remedy", async (context) => {
  const server = await serverFor(context, { kind: "answer" });
  server.show(null);
  const missing = await open(server).describe("ollama:missing:7b", signal);
  assert.ok(!missing.ok && missing.error.code === "MODEL_NOT_FOUND");
  assert.match(missing.error.message, /ollama pull missing:7b/);
  await server.close();
  const down = await open(server).describe("ollama:test", signal);
  assert.ok(!down.ok && down.error.code === "MODEL_CONNECTION");
  assert.match(down.error.message, /ollama serve/);
});

test("ollama: facts that are no facts are refused, whatever they are", async (context) => {
  const server = await serverFor(context);
  for (const [behaviour, code] of [
    [{ kind: "garbage" }, "MODEL_MALFORMED"],
    [{ kind: "no-stream" }, "MODEL_MALFORMED"],
    [{ kind: "flood" }, "MODEL_MALFORMED"],
    [{ kind: "status", status: 500 }, "MODEL_OVERLOADED"],
    [{ kind: "reset" }, "MODEL_CONNECTION"],
  ] as const) {
    server.behave(behaviour);
    const described = await open(server).describe("ollama:test", signal);
    assert.equal(!described.ok && described.error.code, code);
  }
});

test("ollama: asking for facts ends with an abort and with the time", async (context) => {
  const server = await serverFor(context, { kind: "silent" });
  const stop = new AbortController();
  const asked = open(server).describe("ollama:test", stop.signal);
  setTimeout(() => stop.abort(), 30);
  const aborted = await asked;
  assert.ok(!aborted.ok && aborted.error.code === "MODEL_CONNECTION");
  const simulated = createSimulatedClock(0);
  const ollama = { baseUrl: server.url };
  const model = createModels({
    projectDir: "/",
    clock: simulated,
    providers: { ollama },
    prices: {},
  });
  const slow = model.describe("ollama:test", signal);
  await simulated.advance(10_000);
  const late = await slow;
  assert.ok(!late.ok && late.error.code === "MODEL_TIMEOUT");
});
