// The router: which provider is asked, what a model costs, and what it costs to start the program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { requestOf, serverFor } from "../../../test/contract/model.suite.ts";
import type { Price } from "../../ports/model.ts";
import { createSimulatedClock } from "../clock/simulated.ts";
import type { ProviderSettings } from "./router.ts";
import { createModels } from "./router.ts";

const signal = new AbortController().signal;
const open = (providers: ProviderSettings, prices: Readonly<Record<string, Price>> = {}) =>
  createModels({ projectDir: "/", clock: createSimulatedClock(0), providers, prices });

test("a model whose provider is unknown, not configured or not named is refused with the way out", async () => {
  const model = open({});
  for (const [name, words] of [
    ["", "--model"],
    ["llama3", "<provider>:<model>"],
    [":llama3", "<provider>:<model>"],
    ["ollama:", "<provider>:<model>"],
    ["closedai:x", "ollama, openai, anthropic, scripted"],
    ["constructor:x", "ollama, openai, anthropic, scripted"],
    ["anthropic:x", "ANTHROPIC_API_KEY"],
    ["openai:x", "OPENAI_BASE_URL"],
    ["ollama:x", "OLLAMA_HOST"],
  ] as const) {
    const refused = await model.describe(name, signal);
    assert.ok(!refused.ok && refused.error.code === "MODEL_UNCONFIGURED", name);
    assert.ok(refused.error.message.includes(words), `${name}: ${refused.error.message}`);
    const reply = await model.reply(requestOf(name), signal);
    assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_UNCONFIGURED");
  }
});

const costs = async (model: ReturnType<typeof open>, name: string): Promise<unknown> => {
  const facts = await model.describe(name, signal);
  return facts.ok ? facts.value.price && Object.values(facts.value.price) : facts.error.code;
};

test("a price is the setting's, else nothing for local models, else the list's, else unknown", async () => {
  const own = { "openai:mine": { inputUsdPerMillion: 9, outputUsdPerMillion: 8 } };
  const away = open(
    {
      openai: { baseUrl: "https://api.openai.com/v1", apiKey: null },
      anthropic: { apiKey: "k-canary" },
    },
    own,
  );
  assert.deepEqual(await costs(away, "openai:mine"), [9, 8]);
  assert.deepEqual(await costs(away, "openai:gpt-4o-mini"), [0.15, 0.6]);
  assert.deepEqual(await costs(away, "openai:gpt-4o-2024-11-20"), [2.5, 10]);
  assert.deepEqual(await costs(away, "anthropic:claude-sonnet-4-20250514"), [3, 15]);
  for (const unknown of [
    "openai:unheard-of",
    "openai:gpt-5-pro",
    "openai:constructor",
    "anthropic:claude-9",
  ])
    assert.equal(await costs(away, unknown), null, unknown);

  for (const baseUrl of ["http://localhost:1/v1", "http://127.1.2.3/v1", "http://[::1]:8080/v1"])
    assert.deepEqual(
      await costs(open({ openai: { baseUrl, apiKey: null } }, own), "openai:gpt-4o"),
      [0, 0],
      baseUrl,
    );
  const localPriced = open({ openai: { baseUrl: "http://localhost/v1", apiKey: null } }, own);
  assert.deepEqual(await costs(localPriced, "openai:mine"), [9, 8]);
});

test("another server's model of a listed name has no listed price, and no free one", async () => {
  for (const baseUrl of [
    "https://models.example/v1",
    "http://127.models.example/v1",
    "http://10.0.0.1/v1",
  ]) {
    const model = open({ openai: { baseUrl, apiKey: null } });
    assert.equal(await costs(model, "openai:gpt-4o"), null, baseUrl);
  }
});

test("what is known of a hosted model needs no request", async () => {
  const model = open({
    anthropic: { apiKey: "k-canary" },
    openai: { baseUrl: "http://127.0.0.1:1", apiKey: null },
  });
  const claude = await model.describe("anthropic:claude-sonnet-4-5", signal);
  assert.deepEqual(claude.ok && [claude.value.nativeTools, claude.value.contextWindow], [
    true,
    200_000,
  ]);
  const local = await model.describe("openai:any", signal);
  assert.deepEqual(local.ok && [local.value.nativeTools, local.value.contextWindow], [true, null]);
});

const PROGRAM = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load: (url, more, next) => { loaded.push(url); return next(url, more); } });
const heavy = () => loaded.filter((url) => /node_modules\\/(?:ai|@ai-sdk|undici)\\//.test(url)).length;
const { createModels } = await import(process.argv[1]);
const { createSystemClock } = await import(process.argv[2]);
const url = process.argv[3];
const providers = { ollama: { baseUrl: url }, openai: { baseUrl: url + "/v1", apiKey: null }, anthropic: { baseUrl: url + "/v1", apiKey: "k-canary" } };
const model = createModels({ projectDir: "/", clock: createSystemClock(), providers, prices: {} });
await model.describe("openai:m", new AbortController().signal);
const before = heavy();
const request = { messages: [{ role: "user", content: "hi" }], tools: [], temperature: 0, seed: 1, timeoutMs: 300000,
  origin: { run: "r", card: "c", seat: "s", seatReplies: 0, runReplies: 0 } };
const kinds = [];
for (const name of ["ollama:m", "openai:m", "anthropic:claude-x", "openai:m", "anthropic:claude-x"])
  kinds.push((await model.reply({ ...request, model: name }, new AbortController().signal)).kind);
console.log(JSON.stringify({ before, after: heavy() > 0, kinds }));
`;

test("the libraries are loaded by the first call only, print nothing, and let the program end", async (context) => {
  const answer = { kind: "answer", text: "ok" } as const;
  const broken = { kind: "error-event", type: "api_error", message: "broken" } as const;
  const server = await serverFor(context, answer, answer, answer, broken, { kind: "garbage" });
  const here = (path: string): string => new URL(path, import.meta.url).href;
  const paths = [here("./router.ts"), here("../clock/system.ts"), server.url];
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, ...paths]);
  const said: string[] = [];
  child.stdout.on("data", (text) => said.push(String(text)));
  child.stderr.on("data", (text) => said.push(String(text)));
  const killer = setTimeout(() => child.kill("SIGKILL"), 8000);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(killer);
  assert.equal(code, 0, said.join(""));
  assert.deepEqual(JSON.parse(said.join("")), {
    before: 0,
    after: true,
    kinds: ["reply", "reply", "reply", "failed", "failed"],
  });
});
