// A pull request that goes in circles, driven through the product as a process: escalated, closed, put up for review, exactly
// once, also when every delivery is lost, and when each comes three times.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PullRequestScene } from "../support/pull-request-scene.ts";
import { CARD, openPullRequestScene, until } from "../support/pull-request-scene.ts";
import { runOrket } from "../support/orket.ts";

const reconcile = async ({ dir, env }: PullRequestScene): Promise<string> => {
  const { code, out, err } = await runOrket(["webhook", "reconcile", "--json"], { cwd: dir, env });
  assert.equal(code, 0, err);
  return out;
};

const reviewed =
  (scene: PullRequestScene, number: number, cycles: number) => async (): Promise<boolean> =>
    (await scene.review(number))?.cycles === cycles;

/** Four heads, each sent back once by bob. */
async function goInCircles(
  scene: PullRequestScene,
  catchUp: () => Promise<unknown>,
): Promise<ReturnType<PullRequestScene["forge"]["openPullRequest"]>> {
  const { forge, repository, ann, bob } = scene;
  forge.push(repository, { branch: "work", files: { "a.txt": "0\n" }, by: ann });
  const pull = forge.openPullRequest(repository, { head: "work", title: `${CARD}: work`, by: ann });
  for (let cycle = 1; cycle <= 4; cycle += 1) {
    forge.review(repository, pull, {
      by: bob,
      state: "REQUEST_CHANGES",
      body: `Reason ${cycle}, @everybody <script>`,
    });
    await catchUp();
    await until(`cycle ${cycle}`, reviewed(scene, pull.number, cycle));
    if (cycle < 4)
      forge.push(repository, { branch: "work", files: { "a.txt": `${cycle}\n` }, by: ann });
  }
  await catchUp();
  await until("rejected", async () => (await scene.review(pull.number))?.state === "rejected");
  return pull;
}

async function checkRejected(scene: PullRequestScene, number: number): Promise<void> {
  const { repository } = scene;
  const pull = repository.pulls.find((one) => one.number === number);
  assert.equal(pull?.isOpen, false);
  assert.equal(repository.issues.length, 1);
  const [issue] = repository.issues;
  assert.equal(issue?.title, `Requirements Review: PR #${number} failed after 4 cycles`);
  assert.deepEqual(issue?.labels.map(({ name }) => name).toSorted(), [
    "auto-rejected",
    "requirements-review",
  ]);
  for (let cycle = 1; cycle <= 4; cycle += 1)
    assert.match(issue?.body ?? "", new RegExp(`Reason ${cycle}`));
  assert.doesNotMatch(issue?.body ?? "", /@everybody|<script/);
  const bodies = (): readonly string[] =>
    repository.notes.filter((one) => one.number === number).map(({ body }) => body);
  await until("the state is shown", async () =>
    bodies().some((body) => body.includes("orket:state") && body.includes("cycle 4 of 4")),
  );
  const notes = bodies();
  assert.equal(notes.filter((body) => body.includes("orket:escalation-comment")).length, 1);
  assert.equal(notes.filter((body) => body.includes("orket:rejection-comment")).length, 1);
  assert.equal(notes.filter((body) => body.includes("orket:state")).length, 1);
  const types = (await scene.events()).map(({ type, data }) =>
    type === "pr-reviewed" && data["counts"] === true ? "counted" : type,
  );
  const count = (type: string): number => types.filter((one) => one === type).length;
  assert.deepEqual(["counted", "pr-escalated", "pr-rejected"].map(count), [4, 1, 1]);
  const cards = (await scene.get(`/v1/cards?limit=1000`))["cards"] as readonly { id: string }[];
  assert.equal(cards.filter(({ id }) => id.includes("-pr")).length, 1);
}

test("R-42 four rejections: escalated at the third, at the fourth closed, put up and filed as a card, once", async (context) => {
  const scene = await openPullRequestScene(context);
  await scene.start();
  const pull = await goInCircles(scene, async () => null);
  await checkRejected(scene, pull.number);

  // Later deliveries on a rejected row do nothing.
  scene.forge.review(scene.repository, pull, {
    by: scene.bob,
    state: "REQUEST_CHANGES",
    body: "5",
  });
  await scene.forge.settled();
  await reconcile(scene);
  await checkRejected(scene, pull.number);

  // Opened again: a new round, a new count, and the comment says so.
  scene.forge.reopen(scene.repository, pull, scene.ann);
  await until("a new round", async () => {
    const review = await scene.review(pull.number);
    return review?.state === "active" && review.round === 2 && review.cycles === 0;
  });
  const listed = await runOrket(["reviews"], { cwd: scene.dir, env: scene.env });
  assert.match(listed.out, /orket\/demo#\d+ +active +0 +issue-12/i);
  const one = await runOrket(["reviews", `orket/demo#${pull.number}`], {
    cwd: scene.dir,
    env: scene.env,
  });
  assert.match(
    one.out,
    /own verification +no/,
    "the card has none, whether or not it was looked for yet",
  );
});

test("R-42 the same when every delivery is lost: the reconciler alone", async (context) => {
  const scene = await openPullRequestScene(context);
  scene.forge.deliver({ lose: true });
  await scene.start();
  const pull = await goInCircles(scene, async () => reconcile(scene));
  await checkRejected(scene, pull.number);
  const again = JSON.parse(await reconcile(scene)) as { readonly changes: number };
  assert.equal(again.changes, 0);
});

test("R-42 the same when every delivery comes three times", async (context) => {
  const scene = await openPullRequestScene(context);
  scene.forge.deliver({ repeat: 3 });
  await scene.start();
  const pull = await goInCircles(scene, async () => null);
  await scene.forge.settled();
  await checkRejected(scene, pull.number);
});
