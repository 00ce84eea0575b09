// The webhook listener of `orket serve` as a process, and `orket webhook`: what is answered is kept whatever comes after.
import assert from "node:assert/strict";
import { cp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { runOrket, startOrket } from "../support/orket.ts";
import type { Started } from "../support/orket.ts";
import { makeProject } from "../support/project.ts";
import { sampleOf, samples, SECRET, send, signed } from "../support/webhook-scene.ts";

type Scene = { readonly dir: string };
type Env = Readonly<Record<string, string>>;

async function project(context: TestContext): Promise<Scene> {
  const made = await makeProject({});
  context.after(made.remove);
  return { dir: made.dir };
}

const ENV: Env = {
  ORKET_API_KEY: "a-key-of-the-test-that-is-long",
  GITEA_WEBHOOK_SECRET: SECRET,
  ORKET_WEBHOOK_PORT: "0",
};

type Address = { readonly name: string; readonly url: string };

async function serve({ dir }: Scene, env: Env = ENV) {
  const said = Promise.withResolvers<readonly Address[]>();
  const server: Started = startOrket(["serve", "--port", "0", "--json"], {
    cwd: dir,
    env,
    onLine: (line) =>
      said.resolve((JSON.parse(line) as { addresses: readonly Address[] }).addresses),
  });
  void server.ended.then(({ err }) => said.reject(new Error(err)));
  const addresses = await said.promise;
  const webhook = addresses.find(({ name }) => name === "webhook");
  return { server, addresses, port: Number(new URL(webhook?.url ?? "http://x:1").port) };
}

type Listed = { readonly id: string; readonly state: string; readonly reason: string | null };

async function listed({ dir }: Scene, ...words: readonly string[]): Promise<readonly Listed[]> {
  const { out, code } = await runOrket(["webhook", "--json", ...words], { cwd: dir });
  assert.equal(code, 0);
  return (JSON.parse(out) as { deliveries: readonly Listed[] }).deliveries;
}

test("R-42 a server that is killed right after its answer has lost nothing, and knows the delivery again", async (context) => {
  const scene = await project(context);
  const { server, port } = await serve(scene);
  const all = samples();
  const ids = all.map(({ headers }) => String(headers["x-gitea-delivery"]));
  const answers = await Promise.all(all.map(async (sample) => send(port, sample)));
  server.signal("SIGKILL");
  assert.deepEqual(
    answers.map(({ status }) => status),
    all.map(() => 202),
  );
  await server.ended;
  const kept = await listed(scene);
  assert.deepEqual(kept.map(({ id }) => id).toSorted(), ids.toSorted());
  assert.ok(kept.every(({ state }) => state === "accepted"));
  const again = await serve(scene);
  for (const sample of all) assert.equal((await send(again.port, sample)).status, 200);
  again.server.signal("SIGTERM");
  assert.equal((await again.server.ended).code, 0);
  assert.equal((await runOrket(["events", "verify"], { cwd: scene.dir })).code, 0);
});

test("killed while many arrive, every one that was answered is there, whole", async (context) => {
  const scene = await project(context);
  const { server, port } = await serve(scene, { ...ENV, ORKET_RATE_LIMIT: "100000" });
  const answered: string[] = [];
  const enough = Promise.withResolvers<void>();
  const sending = Array.from({ length: 8 }, async (_, lane) => {
    for (let number = 0; number < 200; number += 1) {
      const body = {
        ref: `refs/heads/${lane}-${number}`,
        before: "0",
        after: "1",
        repository: { id: 7, full_name: "a/b" },
      };
      const answer = await send(port, signed(body)).catch(() => null);
      if (answer === null) return;
      assert.equal(answer.status, 202);
      answered.push(String(answer.json["delivery"]));
      if (answered.length === 60) enough.resolve();
    }
  });
  await enough.promise;
  server.signal("SIGKILL");
  await Promise.all(sending);
  await server.ended;
  const again = await serve(scene);
  again.server.signal("SIGTERM");
  await again.server.ended;
  const { out } = await runOrket(["webhook", "--json", "--limit", "100000"], { cwd: scene.dir });
  const kept = new Set(
    (JSON.parse(out) as { deliveries: readonly Listed[] }).deliveries.map(({ id }) => id),
  );
  assert.deepEqual(
    answered.filter((id) => !kept.has(id)),
    [],
  );
});

test("without a secret there is no second door; with one it says where it is, and shows no secret", async (context) => {
  const scene = await project(context);
  const closed = await serve(scene, { ORKET_API_KEY: String(ENV["ORKET_API_KEY"]) });
  assert.deepEqual(
    closed.addresses.map(({ name }) => name),
    ["API"],
  );
  closed.server.signal("SIGTERM");
  await closed.server.ended;
  const open = startOrket(["serve", "--port", "0"], { cwd: scene.dir, env: ENV });
  await open.says("Ctrl-C stops it");
  open.signal("SIGTERM");
  const { code, out, err } = await open.ended;
  assert.equal(code, 0);
  assert.match(out, /webhook {4}http:\/\/127\.0\.0\.1:\d+\n/);
  assert.match(err, /warning: GITEA_WEBHOOK_SECRET is the secret of published samples/);
  assert.ok(!`${out}${err}`.includes(SECRET));
});

test("R-44 serve refuses secrets that are short or known and a test endpoint that others can reach", async (context) => {
  const { dir } = await project(context);
  const start = async (env: Env) =>
    runOrket(["serve", "--port", "0"], { cwd: dir, env: { ...ENV, ...env } });
  const short = await start({ GITEA_WEBHOOK_SECRET: "too-short-to-be-one" });
  assert.equal(short.code, 3);
  assert.match(short.err, /SERVER_UNSAFE[\s\S]*GITEA_WEBHOOK_SECRET has less than 32 bytes/);
  assert.ok(!short.err.includes("too-short-to-be-one"));
  assert.equal((await start({ ORKET_ENV: "production" })).code, 3);
  const reachable = { ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT: "1", ORKET_WEBHOOK_HOST: "0.0.0.0" };
  assert.equal((await start(reachable)).code, 3);
  const taken = createServer().listen(0, "127.0.0.1");
  context.after(() => taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  const busy = await start({ ORKET_WEBHOOK_PORT: String(port) });
  assert.equal(busy.code, 3);
  assert.match(busy.err, /ADDRESS_UNAVAILABLE[\s\S]*ORKET_WEBHOOK_PORT/);
});

test("R-44 the test endpoint takes what its token lets in, and the start warns", async (context) => {
  const scene = await project(context);
  const { server, port } = await serve(scene, {
    ...ENV,
    ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT: "on",
    ORKET_WEBHOOK_TEST_TOKEN: "the-token-of-the-test",
  });
  const { body } = sampleOf("01");
  const ask = async (token: string) =>
    send(port, { body, path: "/webhook/test", headers: { "x-webhook-test-token": token } });
  assert.equal((await ask("another")).status, 401);
  assert.equal((await ask("the-token-of-the-test")).status, 202);
  server.signal("SIGTERM");
  assert.match((await server.ended).err, /warning: ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT is on/);
});

test("R-44 replay takes a file through the same checks, once, and says what became of it", async (context) => {
  const scene = await project(context);
  const { name, body, headers } = sampleOf("01");
  const folder = new URL("../fixtures/gitea/", import.meta.url);
  for (const file of [`${name}.json`, `${name}.headers.json`])
    await cp(new URL(file, folder), join(scene.dir, file));
  const replay = async (what: string, env: Env = {}) =>
    runOrket(["webhook", "replay", what, "--json"], { cwd: scene.dir, env });
  const unsigned = await replay(`${name}.json`);
  assert.equal(unsigned.code, 5);
  assert.match(unsigned.err, /SIGNATURE_INVALID/);
  const id = headers["x-gitea-delivery"];
  const first = await replay(`${name}.json`, ENV);
  assert.deepEqual(JSON.parse(first.out), { v: 1, status: "accepted", delivery: id });
  assert.equal(JSON.parse((await replay(`${name}.json`, ENV)).out).status, "duplicate");
  await writeFile(join(scene.dir, "bare.json"), body);
  const bare = await replay("bare.json");
  assert.deepEqual(JSON.parse(bare.out), { v: 1, status: "duplicate", delivery: id });
  await writeFile(join(scene.dir, "odd.json"), '{"pull_request":{}}');
  const odd = await replay("odd.json");
  assert.equal(odd.code, 2);
  assert.match(odd.err, /PAYLOAD_INVALID/);
  assert.equal((await replay("nowhere.json")).code, 2);
  assert.equal((await replay(String(id))).code, 5, "only dead ones are worked on again");
  const [only, ...others] = await listed(scene);
  assert.deepEqual([only?.id, only?.state, others.length], [id, "accepted", 0]);
  assert.deepEqual(await listed(scene, "--state", "dead"), []);
  const shown = await runOrket(["webhook"], { cwd: scene.dir });
  assert.match(shown.out, /accepted +\d+ s +0 +pull_request opened +orket\/sandbox-demo#12/);
});
