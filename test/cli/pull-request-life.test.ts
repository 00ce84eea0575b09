// The whole life of a pull request through the product as a process: opened, sent back, fixed, approved and merged, with a real
// forge's calls, real git and a real box; also when every delivery is lost, and when each comes three times.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryMode } from "../support/forge/webhooks.ts";
import { CARD, openPullRequestScene, until } from "../support/pull-request-scene.ts";
import { code, FILE, FIXTURE, RIGHT, VERIFICATION } from "../support/pull-review-scene.ts";
import { runOrket } from "../support/orket.ts";
import { approve, reject, say, script, write } from "../support/project.ts";

const MODES: readonly { readonly name: string; readonly mode: DeliveryMode }[] = [
  { name: "each delivery once", mode: {} },
  { name: "every delivery lost", mode: { lose: true } },
  { name: "every delivery three times", mode: { repeat: 3 } },
];

for (const { name, mode } of MODES)
  test(`R-21 R-43 a pull request is opened, sent back, fixed, approved and merged: ${name}`, async (context) => {
    const scene = await openPullRequestScene(context, {
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

    const second = forge.push(repository, { branch: "work", files: RIGHT, by: ann });
    await catchUp();
    await until("the fix is reviewed", async () => said(second) === "success success");
    assert.equal(pull.mergeCommit, null, "nobody approved it yet");

    forge.review(repository, pull, { by: bob, state: "APPROVED", body: "Good." });
    await catchUp();
    await until("merged", async () => (await scene.review(pull.number))?.state === "merged");
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
