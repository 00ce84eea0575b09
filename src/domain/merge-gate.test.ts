// Every way in which a merge can be wrong, one at a time, around a pull request that is right.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { MergeCause, MergeFacts, PullRequestFacts, ReviewFacts } from "./merge-gate.ts";
import { decideMerge, isPassing, MERGE_CAUSES } from "./merge-gate.ts";

const SHA = "a".repeat(40);
const OTHER = "b".repeat(40);

const APPROVAL: ReviewFacts = {
  id: 1,
  reviewer: "jsmith",
  state: "APPROVED",
  isOfficial: true,
  isStale: false,
  isDismissed: false,
  commit: SHA,
};

const GOOD: MergeFacts = {
  policy: {
    autoMerge: true,
    requiredReviewers: ["jsmith", "ada"],
    requiredApprovals: 1,
    requiredStatuses: ["ci / test"],
    protectedPaths: [".gitea/**", "verification/**"],
  },
  pullRequest: {
    isOpen: true,
    isMerged: false,
    isDraft: false,
    isMergeable: true,
    author: "coder-agent",
    headSha: SHA,
    headRepository: 7,
    baseRepository: 7,
    baseBranch: "main",
  },
  coveredBranch: "main",
  bots: ["orket-bot"],
  reviews: [APPROVAL],
  statuses: [
    { context: "ci / test", state: "success" },
    { context: "lint", state: "failure" },
  ],
  changedPaths: ["src/a.ts"],
  verification: { sha: SHA, verdict: "pass" },
};

const pull = (change: Partial<PullRequestFacts>): Partial<MergeFacts> => ({
  pullRequest: { ...GOOD.pullRequest, ...change },
});
const policy = (change: Partial<MergeFacts["policy"]>): Partial<MergeFacts> => ({
  policy: { ...GOOD.policy, ...change },
});
const approval = (change: Partial<ReviewFacts>): Partial<MergeFacts> => ({
  reviews: [{ ...APPROVAL, ...change }],
});
const request = (change: Partial<ReviewFacts>): ReviewFacts => ({
  ...APPROVAL,
  id: 2,
  reviewer: "ada",
  state: "REQUEST_CHANGES",
  ...change,
});

const WRONG: readonly (readonly [name: string, Partial<MergeFacts>, readonly MergeCause[]])[] = [
  ["auto-merge is off", policy({ autoMerge: false }), ["auto-merge-off"]],
  ["nobody is on the list", policy({ requiredReviewers: [] }), ["approvals-missing"]],
  ["nobody approved", { reviews: [] }, ["approvals-missing"]],
  [
    "nobody approved and none is asked for",
    { reviews: [], ...policy({ requiredApprovals: 0 }) },
    ["approvals-missing"],
  ],
  ["two approvals are asked for", policy({ requiredApprovals: 2 }), ["approvals-missing"]],
  ["the author approved", pull({ author: "JSmith" }), ["approvals-missing"]],
  ["an outsider approved", approval({ reviewer: "mallory" }), ["approvals-missing"]],
  ["the bot approved", { bots: ["jsmith"] }, ["approvals-missing"]],
  ["the approval is stale", approval({ isStale: true }), ["approvals-missing"]],
  ["the approval is of another sha", approval({ commit: OTHER }), ["approvals-missing"]],
  ["the approval names no sha", approval({ commit: "" }), ["approvals-missing"]],
  ["the approval is dismissed", approval({ isDismissed: true }), ["approvals-missing"]],
  ["the approval is not official", approval({ isOfficial: false }), ["approvals-missing"]],
  ["the approval is pending", approval({ state: "PENDING" }), ["approvals-missing"]],
  [
    "one person approved twice",
    { reviews: [APPROVAL, { ...APPROVAL, id: 2 }], ...policy({ requiredApprovals: 2 }) },
    ["approvals-missing"],
  ],
  [
    "the same person asked for changes after it",
    { reviews: [request({ reviewer: "jsmith" }), APPROVAL] },
    ["approvals-missing", "changes-requested"],
  ],
  ["somebody asks for changes", { reviews: [APPROVAL, request({})] }, ["changes-requested"]],
  [
    "somebody official who is not on the list asks for changes",
    { reviews: [APPROVAL, request({ reviewer: "eve" })] },
    ["changes-requested"],
  ],
  [
    "somebody on the list who is not official asks for changes",
    { reviews: [APPROVAL, request({ isOfficial: false })] },
    ["changes-requested"],
  ],
  [
    "the request is of an older head",
    { reviews: [APPROVAL, request({ isStale: true, commit: OTHER })] },
    ["changes-requested"],
  ],
  [
    "the status is red",
    { statuses: [{ context: "ci / test", state: "failure" }] },
    ["status-not-green"],
  ],
  [
    "the status is pending",
    { statuses: [{ context: "ci / test", state: "pending" }] },
    ["status-not-green"],
  ],
  ["the status is absent", { statuses: [] }, ["status-not-green"]],
  [
    "the status is green and red",
    {
      statuses: [
        { context: "ci / test", state: "success" },
        { context: "ci / test", state: "error" },
      ],
    },
    ["status-not-green"],
  ],
  [
    "a protected path changes",
    { changedPaths: ["a", ".gitea/workflows/x.yaml"] },
    ["protected-path"],
  ],
  ["a protected path in capitals", { changedPaths: ["VERIFICATION/a.py"] }, ["protected-path"]],
  [
    "many protected paths change",
    { changedPaths: Array.from({ length: 9 }, (_, index) => `verification/${index}`) },
    ["protected-path"],
  ],
  ["the changed paths are not known", { changedPaths: null }, ["paths-unknown"]],
  ["it is closed", pull({ isOpen: false, isMergeable: false }), ["not-open"]],
  ["it is merged", pull({ isOpen: false, isMerged: true, isMergeable: false }), ["merged"]],
  ["it is a draft", pull({ isDraft: true }), ["draft"]],
  ["it has conflicts", pull({ isMergeable: false }), ["conflict"]],
  ["the conflict check runs", pull({ isMergeable: null }), ["check-running"]],
  ["it goes into another branch", pull({ baseBranch: "release" }), ["other-branch"]],
  ["it comes from a fork", pull({ headRepository: 8 }), ["other-repository"]],
  ["its fork is gone", pull({ headRepository: null }), ["other-repository"]],
  [
    "it was pushed to after everything",
    pull({ headSha: OTHER }),
    ["approvals-missing", "not-verified"],
  ],
  ["it was never verified", { verification: null }, ["not-verified"]],
  ["its verification failed", { verification: { sha: SHA, verdict: "fail" } }, ["not-verified"]],
  [
    "its verification said nothing",
    { verification: { sha: SHA, verdict: null } },
    ["not-verified"],
  ],
];

test("R-43 merges what is right, with its head as the precondition", () => {
  assert.deepEqual(decideMerge(GOOD), { merge: true, headSha: SHA });
});

for (const [name, change, causes] of WRONG) {
  test(`R-43 does not merge when ${name}`, () => {
    const decision = decideMerge({ ...GOOD, ...change });
    assert.ok(!decision.merge);
    assert.deepEqual(
      decision.refusals.map(({ cause }) => cause),
      causes,
    );
    for (const { detail } of decision.refusals) assert.match(detail, /^\S.*\.$/);
  });
}

test("R-43 a request counts no more when it was dismissed, answered by the same person, or made by a stranger", () => {
  const answered = { ...APPROVAL, id: 3, reviewer: "Ada" };
  for (const reviews of [
    [APPROVAL, request({ isDismissed: true })],
    [APPROVAL, request({}), answered],
    [APPROVAL, request({ reviewer: "mallory", isOfficial: false })],
    [APPROVAL, { ...request({}), state: "COMMENT" } as const],
  ])
    assert.ok(decideMerge({ ...GOOD, reviews }).merge);
});

test("R-43 names every reason at once, and whose approval does not count and why", () => {
  const decision = decideMerge({
    ...GOOD,
    ...approval({ isStale: true }),
    changedPaths: ["verification/a"],
    verification: null,
  });
  assert.ok(!decision.merge);
  assert.deepEqual(
    decision.refusals.map(({ cause }) => cause),
    ["approvals-missing", "protected-path", "not-verified"],
  );
  assert.match(
    decision.refusals[0]?.detail ?? "",
    /jsmith's does not count: not of the present head/,
  );
});

test("R-43 only what the forge says of conflicts passes by itself", () => {
  assert.deepEqual(MERGE_CAUSES.filter(isPassing), ["conflict", "check-running"]);
});

test("R-43 whatever else reviewers and strangers write, a wrong head is never merged", () => {
  const review = fc.record({
    id: fc.nat(),
    reviewer: fc.constantFrom("jsmith", "ada", "coder-agent", "orket-bot", "mallory", "JSMITH"),
    state: fc.constantFrom<ReviewFacts["state"]>(
      "APPROVED",
      "REQUEST_CHANGES",
      "COMMENT",
      "PENDING",
      "REQUEST_REVIEW",
    ),
    isOfficial: fc.boolean(),
    isStale: fc.boolean(),
    isDismissed: fc.boolean(),
    commit: fc.constantFrom(SHA, OTHER, ""),
  });
  fc.assert(
    fc.property(fc.array(review), (reviews) => {
      const decision = decideMerge({ ...GOOD, reviews });
      if (!decision.merge) return;
      const counted = reviews.filter(
        (one) =>
          one.state === "APPROVED" &&
          ["jsmith", "ada"].includes(one.reviewer.toLowerCase()) &&
          one.isOfficial &&
          !one.isStale &&
          !one.isDismissed &&
          one.commit === SHA,
      );
      assert.ok(counted.length > 0);
    }),
  );
});
