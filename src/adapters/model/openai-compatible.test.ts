// OpenAI-compatible servers: the port's suite, and what this protocol alone has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testModelFailures } from "../../../test/contract/model-failures.suite.ts";
import type { ProviderUnderTest } from "../../../test/contract/model.suite.ts";
import {
  ask,
  requestOf,
  serverFor,
  SUITE_KEY,
  SUITE_NOW_MS,
  testModel,
} from "../../../test/contract/model.suite.ts";
import type { ModelServer } from "../../../test/support/model-server.ts";
import type { Model } from "../../ports/model.ts";
import { createSystemClock } from "../clock/system.ts";
import { createModels } from "./router.ts";

const clock = { ...createSystemClock(), now: () => SUITE_NOW_MS };
const open = (server: Pick<ModelServer, "url">, apiKey: string | null = SUITE_KEY): Model =>
  createModels({
    projectDir: "/",
    clock,
    providers: { openai: { baseUrl: `${server.url}/v1/`, apiKey } },
    prices: {},
  });

const provider: ProviderUnderTest = {
  name: "openai",
  model: "openai:vendor/some:test",
  open: (server) => open(server),
  refusalReason: "content_filter",
  lengthReason: "length",
  mayNotCount: true,
  settingsIn: (body) => body,
  sendsSeed: true,
};

testModel(provider);
testModelFailures(provider, { typedEvents: true });

const signal = new AbortController().signal;

test("openai: the key goes in the header and nowhere else, and without one there is no header", async (context) => {
  const server = await serverFor(context, { kind: "answer", text: "ok" });
  await open(server).reply(requestOf("openai:m"), signal);
  await open(server, null).reply(requestOf("openai:m"), signal);
  const [withKey, without] = server.requests;
  assert.equal(withKey?.headers.authorization, `Bearer ${SUITE_KEY}`);
  assert.equal(without?.headers.authorization, undefined);
  assert.equal(withKey?.path, "/v1/chat/completions");
  assert.ok(!JSON.stringify(withKey?.body).includes(SUITE_KEY));
});

test("openai: asks for the counts, without which a stream has none", async () => {
  const { server } = await ask(provider, { kind: "answer", text: "ok" });
  assert.deepEqual(server.requests[0]?.body["stream_options"], { include_usage: true });
});

test("openai: a reasoning model is sent no temperature, which it would refuse", async (context) => {
  const server = await serverFor(context, { kind: "answer", text: "ok" });
  for (const model of ["openai:gpt-5-mini", "openai:o3", "openai:gpt-4o"])
    await open(server).reply(requestOf(model, { temperature: 0 }), signal);
  assert.deepEqual(
    server.requests.map(({ body }) => body["temperature"]),
    [undefined, undefined, 0],
  );
});
