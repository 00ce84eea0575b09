// `orket forge setup` as a process, beside a running receiver and a forge on loopback.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openForge } from "../support/forge/open-forge.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { makeProject } from "../support/project.ts";
import { SECRET } from "../support/webhook-scene.ts";

type Said = { readonly addresses: readonly { readonly name: string; readonly url: string }[] };

test("sets the repository up, and sees the test delivery arrive at the running receiver", async (context) => {
  const { dir, remove } = await makeProject({});
  context.after(remove);
  const forge = await openForge(context);
  const owner = forge.addUser("orket");
  const repository = forge.addRepository({ owner, name: "demo", files: { a: "a" } });
  const env = {
    ORKET_API_KEY: "a-key-of-the-test-that-is-long",
    GITEA_WEBHOOK_SECRET: SECRET,
    GITEA_URL: forge.url,
    GITEA_TOKEN: owner.token,
    ORKET_WEBHOOK_PORT: "0",
  };
  const said = Promise.withResolvers<Said>();
  const server = startOrket(["serve", "--port", "0", "--json"], {
    cwd: dir,
    env,
    onLine: (line) => said.resolve(JSON.parse(line) as Said),
  });
  void server.ended.then(({ err }) => said.reject(new Error(err)));
  const address = (await said.promise).addresses.find(({ name }) => name === "webhook");
  const receiver = new URL("/webhook/gitea", address?.url).href;
  const args = ["forge", "setup", "orket/demo", "--receiver", receiver];
  const dry = await runOrket(args, { cwd: dir, env });
  assert.match(dry.err, /Nothing was changed/);
  assert.equal(repository.hooks.length, 0);
  const done = await runOrket([...args, "--execute", "--json"], { cwd: dir, env });
  assert.equal((JSON.parse(done.out) as { arrives: unknown }).arrives, true, done.err);
  assert.ok(!`${dry.out}${dry.err}${done.out}${done.err}`.includes(owner.token));
  server.signal("SIGTERM");
  await server.ended;
});
