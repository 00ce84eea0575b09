// A project made by `orket init`, run by the product as a process against an OpenAI-compatible server on loopback.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { runOrket } from "../support/orket.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Chat = {
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly unknown[];
};
type Call = { readonly tool: string; readonly args: unknown };

/** A model that does its card in one file: a coder writes and finishes, a guard approves. */
function decide({ messages }: Chat): { readonly text: string; readonly call: Call | null } {
  const text = messages.map((message) => JSON.stringify(message.content)).join("\n");
  const card = /id: ([a-z-]+)/.exec(text)?.[1] ?? "unknown";
  if (text.includes("This is a review turn"))
    return { text: "", call: { tool: "update_issue_status", args: { status: "done" } } };
  const wrote = messages.some((message) => message.role === "tool");
  if (wrote) return { text: `Finished ${card}.`, call: null };
  return {
    text: "",
    call: { tool: "write_file", args: { path: `docs/${card}.md`, content: `# ${card}\n` } },
  };
}

const chunk = (delta: unknown, reason: string | null): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;

function stream(chat: Chat): string {
  const { text, call } = decide(chat);
  const usage = `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 } })}\n\n`;
  const body =
    call === null
      ? [chunk({ role: "assistant", content: text }, null), chunk({}, "stop")]
      : [
          chunk(
            {
              role: "assistant",
              tool_calls: [
                {
                  index: 0,
                  id: "call",
                  type: "function",
                  function: { name: call.tool, arguments: JSON.stringify(call.args) },
                },
              ],
            },
            null,
          ),
          chunk({}, "tool_calls"),
        ];
  return [...body, usage, "data: [DONE]\n\n"].join("");
}

async function readJson(request: IncomingMessage): Promise<Chat> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part as string;
  return JSON.parse(text) as Chat;
}

/** `failFirst`: how many requests are answered 503 before the model works. */
async function serve(context: TestContext, failFirst = 0): Promise<{ url: string; asked: Chat[] }> {
  const asked: Chat[] = [];
  let failures = failFirst;
  const server = createServer((request, response) => {
    void readJson(request).then((chat) => {
      if (failures > 0) {
        failures -= 1;
        response.writeHead(503, { "retry-after": "0" }).end("busy");
        return;
      }
      asked.push(chat);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(stream(chat));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
}

test("runs the project of `orket init` on an OpenAI-compatible server, in order, to the end", async (context) => {
  const cwd = await tempFolder(context);
  const { url, asked } = await serve(context, 1);
  assert.equal((await runOrket(["init", "--yes", "."], { cwd })).code, 0);
  const env = { OPENAI_BASE_URL: url, OPENAI_API_KEY: "sk-test-canary" };
  const { code, out, err } = await runOrket(
    ["run", "greeting", "--model", "openai:test", "--json"],
    { cwd, env },
  );
  assert.equal(code, 0, `${err}${out.slice(-500)}`);
  const lines = out
    .trim()
    .split("\n")
    .map(
      (line) =>
        JSON.parse(line) as {
          type: string;
          card: string;
          data: Record<string, unknown>;
          run: { cards: Record<string, string>; tokens: unknown };
        },
    );
  const result = lines.at(-1);
  assert.deepEqual(result?.run.cards, {
    "greeting-design": "done",
    "greeting-code": "done",
    "greeting-tests": "done",
  });
  const works = lines
    .filter((line) => line.type === "turn-started" && line.data["kind"] === "work")
    .map((line) => line.card);
  assert.deepEqual(works, ["greeting-design", "greeting-code", "greeting-tests"]);
  for (const card of works)
    assert.ok(existsSync(join(cwd, `.orket/workspaces/build-greeting/docs/${card}.md`)), card);
  assert.ok(
    asked.every((chat) => (chat.tools ?? []).length > 0),
    "tools go as native definitions",
  );
  assert.ok(
    lines.some((line) => line.type === "model-retried"),
    "the one 503 was waited out",
  );
  assert.ok(!out.includes("canary"));
});

test("a server that is down ends the run failed for its provider with 4, and says how to go on", async (context) => {
  const cwd = await tempFolder(context);
  await runOrket(["init", "--yes", "."], { cwd });
  const env = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" };
  const { code, out, err } = await runOrket(["run", "greeting", "--model", "openai:test"], {
    cwd,
    env,
  });
  assert.equal(code, 4, out + err);
  assert.match(out, /provider/);
  assert.match(err, /orket resume run-/);
});
