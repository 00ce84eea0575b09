// A repository set up on a forge: what it lacks is made once, and a delivery that does not arrive is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { forgeScene } from "../../test/contract/forge.suite.ts";
import { makeProject, openTestEngine } from "../../test/support/project.ts";
import { createGiteaForge } from "../adapters/forge/gitea.ts";
import { setUpForge } from "./forge-setup.ts";

const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
const REQUEST = { repository: "orket/demo", receiver: "http://127.0.0.1:1/webhook/gitea" };

async function open(context: TestContext) {
  const scene = await forgeScene(
    context,
    ({ url }, token) =>
      createGiteaForge({ baseUrl: url, token: () => token, clock, random: () => 0 }),
    {},
  );
  const project = await makeProject({});
  const { engine, close } = await openTestEngine(project.dir);
  context.after(async () => {
    await close();
    await project.remove();
  });
  const deps = { forge: scene.forge, secret: "word", store: engine.store, clock };
  const setUp = (more: { rotates?: boolean; executes?: boolean; repository?: string } = {}) =>
    setUpForge(deps, { ...REQUEST, rotates: false, executes: true, ...more });
  return { ...scene, setUp, deps };
}

test("changes nothing unless it is told to", async (context) => {
  const { setUp, fake } = await open(context);
  const done = await setUp({ executes: false });
  assert.deepEqual(done, {
    ok: true,
    value: { hook: "create", label: "create", protection: "create", arrives: null },
  });
  assert.deepEqual([...new Set(fake.requests.map(({ method }) => method))], ["GET"]);
});

test("makes hook, label and protection once, and tells that nothing arrives", async (context) => {
  const { setUp, repository } = await open(context);
  const first = await setUp();
  assert.equal(first.ok && first.value.arrives, false);
  const again = await setUp();
  assert.equal(again.ok && again.value.hook, "keep");
  const { hooks, labels, protections } = repository;
  assert.deepEqual([hooks.length, labels.length, protections.length], [1, 1, 1]);
  assert.ok(hooks[0]?.isActive);
});

test("replaces the hook when its secret is rotated", async (context) => {
  const { setUp, repository } = await open(context);
  await setUp();
  const before = repository.hooks[0]?.id;
  const done = await setUp({ rotates: true });
  assert.equal(done.ok && done.value.hook, "replace");
  assert.equal(repository.hooks.length, 1);
  assert.notEqual(repository.hooks[0]?.id, before);
});

test("refuses a name, an account without the right, and a missing secret, before anything is made", async (context) => {
  const { setUp, repository, deps } = await open(context);
  const codes = [await setUp({ repository: "demo" }), await setUp({ repository: "orket/none" })];
  assert.deepEqual(
    codes.map((one) => (one.ok ? "ok" : one.error.code)),
    ["FORGE_NOT_FOUND", "FORGE_NOT_FOUND"],
  );
  const bare = await setUpForge(
    { ...deps, secret: "" },
    { ...REQUEST, rotates: false, executes: true },
  );
  assert.equal(bare.ok ? "ok" : bare.error.code, "CONFIG_INVALID");
  repository.rights.set("orket-bot", "write");
  const weak = await setUp();
  assert.equal(weak.ok ? "ok" : weak.error.code, "FORGE_FORBIDDEN");
  assert.equal(repository.hooks.length, 0);
});
