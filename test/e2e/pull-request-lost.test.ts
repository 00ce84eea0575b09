// What a process leaves behind that is lost while it looks after a pull request which is open no more: the next reconciliation
// finishes it, though no list of open pull requests has it and no delivery comes.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { PullRequestLoop } from "../../src/app/pull-requests/loop.ts";
import { reconcile } from "../../src/app/pull-requests/reconcile.ts";
import { ok } from "../../src/domain/result.ts";
import type { Forge } from "../../src/ports/forge.ts";
import type { MergeSetting } from "../support/merge-scene.ts";
import { openMergeScene } from "../support/merge-scene.ts";

const NEVER = new AbortController().signal;

class Lost extends Error {}

/** As if the process ended at the call: nothing of it reaches the forge, and nothing follows it. */
const lostAt = (loop: PullRequestLoop, call: keyof Forge["issues"]): PullRequestLoop => ({
  ...loop,
  forge: {
    ...loop.forge,
    issues: { ...loop.forge.issues, [call]: () => Promise.reject(new Lost()) },
  },
});

async function openApproved(context: TestContext, setting: MergeSetting = {}) {
  const scene = await openMergeScene(context, setting);
  const { fake, repository, pull, bob, look } = scene;
  await look();
  fake.review(repository, pull, { by: bob, state: "APPROVED" });
  return scene;
}

test("R-43 a merge that a lost process did not show is shown by the reconciler alone", async (context) => {
  const { look, loop, row, pull, stateComment } = await openApproved(context);
  await assert.rejects(look(lostAt(loop, "editComment")), Lost);
  assert.notEqual(pull.mergeCommit, null);
  assert.equal((await row())?.state, "merged");
  assert.doesNotMatch(stateComment(), /Merged at/);
  await reconcile(loop, NEVER);
  assert.match(stateComment(), /Merged at/);
  assert.equal((await row())?.lookAtMs, null, "nobody has to look at it any more");
});

test("R-43 what the forge does not let be shown is shown later, and at some time not tried any more", async (context) => {
  const { look, loop, row, fake, stateComment } = await openApproved(context);
  const how = { kind: "status", status: 403 } as const;
  fake.misbehave({ method: "PATCH", path: /comments/, how });
  await look();
  const first = await row();
  assert.deepEqual([first?.state, first?.looks], ["merged", 1]);
  assert.notEqual(first?.lookAtMs, null);
  for (let time = 0; time < 12; time += 1) await look();
  assert.deepEqual([(await row())?.lookAtMs, stateComment().includes("Merged at")], [null, false]);
  fake.behave();
  await look();
  assert.match(stateComment(), /Merged at/);
  assert.equal((await reconcile(loop, NEVER)).pullRequests, 0);
});

test("R-43 what a lost process was to say of a deployment is said by the reconciler alone, once", async (context) => {
  const scene = await openApproved(context, { policy: { auto_deploy: true } });
  const { openLoop, loop, look, repository, row } = scene;
  const deployMerge = async () =>
    ok({ kind: "not-deployed", reason: "There is no stack." } as const);
  const parts = { ...loop.parts, deployMerge };
  const deploying = openLoop({ parts });
  const said = (): number => repository.notes.filter(({ body }) => /no stack/.test(body)).length;
  await look(lostAt(deploying, "comment"));
  assert.deepEqual([(await row())?.state, said()], ["merged", 0]);
  await reconcile(deploying, NEVER);
  await reconcile(deploying, NEVER);
  assert.equal(said(), 1);
});
