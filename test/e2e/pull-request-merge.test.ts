// The merge table: every way in which an approval can be wrong, one at a time, on a forge. Each leaves the pull request open and
// says why in its comment; whatever the model says, the decisions are the same.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MergeScene, MergeSetting } from "../support/merge-scene.ts";
import { openMergeScene } from "../support/merge-scene.ts";

const approve = ({ fake, repository, pull, bob }: MergeScene): void =>
  void fake.review(repository, pull, { by: bob, state: "APPROVED" });

type Row = {
  readonly name: string;
  /** What the comment says. */
  readonly says: RegExp;
  /** How many the comment gives; one, as a rule. */
  readonly reasons?: number;
  readonly setting?: MergeSetting;
  /** In place of bob's approval. */
  readonly arrange?: (scene: MergeScene) => void;
};

const ROWS: readonly Row[] = [
  { name: "nobody approved", says: /approvals-missing: It has 0 of 1/, arrange: () => {} },
  {
    name: "the author approved",
    says: /ann's does not count: the author cannot approve/,
    arrange: ({ fake, repository, pull, ann }) =>
      void fake.review(repository, pull, { by: ann, state: "APPROVED" }),
  },
  {
    name: "an outsider approved",
    says: /bob's does not count: not on the list of reviewers/,
    setting: { policy: { required_reviewers: ["somebody"] } },
  },
  {
    name: "Orket's own account approved, though it is on the list",
    says: /orket-bot's does not count: it is Orket's own account/,
    arrange: ({ fake, repository, pull, bot }) =>
      void fake.review(repository, pull, { by: bot, state: "APPROVED" }),
  },
  {
    name: "the approval is unofficial",
    says: /eve's does not count: not official in this repository/,
    arrange: ({ fake, repository, pull, eve }) =>
      void fake.review(repository, pull, { by: eve, state: "APPROVED" }),
  },
  {
    name: "the approval is stale",
    says: /bob's does not count: not of the present head/,
    arrange: (scene) => {
      approve(scene);
      for (const review of scene.pull.reviews) review.stale = true;
    },
  },
  {
    name: "the approval is for another sha, though the forge calls it fresh",
    says: /bob's does not count: not of the present head/,
    arrange: (scene) => {
      approve(scene);
      for (const review of scene.pull.reviews) review.commit = "c".repeat(40);
    },
  },
  {
    name: "the approval was dismissed",
    says: /bob's does not count: dismissed/,
    arrange: (scene) => {
      approve(scene);
      for (const review of scene.pull.reviews) review.dismissed = true;
    },
  },
  {
    name: "there are fewer approvals than the policy asks for",
    says: /It has 1 of 2 approvals/,
    setting: { policy: { required_approvals: 2 } },
  },
  {
    name: "somebody official asks for changes",
    says: /changes-requested: ann asks for changes/,
    arrange: (scene) => {
      const { fake, repository, pull, ann } = scene;
      approve(scene);
      fake.review(repository, pull, { by: ann, state: "REQUEST_CHANGES" });
    },
  },
  { name: "a status is red", says: /The status ci is failure/, setting: { checkSays: "failure" } },
  { name: "a status is absent", says: /The status ci is absent/, setting: { checkSays: null } },
  {
    name: "a status was green and is red now",
    says: /The status ci is error/,
    arrange: (scene) => {
      approve(scene);
      scene.check("error");
    },
  },
  {
    name: "a protected path changes",
    says: /Protected files change: .*verification\/api\.py/,
    setting: { files: { "verification/api.py": "x" } },
  },
  {
    name: "a protected path is renamed away",
    says: /Protected files change: .*model\/core\/a\.json/,
    setting: {
      policy: { protected_paths: ["a.txt", "model/**"] },
      files: { "model/core/a.json": "{}" },
    },
  },
  // The forge says of a draft that it cannot be merged, and does not say why.
  { name: "it is a draft", says: /It is a draft/, reasons: 2, setting: { title: "WIP: API-1" } },
  {
    name: "it conflicts",
    says: /conflict: It has conflicts/,
    arrange: (scene) => {
      const { fake, repository, owner } = scene;
      fake.push(repository, { branch: "main", files: { "a.txt": "theirs\n" }, by: owner });
      approve(scene);
    },
  },
  {
    name: "the forge is still looking for conflicts",
    says: /conflict: It has conflicts/,
    setting: { checksAfterPush: 1000 },
  },
  {
    name: "its base is not the one that is covered",
    says: /Only release is covered, not main/,
    setting: { baseBranch: "release" },
  },
  {
    name: "the organization merges by hand",
    says: /auto-merge-off/,
    setting: { policy: { auto_merge: false } },
  },
  {
    name: "its own verification failed",
    says: /verification of this head says fail/,
    setting: { verdict: "fail" },
  },
  {
    name: "its card has none",
    says: /verification of this head is missing/,
    setting: { verdict: null },
  },
  {
    name: "it is closed",
    says: /Closed at/,
    arrange: (scene) => {
      approve(scene);
      scene.fake.close(scene.repository, scene.pull, scene.ann);
    },
  },
];

describe("a pull request is not merged when", () => {
  for (const { name, says, reasons = 1, setting = {}, arrange = approve } of ROWS)
    test(name, async (context) => {
      const scene = await openMergeScene(context, setting);
      await scene.look();
      arrange(scene);
      for (const _ of [1, 2]) {
        const looked = await scene.look();
        assert.ok(looked.ok);
      }
      const comment = scene.stateComment();
      assert.match(comment, says);
      assert.ok(
        (comment.match(/^- /gm) ?? []).length <= reasons,
        `nothing else holds it: ${comment}`,
      );
      assert.deepEqual(scene.merges(), []);
      assert.equal(scene.pull.mergeCommit, null);
      const types = (await scene.events()).map(({ type }) => type);
      assert.ok(!types.includes("pr-merge-asked"), types.join());
    });
});

/** What is asked of the forge, and in which order beside the log. */
function watchMerges({ client, openLoop, events }: MergeScene, before: () => void = () => {}) {
  const seen: string[] = [];
  const loop = openLoop({
    forge: {
      ...client,
      pulls: {
        ...client.pulls,
        merge: async (...call) => {
          seen.push((await events()).at(-1)?.type ?? "");
          before();
          return client.pulls.merge(...call);
        },
      },
    },
  });
  return { loop, seen };
}

test("the right one is merged once, pinned to its head, and the log has it before the forge does", async (context) => {
  const scene = await openMergeScene(context);
  const { loop, seen } = watchMerges(scene);
  approve(scene);
  for (const _ of [1, 2, 3]) await scene.look(loop);
  assert.equal(scene.pull.mergedBy, scene.bot);
  const [merge, ...more] = scene.merges();
  assert.deepEqual(more, []);
  const body = JSON.parse(merge?.body ?? "{}") as Record<string, unknown>;
  assert.equal(body["head_commit_id"], scene.pull.headSha);
  assert.equal(body["force_merge"], false);
  assert.deepEqual(seen, ["pr-merge-asked"]);
  assert.match(scene.stateComment(), /Merged at/);
  const types = (await scene.events()).map(({ type }) => type);
  assert.equal(types.filter((type) => type === "pr-merged").length, 1);
});

test("what is pushed between the check and the merge is not merged", async (context) => {
  const scene = await openMergeScene(context);
  const { fake, repository, pull, ann } = scene;
  const judged = pull.headSha;
  let pushes = 0;
  const { loop, seen } = watchMerges(scene, () => {
    pushes += 1;
    if (pushes > 1) return;
    const files = { "a.txt": "evil\n" };
    fake.push(repository, { branch: "work", files, by: ann, force: true });
  });
  approve(scene);
  for (const _ of [1, 2, 3]) await scene.look(loop);
  assert.equal(pull.mergeCommit, null);
  assert.notEqual(pull.headSha, judged);
  assert.equal(seen.length, 1, "the new head has nobody's approval");
  assert.match(scene.stateComment(), /bob's does not count: not of the present head/);
});

test("a merge whose answer was lost is found out, and not asked for again", async (context) => {
  const scene = await openMergeScene(context);
  const path = /\/pulls\/1\/merge/;
  scene.fake.misbehave({ method: "POST", path, times: 1, when: "after", how: { kind: "cut" } });
  approve(scene);
  for (const _ of [1, 2, 3]) await scene.look();
  assert.equal(scene.pull.mergedBy, scene.bot);
  assert.equal(scene.merges().length, 1);
  assert.match(scene.stateComment(), /Merged at/);
});

test("a merge that the forge refuses is not asked for again until something has changed", async (context) => {
  const scene = await openMergeScene(context);
  const { fake, repository, pull } = scene;
  const path = /\/pulls\/1\/merge/;
  fake.misbehave({ method: "POST", path, times: 1, how: { kind: "status", status: 403 } });
  approve(scene);
  for (const _ of [1, 2, 3]) await scene.look();
  assert.equal(pull.mergeCommit, null);
  assert.equal(scene.merges().length, 1);
  assert.match(scene.stateComment(), /forge-refused/);
  fake.review(repository, pull, { by: scene.ann, state: "COMMENT", body: "?" });
  scene.check("success");
  fake.review(repository, pull, { by: scene.bob, state: "APPROVED" });
  for (const _ of [1, 2]) await scene.look();
  assert.equal(pull.mergedBy, scene.bot);
});

test("of two processes that look at once, one asks for the merge", async (context) => {
  const scene = await openMergeScene(context);
  await scene.look();
  approve(scene);
  const other = scene.openLoop({
    engine: {
      ...scene.project.engine,
      settings: { ...scene.project.engine.settings, owner: "another" },
    },
  });
  await Promise.all([scene.look(), scene.look(other)]);
  assert.equal(scene.pull.mergedBy, scene.bot);
  assert.equal(scene.merges().length, 1);
});

describe("a model that always approves and one that always rejects lead to the same decision when", () => {
  const cases = [
    ["all is right", {}, approve],
    ["nobody approved", {}, () => {}],
    ["the verification failed", { verdict: "fail" }, approve],
    ["a status is red", { checkSays: "failure" }, approve],
  ] as const;
  for (const [name, setting, arrange] of cases)
    test(name, async (context) => {
      const causes = async (reviewSays: "approved" | "changes-requested") => {
        const scene = await openMergeScene(context, { ...setting, reviewSays });
        arrange(scene);
        for (const _ of [1, 2]) await scene.look();
        const row = await scene.row();
        return [row?.state, row?.cycles, row?.refusal?.refusals, scene.merges().length];
      };
      assert.deepEqual(await causes("approved"), await causes("changes-requested"));
    });
});
