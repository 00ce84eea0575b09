// Anthropic: the port's suite, and what this protocol alone has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testModelFailures } from "../../../test/contract/model-failures.suite.ts";
import type { ProviderUnderTest } from "../../../test/contract/model.suite.ts";
import { ask, SUITE_KEY, SUITE_NOW_MS, testModel } from "../../../test/contract/model.suite.ts";
import type { ModelServer } from "../../../test/support/model-server.ts";
import type { Model } from "../../ports/model.ts";
import { createSystemClock } from "../clock/system.ts";
import { createModels } from "./router.ts";

const clock = { ...createSystemClock(), now: () => SUITE_NOW_MS };
const open = (server: Pick<ModelServer, "url">): Model =>
  createModels({
    projectDir: "/",
    clock,
    providers: { anthropic: { baseUrl: `${server.url}/v1`, apiKey: SUITE_KEY } },
    prices: {},
  });

const provider: ProviderUnderTest = {
  name: "anthropic",
  model: "anthropic:claude-sonnet-4-5",
  open,
  refusalReason: "refusal",
  lengthReason: "max_tokens",
  mayNotCount: false,
  settingsIn: (body) => body,
  sendsSeed: false,
};

testModel(provider);
testModelFailures(provider, { typedEvents: true });

test("anthropic: the key goes in its header and nowhere else", async () => {
  const { server } = await ask(provider, { kind: "answer", text: "ok" });
  const [sent] = server.requests;
  assert.deepEqual([sent?.path, sent?.headers["x-api-key"]], ["/v1/messages", SUITE_KEY]);
  assert.ok(!JSON.stringify(sent?.body).includes(SUITE_KEY));
});

test("anthropic: the system message stands apart, and the output has room for a file whatever the model", async () => {
  for (const model of ["anthropic:claude-sonnet-4-5", "anthropic:claude-of-the-future"]) {
    const { server } = await ask(provider, { kind: "answer", text: "ok" }, { model });
    const body = server.requests[0]?.body ?? {};
    assert.deepEqual(body["system"], [{ type: "text", text: "first\n\nsecond" }]);
    assert.equal(body["max_tokens"], 32_000);
  }
});

test("anthropic: names that its protocol refuses are sent in a form it takes, and stay paired", async () => {
  const messages = [
    { role: "user", content: "go" },
    {
      role: "assistant",
      content: "",
      calls: [{ id: "a:b/1", tool: "functions.write file", args: {} }],
    },
    { role: "tool", callId: "a:b/1", tool: "functions.write file", content: "no such tool" },
  ] as const;
  const { server } = await ask(provider, { kind: "answer", text: "ok" }, { messages });
  const text = JSON.stringify(server.requests[0]?.body);
  assert.equal(text.split("a_b_1").length - 1, 2);
  assert.ok(text.includes("functions_write_file") && !text.includes("functions.write"));
});

test("anthropic: a blank text is not sent, which its protocol would refuse the conversation for", async () => {
  const messages = [
    { role: "user", content: "go" },
    { role: "assistant", content: " \n", calls: [] },
    { role: "user", content: "" },
    { role: "user", content: "go on" },
  ] as const;
  const { server } = await ask(provider, { kind: "answer", text: "ok" }, { messages });
  const texts = [
    { type: "text", text: "go" },
    { type: "text", text: "go on" },
  ];
  assert.deepEqual(server.requests[0]?.body["messages"], [{ role: "user", content: texts }]);
});

test("R-14 anthropic: an end that does not say why it is one is MODEL_MALFORMED", async () => {
  const { reply } = await ask(provider, { kind: "answer", text: "so", finish: "" });
  assert.equal(reply.kind === "failed" && reply.failure.code, "MODEL_MALFORMED");
});
