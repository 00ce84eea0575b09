// A pull request as Orket keeps it: whose card it is for, how often it was sent back, and what is still to be done on the
// forge about it. What happens when is decided in pull-request-life.ts; how the forge is read stands in ports/forge.ts.
import type { MergeRefusal } from "./merge-gate.ts";

/**
 * active ─▶ merged
 *   │  ▲
 *   │  ├── reopened ── closed     somebody closed it
 *   └──┴── reopened ── rejected   sent back too often: commented, closed, and its requirements put up for review
 */
export const PULL_REQUEST_STATES = ["active", "merged", "rejected", "closed"] as const;
export type PullRequestState = (typeof PULL_REQUEST_STATES)[number];

/** A request for changes that counted. */
export type Rejection = {
  readonly review: number;
  readonly reviewer: string;
  readonly headSha: string;
  /** What number it was since the pull request was opened or opened again. */
  readonly cycle: number;
  readonly reason: string;
};

export type OwnVerification = {
  readonly sha: string;
  readonly verdict: "pass" | "fail" | null;
};

/** Why it is not merged, as it was found last. `facts` tells whether anything has changed since. */
export type StoredRefusal = {
  readonly headSha: string;
  readonly refusals: readonly MergeRefusal[];
  readonly facts: string;
};

/** What the last agent review said; it decides nothing. */
export type AgentReview = {
  readonly sha: string;
  readonly kind: "approved" | "changes-requested" | "superseded" | "not-reviewed";
  readonly reason: string;
};

/** A repository of the forge and a number in it; the id survives a rename. */
export type PullRequestKey = { readonly repository: number; readonly number: number };

export type TrackedPullRequest = PullRequestKey & {
  readonly fullName: string;
  readonly title: string;
  readonly author: string;
  readonly headSha: string;
  readonly baseBranch: string;
  readonly webUrl: string;
  readonly build: string;
  readonly card: string;
  readonly state: PullRequestState;
  /** How often it was opened; effects of an earlier round are not taken for those of this one. */
  readonly round: number;
  /** Rejections that counted in this round. */
  readonly cycles: number;
  readonly rejections: readonly Rejection[];
  /** Ids of reviews that were looked at; none is looked at twice. */
  readonly seenReviews: readonly number[];
  /** The forge's time of its last opening. */
  readonly openedAt: string;
  readonly isEscalated: boolean;
  /** Its limit is reached; it is rejected once every step of that is confirmed. */
  readonly isRejecting: boolean;
  readonly verification: OwnVerification | null;
  readonly agentReview: AgentReview | null;
  readonly refusal: StoredRefusal | null;
  readonly mergeCommit: string | null;
  /** Id of the comment that shows its state, and what it says. */
  readonly stateComment: { readonly id: number; readonly body: string } | null;
  /** When it is to be looked at again without an event, and how often that was in vain. */
  readonly lookAtMs: number | null;
  readonly looks: number;
  /** Rises with each change. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export const NO_REASON = "No reason provided";
