// After the merge: what the repository says of its stack becomes a sandbox of exactly the merged commit, its addresses are said
// once, and so is its end, whoever brings it about. The engine is in memory here; a real one is in test/cli.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createGitRemote } from "../../src/adapters/git-remote/git.ts";
import { createProcesses } from "../../src/adapters/process/spawn.ts";
import {
  createDeployMerge,
  createRemoveSandbox,
} from "../../src/app/pull-requests/deploy-merge.ts";
import type { MergeDeps } from "../../src/app/pull-requests/deploy-merge.ts";
import { startDueErrands } from "../../src/app/pull-requests/long-errands.ts";
import type { PullRequestLoop } from "../../src/app/pull-requests/loop.ts";
import { keepOnce } from "../../src/app/sandboxes/keep.ts";
import { stopSandbox } from "../../src/app/sandboxes/stop.ts";
import type { Json } from "../../src/domain/json.ts";
import { ok } from "../../src/domain/result.ts";
import { parse } from "yaml";
import { git } from "../support/forge/git.ts";
import type { MergeSetting } from "../support/merge-scene.ts";
import { openMergeScene } from "../support/merge-scene.ts";
import { createMemorySandboxes } from "../support/memory-sandboxes.ts";

const NEVER = new AbortController().signal;
const SERVICES = { services: { api: { image: "shop:1", pull: "never", ports: { api: 8000 } } } };
const STACK = { ".orket.json": JSON.stringify({ stack: SERVICES }) };

async function openScene(context: TestContext, setting: MergeSetting = {}) {
  const { policy = {}, files = STACK, ...rest } = setting;
  const all = { "a.txt": "new\n", ...files };
  const scene = await openMergeScene(context, {
    ...rest,
    files: all,
    policy: { auto_deploy: true, ...policy },
  });
  const { fake, bot, repository, pull, bob, project } = scene;
  const engine = { ...project.engine, sandbox: createMemorySandboxes() };
  const isOwnerGone = (): boolean => false;
  const remote = createGitRemote({
    processes: createProcesses(),
    searchPath: process.env["PATH"] ?? "",
    baseUrl: fake.url,
    token: () => bot.token,
    scratchDir: `${project.dir}/.orket/scratch`,
  });
  const deps: MergeDeps = {
    engine,
    isOwnerGone,
    fetchRef: async (request, signal) =>
      remote.fetch({ ...request, keepAs: "refs/orket/merged" }, signal),
    parseYaml: (text) => ok(parse(text) as Json),
  };
  const parts = { deployMerge: createDeployMerge(deps), removeSandbox: createRemoveSandbox(deps) };
  const loop = scene.openLoop({ parts: { ...scene.loop.parts, ...parts } });
  const merge = async (): Promise<void> => {
    fake.review(repository, pull, { by: bob, state: "APPROVED" });
    for (let look = 0; look < 4; look += 1) await scene.look(loop);
    assert.notEqual(pull.mergeCommit, null, "it is merged");
  };
  const said = (words: RegExp): readonly string[] =>
    repository.notes
      .filter(({ user, body }) => user === bot && words.test(body))
      .map(({ body }) => body);
  const boxes = async () =>
    engine.store.read(async ({ sandboxes }) => sandboxes.list({ limit: 10 }));
  const later = (aheadMs: number): PullRequestLoop => {
    const clock = { ...engine.clock, now: () => engine.clock.now() + aheadMs };
    return { ...loop, engine: { ...loop.engine, clock } };
  };
  return { ...scene, engine, loop, later, merge, said, boxes, isOwnerGone, deps };
}

test("R-58 a merge is deployed from the commit that was merged, and its addresses are said once", async (context) => {
  const { fake, repository, ann, merge, said, boxes, engine, pull, look, loop } =
    await openScene(context);
  await merge();
  const [box, ...more] = await boxes();
  assert.deepEqual(more, []);
  assert.equal(box?.state, "running");
  assert.match(box.id, /^sandbox-orket-demo-pr1-[0-9a-f]{6}$/);
  const tree = git(repository.folder, ["rev-parse", `${pull.mergeCommit}^{tree}`]).trim();
  const workspace = await engine.workspaces.open(box.build);
  assert.equal(await workspace.digest(), tree);
  const comments = said(/is deployed as the sandbox/);
  assert.equal(comments.length, 1);
  assert.ok(comments[0]?.includes(String(Object.values(box.urls)[0])), comments[0]);
  fake.push(repository, { branch: "main", files: { "later.txt": "x" }, by: ann });
  await look(loop);
  assert.equal(said(/is deployed as/).length, 1);
  assert.deepEqual(said(/taken down/), [], "it stands");
  assert.equal((await boxes()).length, 1);
});

test("its end is said once, whether by a person, by age, or by both at once", async (context) => {
  const { merge, said, boxes, engine, look, loop, isOwnerGone } = await openScene(context);
  await merge();
  const [box] = await boxes();
  assert.ok(box);
  const longAgo = new Date(0).toISOString();
  await engine.store.transaction(async ({ sandboxes }) =>
    sandboxes.touch(box.id, longAgo, longAgo),
  );
  await keepOnce(engine, isOwnerGone, NEVER);
  assert.equal((await boxes())[0]?.state, "deleted");
  for (let round = 0; round < 3; round += 1) await look(loop);
  assert.equal(said(/Its sandbox is taken down/).length, 1);
  const again = await stopSandbox(engine, { id: box.id, actor: "human:a", isOwnerGone }, NEVER);
  assert.ok(!again.ok);
  await look(loop);
  assert.equal(said(/Its sandbox is taken down/).length, 1);
});

test("a sandbox that the engine lost is told as gone too, though the registry keeps it to be read", async (context) => {
  const { merge, said, boxes, engine, look, loop, isOwnerGone } = await openScene(context);
  await merge();
  engine.sandbox.there.clear();
  await keepOnce(engine, isOwnerGone, NEVER);
  assert.equal((await boxes())[0]?.state, "failed");
  for (let round = 0; round < 3; round += 1) await look(loop);
  assert.equal(said(/Its sandbox is taken down/).length, 1);
});

const ANSWERS: readonly { name: string; files: Readonly<Record<string, string>>; says: RegExp }[] =
  [
    { name: "no file names a stack", files: {}, says: /No stack is named/ },
    { name: "a stack that nobody knows", files: { "orket.yaml": "stack: rails" }, says: /rails/ },
    {
      name: "a service that asks for what is not allowed",
      files: {
        ".orket.json": JSON.stringify({
          stack: { services: { api: { image: "a:1", privileged: true } } },
        }),
      },
      says: /privileged/,
    },
    {
      name: "two files that name one",
      files: { ...STACK, "orket.yaml": "stack: node-react-postgres" },
      says: /both name a stack/,
    },
    { name: "a file that is no object", files: { ".orket.json": "[]" }, says: /holds no object/ },
    {
      name: "a file that is too large",
      files: { "orket.yaml": `# ${"x".repeat(70_000)}` },
      says: /orket\.yaml of the repository/,
    },
  ];
for (const { name, files, says } of ANSWERS)
  test(`R-58 ${name}: nothing is started, and the pull request is told why, once`, async (context) => {
    const { merge, said, boxes, engine, look, loop } = await openScene(context, { files });
    await merge();
    await look(loop);
    const [comment, ...more] = said(/was not deployed/);
    assert.match(comment ?? "", says);
    assert.deepEqual(more, []);
    assert.deepEqual(await boxes(), []);
    assert.ok(engine.sandbox.calls.every((call) => !call.startsWith("up")));
  });

test("what does not come up leaves nothing, and why is told as somebody else's words", async (context) => {
  const { merge, said, boxes, engine } = await openScene(context);
  engine.sandbox.plan.ups = ["fails"];
  await merge();
  assert.match(said(/was not deployed/)[0] ?? "", /^> .*api exited with 1/m);
  assert.equal(engine.sandbox.there.size, 0);
  assert.equal((await boxes())[0]?.block ?? null, null);
});

test("without an engine it waits, and deploys when there is one", async (context) => {
  const { merge, said, engine, boxes, later, look } = await openScene(context);
  engine.sandbox.plan.engineIsGone = true;
  await merge();
  assert.deepEqual([said(/deployed/), await boxes()], [[], []]);
  engine.sandbox.plan.engineIsGone = false;
  for (let round = 0; round < 2; round += 1) await look(later(600_000));
  assert.equal((await boxes())[0]?.state, "running");
  assert.equal(said(/is deployed as the sandbox/).length, 1);
  assert.deepEqual(said(/was not deployed/), []);
});

test("without an engine it is told, once it was tried often enough", async (context) => {
  const { merge, said, engine, later } = await openScene(context);
  engine.sandbox.plan.engineIsGone = true;
  await merge();
  assert.deepEqual(said(/deployed/), [], "it may come back");
  const errands = async () =>
    engine.store.read(async ({ pullRequests }) =>
      pullRequests.errands.list({ kinds: ["deployment"], limit: 5 }),
    );
  assert.equal((await errands())[0]?.attempts, 1);
  for (let attempt = 2; attempt <= 8; attempt += 1)
    await Promise.all(await startDueErrands(later(attempt * 700_000), NEVER));
  assert.equal((await errands())[0]?.state, "given-up");
  assert.match(said(/was not deployed/)[0] ?? "", /ENGINE_UNAVAILABLE/);
});

test("a crash between the deployment and its comment leaves one sandbox and one comment", async (context) => {
  const { merge, said, boxes, fake, loop, later, look, engine } = await openScene(context);
  fake.misbehave({
    method: "POST",
    path: /\/issues\/1\/comments$/,
    when: "after",
    how: { kind: "cut" },
  });
  await merge();
  fake.behave();
  const [row] = await engine.store.read(async ({ pullRequests }) =>
    pullRequests.list({ limit: 1 }),
  );
  assert.ok(row);
  const request = {
    repository: { owner: "orket", name: "demo" },
    row,
    mergeCommit: row.mergeCommit ?? "",
  };
  const again = await loop.parts.deployMerge?.(request, NEVER);
  assert.ok(again?.ok && again.value.kind === "deployed");
  await look(later(600_000));
  assert.equal((await boxes()).length, 1);
  assert.equal(engine.sandbox.calls.filter((call) => call.startsWith("up")).length, 1);
  assert.equal(said(/is deployed as the sandbox/).length, 1);
});

test("without auto_deploy nothing is fetched, started or said", async (context) => {
  const { merge, said, boxes } = await openScene(context, { policy: { auto_deploy: false } });
  await merge();
  assert.deepEqual([said(/deployed/), await boxes()], [[], []]);
});

test("a pull request that is closed without a merge has its sandbox taken down, and without one nothing is said", async (context) => {
  const { fake, repository, pull, ann, look, loop, said, deps, engine, boxes } =
    await openScene(context);
  await look(loop);
  const row = await engine.store.read(async ({ pullRequests }) =>
    pullRequests.named("orket/demo", pull.number),
  );
  assert.ok(row);
  const request = { repository: { owner: "orket", name: "demo" }, row, mergeCommit: "" };
  const main = git(repository.folder, ["rev-parse", "work"]).trim();
  fake.push(repository, { branch: "main", files: STACK, by: ann });
  const head = git(repository.folder, ["rev-parse", "main"]).trim();
  assert.notEqual(main, head);
  const up = await createDeployMerge(deps)({ ...request, mergeCommit: head }, NEVER);
  assert.ok(up.ok && up.value.kind === "deployed", JSON.stringify(up));
  fake.close(repository, pull, ann);
  for (let round = 0; round < 3; round += 1) await look(loop);
  assert.equal((await boxes())[0]?.state, "deleted");
  assert.equal(said(/Its sandbox is taken down/).length, 1);
  fake.reopen(repository, pull, ann);
  await look(loop);
  fake.close(repository, pull, ann);
  for (let round = 0; round < 2; round += 1) await look(loop);
  assert.equal(said(/Its sandbox is taken down/).length, 1);
});
