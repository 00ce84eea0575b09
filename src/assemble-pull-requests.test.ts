// The loop put together as the server has it: settings, forge, real git, tasks; from what a reconciler finds to the merge.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { approve, call } from "../test/support/project.ts";
import type { ReviewScene } from "../test/support/pull-review-scene.ts";
import { openReviewScene, statusesOf } from "../test/support/pull-review-scene.ts";
import type { LoopScene } from "./assemble-pull-requests.ts";
import { openLoop, reconcileOnce } from "./assemble-pull-requests.ts";
import { startDueErrands } from "./app/pull-requests/long-errands.ts";
import { loadConfig } from "./config.ts";

const NEVER = new AbortController().signal;

const POLICY = { required_reviewers: ["orket"], auto_merge: true };

const openScene = (context: Parameters<typeof openReviewScene>[0]): Promise<ReviewScene> =>
  openReviewScene(context, {
    guard: [call("add_issue_comment", { comment: "It multiplies as asked." }), approve],
    projectFiles: {
      "config/organization.json": JSON.stringify({
        name: "The loop",
        vision: "v",
        ethos: "e",
        process_rules: { pr_review_policy: POLICY },
      }),
    },
  });

function sceneOf({ project, fake, bot }: ReviewScene, env?: Record<string, string>): LoopScene {
  const config = loadConfig({
    env: env ?? { GITEA_URL: fake.url, GITEA_TOKEN: bot.token },
    file: { gitea: { repositories: ["orket/demo"] } },
  });
  assert.ok(config.ok);
  return {
    stateDir: join(project.dir, ".orket"),
    searchPath: process.env["PATH"] ?? "",
    engine: project.engine,
    config: config.value,
    isOwnerGone: () => false,
  };
}

test("without a forge in the settings there is no loop, and reconciling says what to set", async (context) => {
  const scene = sceneOf(await openScene(context), {});
  assert.deepEqual(openLoop(scene, null), { ok: true, value: null });
  const refused = await reconcileOnce(scene, NEVER);
  assert.equal(refused.ok ? "ok" : refused.error.code, "CONFIG_INVALID");
  const unsafe = { GITEA_URL: "http://forge.test", GITEA_TOKEN: "word" };
  const hostile = sceneOf(await openScene(context), unsafe);
  for (const opened of [openLoop(hostile, null), await reconcileOnce(hostile, NEVER)])
    assert.equal(opened.ok ? "ok" : opened.error.code, "CONFIG_INVALID");
});

test("what a person reconciles is reviewed by the server's loop with commits that git fetched, and merged", async (context) => {
  const scene = await openScene(context);
  const { fake, repository, owner, pull } = scene;
  const setting = sceneOf(scene);
  fake.review(repository, pull, { by: owner, state: "APPROVED" });
  const found = await reconcileOnce(setting, NEVER);
  assert.ok(found.ok);
  assert.deepEqual(found.value.failures, []);
  assert.equal(pull.mergedBy, null);
  assert.deepEqual(
    pull.reviews.map(({ user }) => user.login),
    ["orket"],
  );

  const tasks = scene.newTasks();
  const loop = openLoop(setting, tasks);
  assert.ok(loop.ok && loop.value !== null);
  await Promise.all(await startDueErrands(loop.value, NEVER));
  await tasks.stop();
  assert.deepEqual(statusesOf(scene, pull.headSha), {
    "orket/review": "success",
    "orket/verification": "success",
  });
  assert.equal(pull.mergedBy, scene.bot);
  assert.deepEqual(await startDueErrands(loop.value, NEVER), []);
});
