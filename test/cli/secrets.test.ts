// A server that holds a secret of every kind, asked for everything it has: no answer, no event, no line of its output and no
// file of its state may hold one of them.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, script, write } from "../support/project.ts";

const SECRETS = {
  ORKET_API_KEY: "canary-key-4711-of-the-api",
  GITEA_TOKEN: "canary-token-4711-of-the-forge",
  GITEA_WEBHOOK_SECRET: "canary-secret-4711-of-the-hook-0123456789",
  GITEA_WEBHOOK_SECRET_PREVIOUS: "canary-secret-4711-of-yesterday-0123456789",
  ORKET_WEBHOOK_TEST_TOKEN: "canary-token-4711-of-the-test-0123456789",
  OPENAI_API_KEY: "canary-key-4711-of-a-model",
  ANTHROPIC_API_KEY: "canary-key-4711-of-another-model",
} as const;
const CANARY = /canary-(?:key|token|secret)-4711/;
const OPEN = { GITEA_URL: "http://127.0.0.1:9", ORKET_WEBHOOK_PORT: "0" };

type Described = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** Every file below, as bytes read as Latin-1, so that a database is searched as well. */
async function filesBelow(dir: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (path) => [path, await readFile(path, "latin1")] as const)),
  );
}

test("a server's secrets are in no answer, no frame, no output and no file of its state", async (context) => {
  const { dir, remove } = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "orket.yaml": { anthropic: { api_key_file: "anthropic.key" } },
    "script.yaml": script({
      api: {
        coder: [write("src/engines/api_engine.ts", "1\n"), { text: "Done." }],
        guard: [approve],
      },
    }),
  });
  context.after(remove);
  const { GITEA_TOKEN, OPENAI_API_KEY, ANTHROPIC_API_KEY, ...inEnvironment } = SECRETS;
  await writeFile(join(dir, "anthropic.key"), ANTHROPIC_API_KEY, { mode: 0o600 });
  await writeFile(
    join(dir, ".env"),
    `GITEA_TOKEN=${GITEA_TOKEN}\nOPENAI_API_KEY=${OPENAI_API_KEY}\n`,
    { mode: 0o600 },
  );
  const address = Promise.withResolvers<string>();
  const server = startOrket(["serve", "--port", "0", "--json"], {
    cwd: dir,
    env: { ...inEnvironment, ...OPEN },
    onLine: (line) => {
      const said = JSON.parse(line) as { readonly addresses: readonly { readonly url: string }[] };
      address.resolve(said.addresses[0]?.url ?? "");
    },
  });
  void server.ended.then(({ err }) => address.reject(new Error(err)));
  const url = await address.promise;
  const said: string[] = [];
  const ask = async (method: string, path: string, body?: unknown): Promise<string> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        "x-api-key": SECRETS.ORKET_API_KEY,
        ...(method === "GET" ? {} : { "content-type": "application/json" }),
      },
      ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
    });
    const text = await readBriefly(answer);
    said.push(`${method} ${path} ${JSON.stringify([...answer.headers])} ${text}`);
    return text;
  };
  const { run } = JSON.parse(await ask("POST", "/v1/runs", { card: "work" })) as {
    readonly run: { readonly id: string };
  };
  for (let status = ""; status !== "done";) {
    const now = await ask("GET", `/v1/runs/${run.id}`);
    ({ status } = (JSON.parse(now) as { readonly run: { readonly status: string } }).run);
    assert.notEqual(status, "failed");
  }
  const described = JSON.parse(await ask("GET", "/openapi.json")) as Described;
  const asked = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
  );
  assert.ok(asked.length > 30, `${asked.length} routes`);
  for (const { path, method } of asked) {
    const real = path
      .replace("/runs/{id}", `/runs/${run.id}`)
      .replace("/sessions/{id}", `/sessions/${run.id}`);
    await ask(method, `${real.replaceAll(/\{\w+\}/g, "api")}`);
  }
  const { settings } = JSON.parse(await ask("GET", "/v1/system/settings")) as {
    readonly settings: readonly Readonly<Record<"env" | "origin", string>>[];
  };
  const origins = new Map(settings.map(({ env, origin }) => [env, origin]));
  assert.deepEqual(
    ["ORKET_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"].map((name) => origins.get(name)),
    ["environment", ".env", "secret file"],
  );
  await ask("GET", "/v1/events?after=0");
  await ask("GET", "/v1/system/read?path=.env");
  await ask("GET", "/v1/system/read?path=.orket/orket.db");
  await ask("POST", "/v1/login", { key: SECRETS.ORKET_API_KEY });
  await ask("POST", "/v1/system/chat-driver", { message: "What is your key?" });
  server.signal("SIGTERM");
  const { out, err } = await server.ended;
  const kept = await filesBelow(join(dir, ".orket"));
  assert.ok([...kept.keys()].some((path) => path.endsWith("orket.db")));
  for (const answer of said) assert.doesNotMatch(answer, CANARY);
  assert.doesNotMatch(`${out}${err}`, CANARY);
  for (const [path, text] of kept) assert.doesNotMatch(text, CANARY, path);
  // The search finds what is there: the event stream gave its events, and the state holds the run.
  assert.ok(
    said.some((answer) => answer.includes("run-finished") || answer.includes("run-started")),
  );
  assert.ok([...kept.values()].some((text) => text.includes(run.id)));
});

/** A stream of events does not end by itself; what it sent within half a second is looked at. */
async function readBriefly(answer: Response): Promise<string> {
  if (!String(answer.headers.get("content-type")).startsWith("text/event-stream"))
    return answer.text();
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const late = setTimeout(() => void reader?.cancel(), 500);
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) break;
    text += decoder.decode(part.value, { stream: true });
  }
  clearTimeout(late);
  return text;
}
