// The whole life of a pull request through the product as a process: opened, sent back, fixed, approved, merged, alive in a
// sandbox and closed, with a real forge's calls, real git, a real box and a real engine; also when every delivery is lost, and
// when each comes three times.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildBusyboxImage, useDockerEngine } from "../support/docker-engine.ts";
import type { DeliveryMode } from "../support/forge/webhooks.ts";
import type { PullRequestScene } from "../support/pull-request-scene.ts";
import { CARD, openPullRequestScene, until } from "../support/pull-request-scene.ts";
import { code, FILE, FIXTURE, RIGHT, VERIFICATION } from "../support/pull-review-scene.ts";
import { runOrket } from "../support/orket.ts";
import { approve, reject, say, script, write } from "../support/project.ts";

const docker = await useDockerEngine();
const IMAGE = docker.skip === false ? buildBusyboxImage(docker) : "";
const API = { image: IMAGE, pull: "never", ports: { api: 8000 }, tmpfs: { "/tmp": 4 } };
const STACK = JSON.stringify({ stack: { services: { api: API } } });

const MODES: readonly { readonly name: string; readonly mode: DeliveryMode }[] = [
  { name: "each delivery once", mode: {} },
  { name: "every delivery lost", mode: { lose: true } },
  { name: "every delivery three times", mode: { repeat: 3 } },
];

for (const { name, mode } of MODES)
  test(`R-21 R-43 R-58 a pull request is opened, sent back, fixed, approved, merged, deployed and put away: ${name}`, async (context) => {
    const { DOCKER_HOST, DOCKER_CONFIG } = docker.env;
    const scene = await openPullRequestScene(context, {
      policy: { auto_deploy: docker.skip === false },
      env: docker.skip === false ? { DOCKER_HOST, DOCKER_CONFIG } : {},
      card: { verification: VERIFICATION },
      files: { "verification/api.py": FIXTURE },
      script: script({
        [CARD]: {
          coder: [write(FILE, code("input")), say("Done.")],
          guard: [reject("It gives the input back."), approve, approve],
        },
      }),
    });
    const { forge, repository, ann, bob } = scene;
    forge.deliver(mode);
    await scene.start();
    const catchUp = async (): Promise<void> => {
      if (mode.lose !== true) return;
      const done = await runOrket(["webhook", "reconcile"], { cwd: scene.dir, env: scene.env });
      assert.equal(done.code, 0, done.err);
    };
    const said = (sha: string): string => {
      const mine = repository.statuses.filter((status) => status.sha === sha);
      const newest = new Map(mine.map((status) => [status.context, status.state]));
      return `${newest.get("orket/review")} ${newest.get("orket/verification")}`;
    };

    const first = forge.push(repository, {
      branch: "work",
      files: { [FILE]: code("input * 2") },
      by: ann,
    });
    const pull = forge.openPullRequest(repository, {
      head: "work",
      title: `Work on ${CARD}`,
      by: ann,
    });
    await catchUp();
    await until("the first head is reviewed", async () => said(first) === "failure failure");
    assert.equal(
      (await scene.review(pull.number))?.cycles,
      0,
      "what a model says counts for nothing",
    );

    forge.review(repository, pull, { by: bob, state: "REQUEST_CHANGES", body: "Wrong number." });
    await catchUp();
    await until("sent back", async () => (await scene.review(pull.number))?.cycles === 1);

    const second = forge.push(repository, {
      branch: "work",
      files: { ...RIGHT, ".orket.json": STACK },
      by: ann,
    });
    await catchUp();
    await until("the fix is reviewed", async () => said(second) === "success success");
    assert.equal(pull.mergeCommit, null, "nobody approved it yet");

    forge.review(repository, pull, { by: bob, state: "APPROVED", body: "Good." });
    await catchUp();
    await until("merged", async () => (await scene.review(pull.number))?.state === "merged");
    if (docker.skip === false) await seeAlive(scene);
    await forge.settled();
    const merges = forge.requests.filter(
      ({ method, path }) => method === "POST" && path.endsWith("/merge"),
    );
    assert.equal(merges.length, 1);
    assert.notEqual(pull.mergeCommit, null);
    assert.equal(pull.reviews.filter(({ user }) => user.login === "orket-bot").length, 2);
    await scene.stop();
    const types = (await scene.events("pr-")).map(({ type }) => type);
    for (const once of ["pr-opened", "pr-synchronized", "pr-merge-asked", "pr-merged"])
      assert.equal(types.filter((type) => type === once).length, 1, once);
    assert.ok(types.indexOf("pr-merge-asked") < types.indexOf("pr-merged"));
    assert.ok(forge.requests.every(({ path }) => !path.includes(scene.bot.token)));
  });

/** The sandbox that the merge made answers at the address that the pull request was told, and its end is told there too. */
async function seeAlive(scene: PullRequestScene): Promise<void> {
  const { repository, bot, dir, env } = scene;
  const said = (words: RegExp): readonly string[] =>
    repository.notes
      .filter(({ user }) => user === bot)
      .flatMap(({ body }) => words.exec(body)?.[1] ?? []);
  await until("its addresses are said", async () => said(/- api: (http:\S+)/).length > 0, 120_000);
  const [address = ""] = said(/- api: (http:\S+)/);
  const answer = await fetch(new URL("/README.md", address));
  assert.ok(answer.status < 500, `${address} answers with ${answer.status}`);
  await answer.body?.cancel();
  const [id = ""] = said(/as the sandbox `([^`]+)`/);
  const stopped = await runOrket(["sandboxes", "stop", id], { cwd: dir, env });
  assert.equal(stopped.code, 0, stopped.err);
  await until("its end is said", async () => said(/(Its sandbox is taken down)/).length > 0);
  assert.equal(said(/- api: (http:\S+)/).length, 1);
}
