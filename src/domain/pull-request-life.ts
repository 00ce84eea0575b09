// What becomes of a pull request, given what is kept of it and what the forge says now: the row as it is to be, the events of
// that, and the errands it asks for. Pure, and blind to deliveries: whatever was lost, repeated or came late, the same state
// gives the same answer, and looking twice changes nothing.
import type { EventType } from "./events.ts";
import type { JsonObject } from "./json.ts";
import type { PullRequestFacts, ReviewFacts } from "./merge-gate.ts";
import type { Rejection, TrackedPullRequest } from "./pull-request.ts";
import { NO_REASON } from "./pull-request.ts";
import type { NewErrand } from "./pull-request-errand.ts";
import { REJECTION_ERRANDS, errandOf } from "./pull-request-errand.ts";
import type { ReviewPolicy } from "./review-policy.ts";

export type SeenPullRequest = PullRequestFacts & {
  readonly number: number;
  readonly title: string;
  readonly webUrl: string;
  readonly mergeCommit: string | null;
  readonly updatedAt: string;
};

export type SeenReview = ReviewFacts & { readonly body: string; readonly submittedAt: string };

export type Sight = {
  readonly pull: SeenPullRequest;
  readonly reviews: readonly SeenReview[];
  readonly fullName: string;
  /** The forge's time of an opening that a delivery told of. The state alone cannot tell one that was closed and opened. */
  readonly reopenedAt: string | null;
};

export type Rules = {
  readonly policy: ReviewPolicy;
  /** Orket's own login: what it says counts for nothing here. */
  readonly self: string;
  /** Whether somebody is there to deploy what was merged, and to take it down. */
  readonly canDeploy: boolean;
  readonly canRemove: boolean;
};

export type LifeEvent = { readonly type: EventType; readonly data: JsonObject };

export type Advance = {
  readonly row: TrackedPullRequest;
  readonly events: readonly LifeEvent[];
  readonly errands: readonly NewErrand[];
  /** A head that was not seen in this round. */
  readonly hasNewHead: boolean;
  /** What was still to be done is not to be done any more. */
  readonly dropsErrands: boolean;
};

export type Origin = Pick<TrackedPullRequest, "repository" | "build" | "card" | "createdAt">;

const REASON_CHARACTERS_MAX = 4000;
const EVENT_CHARACTERS_MAX = 500;

/** Seen for the first time. What was said about earlier heads counts: nobody was there to count it. */
export function trackNew(origin: Origin, sight: Sight, rules: Rules): Advance {
  const { pull, fullName } = sight;
  const { number, title, author, headSha, baseBranch, webUrl, updatedAt } = pull;
  const row: TrackedPullRequest = {
    ...origin,
    number,
    fullName,
    title,
    author,
    headSha,
    baseBranch,
    webUrl,
    state: "active",
    round: 1,
    cycles: 0,
    rejections: [],
    seenReviews: [],
    openedAt: sight.reopenedAt ?? updatedAt,
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
    updatedAt: origin.createdAt,
  };
  const opened = { type: "pr-opened", data: { headSha, title, author } } as const;
  const start = { ...still(row), events: [opened], hasNewHead: true };
  return countReviews(start, { ...sight, isHeadNew: true }, rules);
}

/** The same object when nothing is different. */
export function advance(row: TrackedPullRequest, sight: Sight, rules: Rules): Advance {
  const { pull } = sight;
  if (row.state === "merged") return still(row);
  if (pull.isMerged) return merged(row, sight, rules);
  if (!pull.isOpen)
    return row.state === "active" ? whileClosed(row, sight, rules) : still(seeAll(row, sight));
  const at = sight.reopenedAt ?? pull.updatedAt;
  if (row.state !== "active") return goOn(reopened(row, sight, at), sight, rules);
  if (row.isRejecting) return countReviews(still(row), { ...sight, isHeadNew: false }, rules);
  const { reopenedAt } = sight;
  const wasReopened = reopenedAt !== null && isAfter(reopenedAt, row.openedAt);
  return goOn(wasReopened ? reopened(row, sight, reopenedAt) : still(row), sight, rules);
}

const still = (row: TrackedPullRequest): Advance => ({
  row,
  events: [],
  errands: [],
  hasNewHead: false,
  dropsErrands: false,
});

const isAfter = (one: string, other: string): boolean => Date.parse(one) > Date.parse(other);

function merged(row: TrackedPullRequest, { pull }: Sight, { policy, canDeploy }: Rules): Advance {
  const { mergeCommit, headSha } = pull;
  const next: TrackedPullRequest = {
    ...row,
    state: "merged",
    headSha,
    mergeCommit,
    cycles: 0,
    rejections: [],
    isRejecting: false,
    refusal: null,
  };
  const deploys = policy.autoDeploy && canDeploy && mergeCommit !== null;
  return {
    ...still(next),
    events: [{ type: "pr-merged", data: { headSha, mergeCommit, cycles: row.cycles } }],
    errands: deploys
      ? [errandOf(next, "deployment", { about: mergeCommit, facts: { mergeCommit } })]
      : [],
    dropsErrands: true,
  };
}

/** Closed by a person, unless its own rejection is under way: that closes it, and its errands end it. */
function whileClosed(row: TrackedPullRequest, sight: Sight, rules: Rules): Advance {
  if (row.isRejecting) return still(row);
  const next: TrackedPullRequest = { ...seeAll(row, sight), state: "closed", refusal: null };
  return {
    ...still(next),
    events: [{ type: "pr-closed", data: { headSha: row.headSha, cycles: row.cycles } }],
    errands: rules.canRemove ? [errandOf(next, "sandbox-removal")] : [],
    dropsErrands: true,
  };
}

/** What is said about a pull request that is closed counts neither now nor when it is opened again. */
function seeAll(row: TrackedPullRequest, { reviews }: Sight): TrackedPullRequest {
  const said = reviews.filter(isSaid).map(({ id }) => id);
  const isKnown = said.every((id) => row.seenReviews.includes(id));
  return isKnown ? row : { ...row, seenReviews: union(row.seenReviews, said) };
}

/** A new count. What was said after the opening is kept, where it was counted before the opening was known. */
function reopened(row: TrackedPullRequest, { reviews, reopenedAt }: Sight, at: string): Advance {
  const isSince = (rejection: Rejection): boolean =>
    row.state === "active" &&
    reviews.some(({ id, submittedAt }) => id === rejection.review && isAfter(submittedAt, at));
  const kept = row.rejections
    .filter(isSince)
    .map((rejection, index) => ({ ...rejection, cycle: index + 1 }));
  // Without a delivery that told of it, only that it was opened since is known.
  const isTimeKnown = at === reopenedAt;
  const before = reviews.filter((review) => isSaid(review) && !isAfter(review.submittedAt, at));
  const next: TrackedPullRequest = {
    ...row,
    state: "active",
    round: row.round + 1,
    cycles: kept.length,
    rejections: kept,
    seenReviews: isTimeKnown
      ? union(
          row.seenReviews,
          before.map(({ id }) => id),
        )
      : row.seenReviews,
    openedAt: at,
    isEscalated: false,
    refusal: null,
    mergeCommit: null,
  };
  const data = { round: next.round, cycles: next.cycles, headSha: row.headSha };
  return {
    ...still(next),
    events: [{ type: "pr-reopened", data }],
    hasNewHead: true,
    dropsErrands: true,
  };
}

/** Open and at work: first what was said about earlier heads, then the new head, then what was said about it. */
function goOn(from: Advance, sight: Sight, rules: Rules): Advance {
  const { pull, fullName } = sight;
  const { row } = from;
  const { title, baseBranch, webUrl } = pull;
  const told = { title, baseBranch, webUrl, fullName };
  const isSame = Object.entries(told).every(
    ([key, value]) => row[key as keyof typeof told] === value,
  );
  const now = isSame ? from : { ...from, row: { ...row, ...told } };
  if (row.headSha === pull.headSha) return countReviews(now, { ...sight, isHeadNew: false }, rules);
  const about = (review: SeenReview): boolean => review.commit === pull.headSha;
  const reviews = sight.reviews;
  const earlier = countReviews(
    now,
    { ...sight, reviews: reviews.filter((one) => !about(one)), all: reviews, isHeadNew: true },
    rules,
  );
  const data = { headSha: pull.headSha, before: row.headSha };
  const moved: Advance = {
    ...earlier,
    row: { ...earlier.row, headSha: pull.headSha, refusal: null },
    events: [...earlier.events, { type: "pr-synchronized", data }],
    hasNewHead: true,
  };
  return countReviews(moved, { ...sight, isHeadNew: false }, rules);
}

type Counting = Sight & {
  /** A head that nobody here has seen: what was said about others was said before it came. */
  readonly isHeadNew: boolean;
  readonly all?: readonly SeenReview[];
};

const isSaid = ({ state }: SeenReview): boolean =>
  state !== "PENDING" && state !== "REQUEST_REVIEW";

const union = (one: readonly number[], other: readonly number[]): readonly number[] => [
  ...new Set([...one, ...other]),
];

function countReviews(from: Advance, counting: Counting, rules: Rules): Advance {
  const seen = new Set(from.row.seenReviews);
  const fresh = counting.reviews
    .filter((review) => isSaid(review) && !seen.has(review.id))
    .toSorted((one, other) => one.id - other.id);
  return fresh.reduce((so, review) => recordReview(so, { review, counting }, rules), from);
}

type Looking = { readonly review: SeenReview; readonly counting: Counting };

function recordReview(from: Advance, looking: Looking, rules: Rules): Advance {
  const { review } = looking;
  const { row } = from;
  const { id, reviewer, state, commit } = review;
  const flaw = whyNot(row, looking, rules);
  const seenReviews = [...row.seenReviews, id];
  const facts = { review: id, reviewer, kind: state, headSha: commit };
  if (flaw !== null) {
    const data = { ...facts, counts: false, ...(flaw === "" ? {} : { why: flaw }) };
    return {
      ...from,
      row: { ...row, seenReviews },
      events: [...from.events, { type: "pr-reviewed", data }],
    };
  }
  const cycle = row.cycles + 1;
  const reason = review.body.trim().slice(0, REASON_CHARACTERS_MAX) || NO_REASON;
  const rejection = { review: id, reviewer, headSha: commit, cycle, reason };
  const data = { ...facts, counts: true, cycle, reason: reason.slice(0, EVENT_CHARACTERS_MAX) };
  const counted: Advance = {
    ...from,
    row: { ...row, seenReviews, cycles: cycle, rejections: [...row.rejections, rejection] },
    events: [...from.events, { type: "pr-reviewed", data }],
  };
  return applyLimits(counted, rules);
}

const isSame = (login: string, other: string): boolean =>
  login.toLowerCase() === other.toLowerCase();

/** Why it is no rejection that counts; "" for what is none at all. */
function whyNot(
  row: TrackedPullRequest,
  { review, counting }: Looking,
  rules: Rules,
): string | null {
  const { reviewer, commit } = review;
  const { pull, reviews, all = reviews, isHeadNew } = counting;
  if (review.state !== "REQUEST_CHANGES") return "";
  if (row.isRejecting) return "the limit is reached";
  if (isSame(reviewer, pull.author)) return "the author cannot reject";
  if (isSame(reviewer, rules.self)) return "it is Orket's own account";
  // A later review of the same reviewer takes `official` from this one.
  const isOfficial = all.some((one) => one.isOfficial && isSame(one.reviewer, reviewer));
  const isListed = rules.policy.requiredReviewers.some((login) => isSame(login, reviewer));
  if (!isOfficial && !isListed) return "neither official nor on the list of reviewers";
  if (commit !== pull.headSha && !isHeadNew) return "not of the present head";
  const isSecond = row.rejections.some(
    (one) => isSame(one.reviewer, reviewer) && one.headSha === commit,
  );
  return isSecond ? "counted once for this head" : null;
}

function applyLimits(from: Advance, { policy }: Rules): Advance {
  const { row } = from;
  if (row.cycles >= policy.maxCycles) {
    const next = { ...row, isRejecting: true };
    const errands = REJECTION_ERRANDS.map((kind) => errandOf(next, kind));
    return { ...from, row: next, errands: [...from.errands, ...errands] };
  }
  if (row.cycles < policy.escalationCycle || row.isEscalated) return from;
  const next = { ...row, isEscalated: true };
  const data = { cycle: row.cycles, login: policy.escalationLogin };
  return {
    ...from,
    row: next,
    events: [...from.events, { type: "pr-escalated", data }],
    errands: [...from.errands, errandOf(next, "escalation-comment")],
  };
}
