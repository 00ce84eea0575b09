// A pull request as a review of it needs it. All text in it is of people and models: data.
import type { ReviewFile } from "./review-diff.ts";

/** What was said before: comments of the forge, and the reasons of rejections that counted. */
export type Remark = { readonly by: string; readonly text: string };

export type PullUnderReview = {
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly author: string;
  readonly baseBranch: string;
  /** Exactly this commit is reviewed. */
  readonly sha: string;
  /** What the forge says it changes, old names of renamed files included. */
  readonly touched: readonly string[];
  readonly files: readonly ReviewFile[];
  /** How many files the diff has beyond these. */
  readonly filesOmitted: number;
  /** Oldest first. */
  readonly remarks: readonly Remark[];
  /** Rejections that counted so far. */
  readonly cycle: number;
};
