// What is written on the forge about a pull request: every state of it, and words of others that do nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HEAD, TRACKED } from "../../test/support/pull-request-samples.ts";
import {
  deploymentText,
  escalationText,
  harmless,
  rejectionText,
  removalText,
  requirementsText,
  requirementsTitle,
  stateText,
} from "./pull-request-text.ts";
import type { TrackedPullRequest } from "./pull-request.ts";
import { DEFAULT_REVIEW_POLICY } from "./review-policy.ts";

const SENT_BACK: TrackedPullRequest = {
  ...TRACKED,
  cycles: 1,
  rejections: [{ review: 1, reviewer: "@rita", headSha: HEAD, cycle: 1, reason: "a\r\n<b>#1" }],
};
const VIEW = { policy: DEFAULT_REVIEW_POLICY, refusals: null };
const SHORT = `\`${"a".repeat(10)}\``;

test("words of others mention nobody, close nothing, hold no mark and end no line", () => {
  assert.doesNotMatch(harmless("@ann <!-- #1 `x` [y](z) ![i](j)"), /@ann|<!|#1|`x|\[y|!\[/);
  assert.equal(harmless(" a\n\u0007b "), "a b");
  const text = rejectionText(SENT_BACK);
  assert.match(text, /^> a$/m);
  assert.doesNotMatch(text, /@rita|<b>|#1/);
});

test("a long reason is cut and says so", () => {
  const [first] = SENT_BACK.rejections;
  assert.ok(first);
  const long = { ...SENT_BACK, rejections: [{ ...first, reason: "x".repeat(2000) }] };
  assert.match(requirementsText(long), new RegExp(`> x{1500}\n> …$`));
});

test("who is asked is named, or is the lead architect", () => {
  const policy = { ...DEFAULT_REVIEW_POLICY, escalationLogin: "ada" };
  assert.match(escalationText(SENT_BACK, policy), /^@ada is asked.* sent back once\./);
  const twice = { ...SENT_BACK, cycles: 3 };
  assert.match(
    escalationText(twice, DEFAULT_REVIEW_POLICY),
    /^The lead architect is asked .* 3 times\.\n\nAt 4 it is closed/,
  );
});

test("a requirements issue names the pull request, its card and the count", () => {
  assert.equal(
    requirementsTitle({ ...TRACKED, cycles: 4 }),
    "Requirements Review: PR #12 failed after 4 cycles",
  );
  assert.match(requirementsText(SENT_BACK), /#12 for the card `api` was sent back once/);
});

test("a deployment is said with its addresses, or with why there is none", () => {
  const urls = { web: "http://127.0.0.1:8001" };
  assert.equal(
    deploymentText({ kind: "deployed", sandbox: "sbx-1", urls }),
    "The merge is deployed as the sandbox `sbx-1`.\n\n- web: http://127.0.0.1:8001",
  );
  assert.equal(
    deploymentText({ kind: "deployed", sandbox: "sbx-1", urls: {} }),
    "The merge is deployed as the sandbox `sbx-1`.",
  );
  assert.match(deploymentText({ kind: "not-deployed", reason: "@all no" }), /\n\n> @\u2060all no$/);
  assert.match(removalText(), /taken down/);
});

const STATES = [
  [{}, `Open at ${SHORT}.`],
  [{ isRejecting: true }, `Being rejected at ${SHORT}.`],
  [{ state: "merged" }, `Merged at ${SHORT}.`],
  [{ state: "merged", mergeCommit: HEAD }, `Merged at ${SHORT} as ${SHORT}.`],
  [{ state: "rejected" }, `Rejected at ${SHORT}: its requirements are put up for review.`],
  [{ state: "closed" }, `Closed at ${SHORT}.`],
] as const;
for (const [change, line] of STATES)
  test(`the state comment says: ${line.replaceAll(SHORT, "a head")}`, () => {
    const text = stateText({ ...TRACKED, ...change }, VIEW);
    assert.equal(
      text,
      `<!-- orket:state -->\n\n**Orket** · card \`api\` · cycle 0 of 4 · escalation at 3\n\n${line}`,
    );
  });

test("the state comment says what holds the merge, or that nothing does, while it is open", () => {
  const refusals = [{ cause: "draft", detail: "It is a draft of @ann." }];
  const held = { ...VIEW, refusals };
  assert.match(stateText(TRACKED, held), /Not merged:\n\n- draft: It is a draft of @\u2060ann\.$/);
  assert.match(
    stateText(TRACKED, { ...VIEW, refusals: [] }),
    /Every condition of the merge holds\.$/,
  );
  assert.doesNotMatch(stateText({ ...TRACKED, state: "closed" }, held), /Not merged/);
  assert.doesNotMatch(stateText({ ...TRACKED, isRejecting: true }, held), /Not merged/);
});

test("the state comment says what was sent back, and that the approach is under review", () => {
  const text = stateText({ ...SENT_BACK, isEscalated: true }, VIEW);
  assert.match(text, /cycle 1 of 4 · the approach is under review/);
  assert.match(text, /Sent back:\n\nCycle 1, @\u2060rita at/);
});

test("the agent's review is told beside the verification of the same head, and decides nothing", () => {
  const agentReview = { sha: HEAD, kind: "approved", reason: "fine" } as const;
  const reviewed = { ...TRACKED, agentReview };
  assert.match(
    stateText(reviewed, VIEW),
    /approves; own verification: none\. It decides nothing about the merge\.\n\n> fine$/,
  );
  const passed = { ...reviewed, verification: { sha: HEAD, verdict: "pass" } as const };
  assert.match(stateText(passed, VIEW), /own verification: pass\./);
  const none = { ...reviewed, verification: { sha: HEAD, verdict: null } };
  assert.match(stateText(none, VIEW), /own verification: no verdict\./);
  const older = { ...passed, agentReview: { ...agentReview, sha: "c", reason: " " } };
  assert.match(stateText(older, VIEW), /own verification: none\. It decides nothing[^>]*$/);
});
