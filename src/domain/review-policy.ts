// `pr_review_policy` of the organization: when a pull request has been sent back often enough, and what may be merged.
import type { MergePolicy } from "./merge-gate.ts";

export type ReviewPolicy = MergePolicy & {
  /** Rejections after which a pull request is closed. */
  readonly maxCycles: number;
  /** Rejections after which somebody is asked to look at the approach; fewer than `maxCycles`. */
  readonly escalationCycle: number;
  /** Who is asked; null = the lead architect. */
  readonly escalationLogin: string | null;
  readonly autoDeploy: boolean;
  /** Of a requirements issue. */
  readonly labels: readonly string[];
};

/** Nothing is merged by it, and nobody's approval counts. */
export const DEFAULT_REVIEW_POLICY: ReviewPolicy = {
  maxCycles: 4,
  escalationCycle: 3,
  escalationLogin: null,
  requiredReviewers: [],
  requiredApprovals: 1,
  requiredStatuses: [],
  protectedPaths: [".gitea/**", ".github/**", "config/**", "model/**", "verification/**"],
  autoMerge: false,
  autoDeploy: false,
  labels: ["requirements-review", "auto-rejected"],
};
