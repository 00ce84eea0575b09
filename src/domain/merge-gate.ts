// May this pull request be merged by itself? Arithmetic on facts that were read from the forge a moment ago; nothing that a
// model says is among them. Every reason against it is named at once.
import { matchesPathGlob } from "./glob.ts";

/** What the organization lets merge by itself; `pr_review_policy` in its file. */
export type MergePolicy = {
  readonly autoMerge: boolean;
  /** Logins whose approval counts; without any nothing is merged. */
  readonly requiredReviewers: readonly string[];
  readonly requiredApprovals: number;
  readonly requiredStatuses: readonly string[];
  readonly protectedPaths: readonly string[];
};

export type PullRequestFacts = {
  readonly isOpen: boolean;
  readonly isMerged: boolean;
  readonly isDraft: boolean;
  /** null while the forge is still looking for conflicts. */
  readonly isMergeable: boolean | null;
  readonly author: string;
  readonly headSha: string;
  /** Ids of repositories; null when the fork is gone. */
  readonly headRepository: number | null;
  readonly baseRepository: number;
  readonly baseBranch: string;
};

export type ReviewFacts = {
  readonly id: number;
  readonly reviewer: string;
  readonly state: "APPROVED" | "REQUEST_CHANGES" | "COMMENT" | "PENDING" | "REQUEST_REVIEW";
  readonly isOfficial: boolean;
  readonly isStale: boolean;
  readonly isDismissed: boolean;
  readonly commit: string;
};

export type StatusFacts = { readonly context: string; readonly state: string };

export type MergeFacts = {
  readonly policy: MergePolicy;
  readonly pullRequest: PullRequestFacts;
  /** The one branch that the policy covers. */
  readonly coveredBranch: string;
  /** Logins that never count as a reviewer: Orket's own account. */
  readonly bots: readonly string[];
  readonly reviews: readonly ReviewFacts[];
  /** Of the head sha; the newest of each context. */
  readonly statuses: readonly StatusFacts[];
  /** Old names of renamed files among them; null when the list is not whole. */
  readonly changedPaths: readonly string[] | null;
  /** Orket's own verification; null when there was none. */
  readonly verification: { readonly sha: string; readonly verdict: "pass" | "fail" | null } | null;
};

export const MERGE_CAUSES = [
  "auto-merge-off",
  "merged",
  "not-open",
  "draft",
  "other-branch",
  "other-repository",
  "approvals-missing",
  "changes-requested",
  "status-not-green",
  "protected-path",
  "paths-unknown",
  "not-verified",
  "conflict",
  "check-running",
] as const;
export type MergeCause = (typeof MERGE_CAUSES)[number];

export type MergeRefusal = {
  readonly cause: MergeCause;
  /** One sentence for people. */
  readonly detail: string;
};

export type MergeDecision =
  /** To be merged with this sha as the precondition. */
  | { readonly merge: true; readonly headSha: string }
  | { readonly merge: false; readonly refusals: readonly MergeRefusal[] };

/**
 * Causes that may pass by themselves: worth another look soon, without an event. A forge says "conflict" too while it has
 * not looked yet.
 */
export const isPassing = (cause: MergeCause): boolean =>
  cause === "check-running" || cause === "conflict";

export function decideMerge(facts: MergeFacts): MergeDecision {
  const refusals = [
    ...checkPolicy(facts),
    ...checkPullRequest(facts),
    ...checkReviews(facts),
    ...checkStatuses(facts),
    ...checkPaths(facts),
    ...checkVerification(facts),
    ...checkMergeable(facts),
  ];
  return refusals.length === 0
    ? { merge: true, headSha: facts.pullRequest.headSha }
    : { merge: false, refusals };
}

const against = (cause: MergeCause, detail: string): MergeRefusal => ({ cause, detail });

function checkPolicy({ policy, coveredBranch, pullRequest }: MergeFacts): readonly MergeRefusal[] {
  const { baseBranch } = pullRequest;
  return [
    ...(policy.autoMerge ? [] : [against("auto-merge-off", "The organization merges by hand.")]),
    ...(baseBranch === coveredBranch
      ? []
      : [against("other-branch", `Only ${coveredBranch} is covered, not ${baseBranch}.`)]),
  ];
}

function checkPullRequest({ pullRequest }: MergeFacts): readonly MergeRefusal[] {
  const { isOpen, isMerged, isDraft, headRepository, baseRepository } = pullRequest;
  return [
    ...(isMerged ? [against("merged", "It is merged already.")] : []),
    ...(isOpen || isMerged ? [] : [against("not-open", "It is closed.")]),
    ...(isDraft ? [against("draft", "It is a draft.")] : []),
    ...(headRepository === baseRepository
      ? []
      : [against("other-repository", "Its head lies in another repository.")]),
  ];
}

const isSame = (login: string, other: string): boolean =>
  login.toLowerCase() === other.toLowerCase();

/** What each reviewer said last that decides something; comments and pending reviews do not. Ids rise. */
function lastWords(reviews: readonly ReviewFacts[]): readonly ReviewFacts[] {
  const last = new Map<string, ReviewFacts>();
  for (const review of reviews.toSorted((one, other) => one.id - other.id)) {
    if (review.state === "APPROVED" || review.state === "REQUEST_CHANGES")
      last.set(review.reviewer.toLowerCase(), review);
  }
  return [...last.values()];
}

function checkReviews(facts: MergeFacts): readonly MergeRefusal[] {
  const { policy, reviews } = facts;
  const last = lastWords(reviews);
  const good = last.filter((review) => flawOf(review, facts) === null);
  const missing = policy.requiredApprovals - good.length;
  const flaws = last
    .filter(({ state }) => state === "APPROVED")
    .map((review) => [review.reviewer, flawOf(review, facts)] as const)
    .filter(([, flaw]) => flaw !== null)
    .map(([reviewer, flaw]) => ` ${reviewer}'s does not count: ${flaw}.`);
  const open = last.filter((review) => isOpenRequest(review, facts));
  const needed = Math.max(1, policy.requiredApprovals);
  return [
    ...(missing > 0 || good.length === 0
      ? [
          against(
            "approvals-missing",
            `It has ${good.length} of ${needed} approvals that count.${flaws.join("")}`,
          ),
        ]
      : []),
    ...open.map(({ reviewer }) => against("changes-requested", `${reviewer} asks for changes.`)),
  ];
}

/** Why an approval does not count; null when it does. */
function flawOf(review: ReviewFacts, { policy, pullRequest, bots }: MergeFacts): string | null {
  const { reviewer } = review;
  if (review.state !== "APPROVED") return "it is no approval";
  if (isSame(reviewer, pullRequest.author)) return "the author cannot approve";
  if (bots.some((bot) => isSame(bot, reviewer))) return "it is Orket's own account";
  if (!policy.requiredReviewers.some((login) => isSame(login, reviewer)))
    return "not on the list of reviewers";
  if (!review.isOfficial) return "not official in this repository";
  if (review.isDismissed) return "dismissed";
  if (review.isStale || review.commit !== pullRequest.headSha) return "not of the present head";
  return null;
}

/**
 * Who is neither official nor on the list cannot hold anything up; nor can Orket's own account, whose reviews a model wrote.
 * A new head does not answer a request.
 */
const isOpenRequest = (review: ReviewFacts, { policy, bots }: MergeFacts): boolean =>
  review.state === "REQUEST_CHANGES" &&
  !review.isDismissed &&
  !bots.some((bot) => isSame(bot, review.reviewer)) &&
  (review.isOfficial || policy.requiredReviewers.some((login) => isSame(login, review.reviewer)));

function checkStatuses({ policy, statuses }: MergeFacts): readonly MergeRefusal[] {
  return policy.requiredStatuses.flatMap((context) => {
    const found = statuses.filter((status) => status.context === context);
    if (found.length > 0 && found.every(({ state }) => state === "success")) return [];
    const state = found.map((status) => status.state).join(", ") || "absent";
    return [against("status-not-green", `The status ${context} is ${state}.`)];
  });
}

const PATHS_SHOWN_MAX = 5;

function checkPaths({ policy, changedPaths }: MergeFacts): readonly MergeRefusal[] {
  if (changedPaths === null)
    return [against("paths-unknown", "The list of changed files could not be read to its end.")];
  const touched = changedPaths.filter((path) => isProtected(path, policy.protectedPaths));
  if (touched.length === 0) return [];
  const shown = touched.slice(0, PATHS_SHOWN_MAX).join(", ");
  const more =
    touched.length > PATHS_SHOWN_MAX ? ` and ${touched.length - PATHS_SHOWN_MAX} more` : "";
  return [against("protected-path", `Protected files change: ${shown}${more}.`)];
}

/** Without regard to case: the checkout may be on a file system that has none. */
const isProtected = (path: string, globs: readonly string[]): boolean =>
  globs.some((glob) => matchesPathGlob(glob.toLowerCase(), path.toLowerCase()));

function checkVerification({ verification, pullRequest }: MergeFacts): readonly MergeRefusal[] {
  const isOfHead = verification !== null && verification.sha === pullRequest.headSha;
  if (isOfHead && verification.verdict === "pass") return [];
  const said = isOfHead ? `says ${verification.verdict ?? "nothing"}` : "is missing";
  return [against("not-verified", `Orket's own verification of this head ${said}.`)];
}

/** Of what is merged or closed the forge says nothing about conflicts. */
function checkMergeable({ pullRequest }: MergeFacts): readonly MergeRefusal[] {
  const { isOpen, isMergeable } = pullRequest;
  if (!isOpen || isMergeable === true) return [];
  return isMergeable === null
    ? [against("check-running", "The forge is still looking for conflicts.")]
    : [against("conflict", "It has conflicts with its base.")];
}
