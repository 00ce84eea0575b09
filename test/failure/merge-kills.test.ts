// The product is killed at each step from an opened pull request to its merge.
import { test } from "node:test";
import { killEach, MANY_LIVES } from "../support/kill-each.ts";
import { MERGED, MERGED_SLOWLY } from "../support/pull-request-kills.ts";

/** Of the review's run: its head is brought, it is verified, the model is asked. */
const REVIEW = ["pull-review-queued", "verification-started", "turn-started"] as const;

test(
  "R-42 R-43 killed at each step towards the merge: each effect once",
  MANY_LIVES,
  async (context) =>
    killEach(context, MERGED, (kill) => [
      kill("while the head is reviewed", { steps: REVIEW, when: "during" }, MERGED_SLOWLY),
    ]),
);
