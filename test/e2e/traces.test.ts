// Traces of real runs, sent to a collector on loopback: what arrives, what must never, and a collector that is no help.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { runOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, say, script } from "../support/project.ts";

type Attribute = {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
};
type SentSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
};

const listen = async (context: TestContext, answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

async function openCollector(context: TestContext) {
  const bodies: string[] = [];
  const url = await listen(context, (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      bodies.push(`${request.method} ${request.url}\n${body}`);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  const spans = (): readonly SentSpan[] =>
    bodies.flatMap((body) => {
      const [first = "", json = "{}"] = body.split("\n");
      assert.equal(first, "POST /v1/traces");
      const { resourceSpans = [] } = JSON.parse(json) as {
        resourceSpans?: { scopeSpans: { spans: SentSpan[] }[] }[];
      };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans: all }) => all));
    });
  return { url, spans, all: () => bodies.join("\n") };
}

const SECRET = "sk-very-secret-0123456789abcdef";
const SAID = "a sentence that only the model says";

const NOTE = { path: "notes/a.md", content: `the key is ${SECRET}\n` };

const SCRIPT = script({
  one: {
    coder: [{ text: SAID, calls: [{ tool: "write_file", args: NOTE }] }, say("Done.")],
    guard: [approve],
  },
});

async function runTraced(context: TestContext, env: Readonly<Record<string, string>>) {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "one" }]),
    "script.yaml": SCRIPT,
  });
  context.after(project.remove);
  const ended = await runOrket(["run", "work", "--json"], {
    cwd: project.dir,
    env: { OPENAI_API_KEY: SECRET, ...env },
  });
  return { ...ended, dir: project.dir };
}

const ascending = (one: number, other: number): number => one - other;
const numberOf = (span: SentSpan, key: string): number =>
  Number(span.attributes.find((one) => one.key === key)?.value.intValue ?? 0);

test("the spans of a run are one tree, with its tokens and without a word that was said", async (context) => {
  const collector = await openCollector(context);
  const { code, out, err } = await runTraced(context, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  assert.equal(code, 0, err);
  const spans = collector.spans();
  const ids = new Set(spans.map(({ spanId }) => spanId));
  assert.equal(ids.size, spans.length);
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  assert.deepEqual(
    roots.map(({ name }) => name),
    ["invoke_workflow build-work"],
  );
  for (const { parentSpanId, name } of spans)
    assert.ok(parentSpanId === undefined || ids.has(parentSpanId), name);
  const called = out
    .split("\n")
    .filter((line) => line.includes('"type":"model-called"'))
    .map((line) => (JSON.parse(line) as { data: { inputTokens: number } }).data.inputTokens);
  const chats = spans.filter(({ name }) => name.startsWith("chat "));
  assert.ok(called.length >= 2);
  assert.deepEqual(
    chats.map((span) => numberOf(span, "gen_ai.usage.input_tokens")).toSorted(ascending),
    called.toSorted(ascending),
  );
  assert.ok(spans.some(({ name }) => name === "execute_tool write_file"));
  for (const word of [SAID, SECRET, "input.messages"])
    assert.ok(!collector.all().includes(word), word);
});

test("what was said goes with them only where a person switched it on, and no secret then", async (context) => {
  const collector = await openCollector(context);
  const { code } = await runTraced(context, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true",
  });
  assert.equal(code, 0);
  assert.ok(collector.all().includes(SAID));
  assert.ok(collector.all().includes("gen_ai.input.messages"));
  assert.ok(!collector.all().includes(SECRET));
});

test("a collector that is not there, is broken, hangs or leads elsewhere changes nothing about a run", async (context) => {
  let asked = 0;
  const elsewhere = await listen(context, (_, response) => {
    asked += 1;
    response.end("{}");
  });
  const collectors = [
    "http://127.0.0.1:1",
    await listen(context, (_, response) => response.writeHead(400).end("no")),
    await listen(context, (_, response) => response.writeHead(307, { location: elsewhere }).end()),
    await listen(context, () => {}),
  ];
  const runs = await Promise.all(
    collectors.map(async (url) => runTraced(context, { OTEL_EXPORTER_OTLP_ENDPOINT: url })),
  );
  for (const { code, err, dir } of runs) {
    assert.equal(code, 0, err);
    const log = readFileSync(join(dir, ".orket/process.jsonl"), "utf8");
    assert.ok(log.includes("traces are not sent"), log);
  }
  assert.equal(asked, 0);
});
