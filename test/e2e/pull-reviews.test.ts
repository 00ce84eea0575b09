// The review of a pull request's head, from the forge to the guard and back: what is posted, once, and about which commit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cardOf } from "../support/open-project.ts";
import { approve, call, reject } from "../support/project.ts";
import {
  comment,
  FILE,
  openReviewScene,
  outcomeOf,
  statusesOf,
} from "../support/pull-review-scene.ts";

test("R-21 the head of a pull request is verified, reviewed and approved, with both statuses of that commit", async (context) => {
  const scene = await openReviewScene(context, {
    guard: [call("add_issue_comment", { comment: "It multiplies as asked." }), approve],
  });
  const sha = scene.pull.headSha;
  const outcome = outcomeOf(await scene.review());
  assert.deepEqual(outcome, {
    kind: "approved",
    sha,
    reason: "It multiplies as asked.",
    verification: { sha, verdict: "pass" },
  });
  const [review, ...others] = scene.pull.reviews;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [review?.state, review?.commit, review?.user.login],
    ["APPROVED", sha, "orket-bot"],
  );
  assert.deepEqual(statusesOf(scene, sha), {
    "orket/review": "success",
    "orket/verification": "success",
  });
  assert.equal((await cardOf(scene.project, "api"))?.status, "done");
});

test("R-21 what the guard says to lines stands on those lines, and the rest in the text of a request for changes", async (context) => {
  const scene = await openReviewScene(context, {
    guard: [
      comment(FILE, 2, "Name the number."),
      comment("src/nowhere.py", 3, "This is missing."),
      comment(FILE, 999, "Too far."),
      reject("The number has no name, see the line."),
    ],
  });
  const outcome = outcomeOf(await scene.review());
  assert.equal(outcome.kind, "changes-requested");
  assert.equal(outcome.reason, "The number has no name, see the line.");
  const [review] = scene.pull.reviews;
  assert.equal(review?.state, "REQUEST_CHANGES");
  assert.deepEqual(
    review?.comments.map(({ path, newPosition, body }) => [path, newPosition, body]),
    [[FILE, 2, "Name the number."]],
  );
  assert.match(review?.body ?? "", /no name, see the line/);
  assert.match(review?.body ?? "", /`src\/nowhere\.py`, line 3: This is missing\./);
  assert.match(review?.body ?? "", /line 999: Too far\./);
  assert.deepEqual(statusesOf(scene, scene.pull.headSha), {
    "orket/review": "failure",
    "orket/verification": "success",
  });
  assert.equal((await cardOf(scene.project, "api"))?.status, "in_progress");
});
