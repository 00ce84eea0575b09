// A pull request as the forge shows it and as Orket keeps it, for tests that change one thing at a time.
import type { SeenPullRequest, SeenReview, Sight } from "../../src/domain/pull-request-life.ts";
import type { TrackedPullRequest } from "../../src/domain/pull-request.ts";

export const HEAD = "a".repeat(40);
export const NEXT_HEAD = "b".repeat(40);

/** A moment of the first day, in minutes. */
export const minute = (count: number): string =>
  new Date(Date.UTC(2026, 0, 1, 0, count)).toISOString();

export const SEEN: SeenPullRequest = {
  number: 12,
  title: "api: answer",
  webUrl: "http://forge/shop/api/pulls/12",
  mergeCommit: null,
  updatedAt: minute(0),
  isOpen: true,
  isMerged: false,
  isDraft: false,
  isMergeable: true,
  author: "coder",
  headSha: HEAD,
  headRepository: 7,
  baseRepository: 7,
  baseBranch: "main",
};

export const REQUEST: SeenReview = {
  id: 1,
  reviewer: "rita",
  state: "REQUEST_CHANGES",
  isOfficial: true,
  isStale: false,
  isDismissed: false,
  commit: HEAD,
  body: "no index",
  submittedAt: minute(10),
};

export const SIGHT: Sight = { pull: SEEN, reviews: [], fullName: "shop/api", reopenedAt: null };

export const TRACKED: TrackedPullRequest = {
  repository: 7,
  number: 12,
  fullName: "shop/api",
  title: "api: answer",
  author: "coder",
  headSha: HEAD,
  baseBranch: "main",
  webUrl: "http://forge/shop/api/pulls/12",
  build: "b",
  card: "api",
  state: "active",
  round: 1,
  cycles: 0,
  rejections: [],
  seenReviews: [],
  openedAt: minute(0),
  isEscalated: false,
  isRejecting: false,
  verification: null,
  agentReview: null,
  refusal: null,
  mergeCommit: null,
  stateComment: null,
  lookAtMs: null,
  looks: 0,
  version: 1,
  createdAt: minute(0),
  updatedAt: minute(0),
};
