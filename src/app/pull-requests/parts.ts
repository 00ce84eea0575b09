// What the pull-request loop is handed when it is assembled, and does without where it is null: the agent review of a head,
// the deployment of a merge, and the end of its sandbox. No rule of the loop, and nothing of the forge.
import type { Rejection, TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import type { PullRequest, Repository } from "../../ports/forge.ts";

export type ReviewRequest = {
  readonly repository: Repository;
  /** As the forge said a moment ago; `headSha` is what is to be reviewed. */
  readonly pull: PullRequest;
  readonly card: { readonly build: string; readonly id: string };
  /** Rejections that counted so far. */
  readonly cycle: number;
  readonly earlier: readonly Rejection[];
};

export type ReviewOutcome = {
  /** `superseded`: a newer head came; `not-reviewed`: nothing was judged, `reason` says why. */
  readonly kind: "approved" | "changes-requested" | "superseded" | "not-reviewed";
  readonly sha: string;
  readonly reason: string;
  /** Orket's own verification of that sha; the merge rule asks for it, whatever the review said. */
  readonly verification: {
    readonly sha: string;
    readonly verdict: "pass" | "fail" | null;
  } | null;
};

/**
 * Called once for each head of a pull request whose card is in review. It may take minutes, and runs beside the lane of its
 * pull request: a newer head aborts the signal. After a crash it is called again for the same head, so it looks before it
 * posts. A refusal is tried again with backoff.
 */
export type ReviewHead = (
  request: ReviewRequest,
  signal: AbortSignal,
) => Promise<Result<ReviewOutcome>>;

export type DeployRequest = {
  readonly repository: Repository;
  readonly row: TrackedPullRequest;
  readonly mergeCommit: string;
};

export type DeployOutcome =
  | {
      readonly kind: "deployed";
      readonly sandbox: string;
      readonly urls: Readonly<Record<string, string>>;
      /** When the sandbox was made: another one of its name is another one. */
      readonly since: string;
    }
  | { readonly kind: "not-deployed"; readonly reason: string };

/** After a merge, where `auto_deploy` is on. Called again for the same commit after a crash. Its outcome is commented once. */
export type DeployMerge = (
  request: DeployRequest,
  signal: AbortSignal,
) => Promise<Result<DeployOutcome>>;

/** When a pull request is closed; false when there was no sandbox of it. */
export type RemoveSandbox = (
  request: { readonly row: TrackedPullRequest },
  signal: AbortSignal,
) => Promise<Result<{ readonly removed: boolean }>>;

export type PullRequestParts = {
  readonly reviewHead: ReviewHead | null;
  readonly deployMerge: DeployMerge | null;
  readonly removeSandbox: RemoveSandbox | null;
};

export const NO_PARTS: PullRequestParts = {
  reviewHead: null,
  deployMerge: null,
  removeSandbox: null,
};
