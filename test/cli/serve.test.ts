// `orket serve` as a process: what it says, whom it lets in, what it refuses to start with, and how it ends.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Started } from "../support/orket.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, script, write } from "../support/project.ts";

const KEY = "a-key-that-must-not-be-shown";

type Scene = { readonly dir: string; readonly env: Readonly<Record<string, string>> };

const scriptWith = (delayMs: number): string =>
  script({
    api: {
      coder: [write("src/engines/api_engine.ts", "1\n"), { text: "Done.", delayMs }],
      guard: [approve],
    },
  });

async function project(context: TestContext, delayMs = 1): Promise<Scene> {
  const made = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": scriptWith(delayMs),
  });
  context.after(made.remove);
  return { dir: made.dir, env: { ORKET_API_KEY: KEY } };
}

/** The server and the address it says. */
async function serve({
  dir,
  env,
}: Scene): Promise<{ readonly server: Started; readonly url: string }> {
  const address = Promise.withResolvers<string>();
  const server = startOrket(["serve", "--port", "0", "--json"], {
    cwd: dir,
    env,
    onLine: (line) => {
      const [first] = (JSON.parse(line) as { addresses: readonly { url: string }[] }).addresses;
      address.resolve(first?.url ?? "");
    },
  });
  void server.ended.then(({ err }) => address.reject(new Error(err)));
  return { server, url: await address.promise };
}

const headers = { "x-api-key": KEY, "content-type": "application/json" };

test("serve says where it listens and shows no key, answers, and ends by a signal with 0", async (context) => {
  const { dir, env } = await project(context);
  const server = startOrket(["serve", "--port", "0"], { cwd: dir, env });
  await server.says("Ctrl-C stops it");
  server.signal("SIGTERM");
  const { code, out, err } = await server.ended;
  assert.equal(code, 0);
  assert.match(
    out,
    /API {8}http:\/\/127\.0\.0\.1:\d+\n {2}key {8}needed for every call but \/health/,
  );
  assert.match(err, /^Stopping; runs are paused and can be resumed\./m);
  assert.ok(!`${out}${err}`.includes(KEY));
});

test("a run that is in flight when the server stops is paused, and the next server goes on with it", async (context) => {
  const scene = await project(context, 30_000);
  const { server, url } = await serve(scene);
  const body = JSON.stringify({ card: "work" });
  const started = await fetch(`${url}/v1/runs`, { method: "POST", headers, body });
  assert.equal(started.status, 202);
  const { run } = (await started.json()) as { run: { id: string } };
  const untilStatus = async (base: string, wanted: string): Promise<void> => {
    for (let status = ""; status !== wanted;) {
      const answer = await fetch(`${base}/v1/runs/${run.id}`, { headers });
      ({ status } = ((await answer.json()) as { run: { status: string } }).run);
      assert.notEqual(status, "failed");
    }
  };
  await untilStatus(url, "running");
  server.signal("SIGINT");
  assert.equal((await server.ended).code, 0);
  const shown = await runOrket(["runs", "--json"], { cwd: scene.dir });
  assert.match(shown.out, /"status":"paused","reason":"interrupted"/);
  await writeFile(join(scene.dir, "script.yaml"), scriptWith(1));
  const again = await serve(scene);
  await untilStatus(again.url, "done");
  again.server.signal("SIGTERM");
  assert.equal((await again.server.ended).code, 0);
});

test("the second signal ends the server at once", async (context) => {
  const scene = await project(context);
  const { server, url } = await serve(scene);
  // A call that has begun and never ends keeps an orderly stop waiting.
  const body = new ReadableStream<Uint8Array>({ start: (open) => open.enqueue(Buffer.from("{")) });
  const hanging = fetch(`${url}/v1/runs`, {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit).catch(() => null);
  await fetch(`${url}/health`);
  server.signal("SIGINT");
  await server.says("Stopping");
  server.signal("SIGINT");
  assert.equal((await server.ended).code, 130);
  await hanging;
});

test("serve refuses what is unsafe and what cannot be, with the way out", async (context) => {
  const { dir } = await project(context);
  const start = async (env: Readonly<Record<string, string>>, ...words: readonly string[]) =>
    runOrket(["serve", ...words], { cwd: dir, env });
  const open = await start({}, "--host", "0.0.0.0");
  assert.deepEqual([open.code, open.out], [3, ""]);
  assert.match(open.err, /SERVER_UNSAFE[\s\S]*Set ORKET_API_KEY, or ORKET_HOST=127\.0\.0\.1/);
  const flag = { ORKET_ALLOW_INSECURE_NO_API_KEY: "yes" };
  assert.equal((await start(flag, "--host", "0.0.0.0")).code, 3);
  assert.equal((await start({ ...flag, ORKET_ENV: "production" })).code, 3);
  assert.equal((await start({ ORKET_API_KEYS: KEY })).code, 3, "a misspelt name");
  assert.equal((await start({ ORKET_API_KEY: KEY }, "--port", "70000")).code, 3);
  const taken = createServer().listen(0, "127.0.0.1");
  context.after(() => taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  const busy = await start({ ORKET_API_KEY: KEY }, "--port", String(port));
  assert.equal(busy.code, 3);
  assert.match(busy.err, /ADDRESS_UNAVAILABLE[\s\S]*EADDRINUSE/);
});

test("without a key the server lets nobody in, and by explicit wish everybody, with a warning", async (context) => {
  const { dir } = await project(context);
  const closed = await serve({ dir, env: {} });
  assert.equal((await fetch(`${closed.url}/v1/version`)).status, 403);
  assert.equal((await fetch(`${closed.url}/health`)).status, 200);
  closed.server.signal("SIGTERM");
  assert.match((await closed.server.ended).err, /warning: No key is set: every call is refused/);
  const open = await serve({ dir, env: { ORKET_ALLOW_INSECURE_NO_API_KEY: "on" } });
  assert.equal((await fetch(`${open.url}/v1/version`)).status, 200);
  open.server.signal("SIGTERM");
  assert.match((await open.server.ended).err, /warning: ORKET_ALLOW_INSECURE_NO_API_KEY is on/);
});

test("what the posture warns of is said and logged; in production it stops the start with the way out", async (context) => {
  const { dir } = await project(context);
  const weak = { ORKET_API_KEY: "hunter2-example" };
  const server = startOrket(["serve", "--port", "0"], { cwd: dir, env: weak });
  await server.says("Ctrl-C stops it");
  server.signal("SIGTERM");
  const { code, err } = await server.ended;
  assert.equal(code, 0);
  assert.match(err, /^warning: api-key-strength: .*openssl rand/m);
  const log = await readFile(join(dir, ".orket/process.jsonl"), "utf8");
  assert.match(log, /the posture has warnings/);
  assert.match(log, /serving with these settings/);
  assert.ok(!log.includes("hunter2"));
  const env = { ...weak, ORKET_ENV: "production" };
  const refused = await runOrket(["serve", "--port", "0"], { cwd: dir, env });
  assert.equal(refused.code, 3);
  assert.match(refused.err, /SERVER_UNSAFE[^]*api-key-strength: /);
  assert.ok(!refused.err.includes("hunter2"));
});
