// Every provider behind the SDK passes the model port's suite, on a server that speaks its own protocol.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SUITE_KEY, SUITE_NOW_MS, testModel } from "../../../test/contract/model.suite.ts";
import type { ModelServer } from "../../../test/support/model-server.ts";
import { startModelServer } from "../../../test/support/model-server.ts";
import type { Model } from "../../ports/model.ts";
import { createSimulatedClock } from "../clock/simulated.ts";
import type { ProviderSettings } from "./providers.ts";
import { createModels } from "./router.ts";

const open =
  (settings: (server: ModelServer) => ProviderSettings) =>
  (server: ModelServer): Model =>
    createModels({
      projectDir: "/",
      clock: createSimulatedClock(SUITE_NOW_MS),
      providers: settings(server),
      prices: {},
    });

testModel("openai", {
  model: "openai:test",
  open: open((server) => ({ openai: { baseUrl: `${server.url}/v1`, apiKey: SUITE_KEY } })),
  refusalReason: "content_filter",
  lengthReason: "length",
  mayNotCount: true,
  sendsSeed: true,
  hasKey: true,
});

testModel("ollama", {
  model: "ollama:test",
  open: open((server) => ({ ollama: { baseUrl: server.url } })),
  refusalReason: "content_filter",
  lengthReason: "length",
  mayNotCount: true,
  sendsSeed: true,
  hasKey: false,
});

testModel("anthropic", {
  model: "anthropic:claude-sonnet-4-test",
  open: open((server) => ({ anthropic: { baseUrl: `${server.url}/v1`, apiKey: SUITE_KEY } })),
  refusalReason: "refusal",
  lengthReason: "max_tokens",
  mayNotCount: false,
  sendsSeed: false,
  hasKey: true,
});

const signal = new AbortController().signal;

test("the key goes in the header its protocol names and nowhere else", async () => {
  const server = await startModelServer();
  const model = open(() => ({ openai: { baseUrl: `${server.url}/v1`, apiKey: SUITE_KEY } }))(
    server,
  );
  const origin = { run: "r", card: "c", seat: "s", seatReplies: 0, runReplies: 0 };
  const request = {
    messages: [{ role: "user", content: "hi" }] as const,
    tools: [],
    temperature: 0,
    seed: null,
    timeoutMs: 5000,
    origin,
  };
  await model.reply({ model: "openai:m", ...request }, signal);
  assert.equal(server.requests[0]?.headers.authorization, `Bearer ${SUITE_KEY}`);
  assert.ok(!JSON.stringify(server.requests[0]?.body).includes(SUITE_KEY));
  assert.equal(server.requests[0]?.path, "/v1/chat/completions");
  await server.close();
});

test("Ollama is asked what the model can do, and a missing one is named with its remedy", async () => {
  const server = await startModelServer();
  const model = open(() => ({ ollama: { baseUrl: server.url } }))(server);
  const tools = await model.describe("ollama:test", signal);
  assert.deepEqual(
    tools.ok && [
      tools.value.nativeTools,
      tools.value.contextWindow,
      tools.value.price?.inputUsdPerMillion,
    ],
    [true, 8192, 0],
  );
  const plain = await model.describe("ollama:plain", signal);
  assert.equal(plain.ok && plain.value.nativeTools, false);
  const missing = await model.describe("ollama:missing", signal);
  assert.ok(
    !missing.ok &&
      missing.error.code === "MODEL_NOT_FOUND" &&
      missing.error.message.includes("ollama pull missing"),
  );
  await server.close();
  const down = await model.describe("ollama:test", signal);
  assert.ok(
    !down.ok &&
      down.error.code === "MODEL_CONNECTION" &&
      down.error.message.includes("ollama serve"),
  );
});

test("a model whose provider is unknown, not configured or not named is refused with the way out", async () => {
  const model = open(() => ({}))(null as never);
  for (const [name, words] of [
    ["", "--model"],
    ["llama3", "<provider>:<model>"],
    ["closedai:x", "ollama, openai, anthropic, scripted"],
    ["anthropic:x", "ANTHROPIC_API_KEY"],
    ["openai:x", "OPENAI_BASE_URL"],
  ] as const) {
    const refused = await model.describe(name, signal);
    assert.ok(
      !refused.ok &&
        refused.error.code === "MODEL_UNCONFIGURED" &&
        refused.error.message.includes(words),
      name,
    );
  }
});

test("a price is the setting's, else the list's, else nothing for local models, else unknown", async () => {
  const own = { inputUsdPerMillion: 9, outputUsdPerMillion: 9 };
  const models = createModels({
    projectDir: "/",
    clock: createSimulatedClock(0),
    providers: {
      openai: { baseUrl: "https://models.example/v1", apiKey: null },
      anthropic: { apiKey: "k-canary" },
    },
    prices: { "openai:mine": own },
  });
  const priceOf = async (model: string) => {
    const facts = await models.describe(model, signal);
    return facts.ok ? facts.value.price : "refused";
  };
  assert.deepEqual(await priceOf("openai:mine"), own);
  assert.equal(await priceOf("openai:unheard-of"), null);
  assert.deepEqual(await priceOf("anthropic:claude-sonnet-4-20250514"), {
    inputUsdPerMillion: 3,
    outputUsdPerMillion: 15,
  });
  const local = createModels({
    projectDir: "/",
    clock: createSimulatedClock(0),
    providers: { openai: { baseUrl: "http://localhost:1/v1", apiKey: null } },
    prices: {},
  });
  const facts = await local.describe("openai:any", signal);
  assert.equal(facts.ok && facts.value.price?.outputUsdPerMillion, 0);
});
