// What is to be done about a pull request outside of the store: one row an errand, with a mark that is left in what is written,
// so that after a crash it is seen whether it happened. Pure.
import type { JsonObject } from "./json.ts";
import type { PullRequestKey, TrackedPullRequest } from "./pull-request.ts";

/** Done on the forge within a moment, in this order, by whoever looks after the pull request. */
export const FORGE_ERRANDS = [
  "escalation-comment",
  "rejection-comment",
  "rejection-close",
  "rejection-issue",
  "rejection-card",
  "deployment-comment",
  "removal-comment",
] as const;

/** May take minutes; done beside the lane of the pull request. The last waits until a sandbox is gone, and has it said. */
export const LONG_ERRANDS = ["review", "deployment", "sandbox-removal", "sandbox-watch"] as const;

export const ERRAND_KINDS = [...FORGE_ERRANDS, ...LONG_ERRANDS] as const;
export type ErrandKind = (typeof ERRAND_KINDS)[number];
export type LongErrand = (typeof LONG_ERRANDS)[number];

/** The four that make a rejection; all of them confirmed, it is one. */
export const REJECTION_ERRANDS = [
  "rejection-comment",
  "rejection-close",
  "rejection-issue",
  "rejection-card",
] as const satisfies readonly ErrandKind[];

export const ERRAND_STATES = ["open", "done", "dropped", "given-up"] as const;
export type ErrandState = (typeof ERRAND_STATES)[number];

export type NewErrand = PullRequestKey & {
  readonly round: number;
  readonly kind: ErrandKind;
  /** What tells it from others of its kind in the round: a sha, or nothing. */
  readonly about: string;
  /** What it is made from. */
  readonly facts: JsonObject;
};

export type Errand = NewErrand & {
  readonly id: number;
  readonly state: ErrandState;
  readonly attempts: number;
  readonly nextAttemptMs: number;
  /** How the last attempt failed. */
  readonly failure: string | null;
  /** What came of it. */
  readonly answer: JsonObject | null;
  readonly holder: { readonly owner: string; readonly untilMs: number } | null;
};

export const errandOf = (
  row: TrackedPullRequest,
  kind: ErrandKind,
  more: { readonly about?: string; readonly facts?: JsonObject } = {},
): NewErrand => ({
  repository: row.repository,
  number: row.number,
  round: row.round,
  kind,
  about: more.about ?? "",
  facts: more.facts ?? {},
});

/** Hidden in the text that an errand writes; who looks for it looks in what this account wrote, nowhere else. */
export const markOf = ({ repository, number, round, kind, about }: NewErrand): string =>
  `<!-- orket:${kind}:${repository}/${number}:${round}${about === "" ? "" : `:${about}`} -->`;

export const STATE_MARK = "<!-- orket:state -->";

const FIRST_WAIT_MS = 5000;
const WAIT_MS_MAX = 600_000;
/** A long errand is not tried more often; one on the forge is, at the longest wait. */
export const LONG_ATTEMPTS_MAX = 8;

/** After failure number `attempts`. */
export const errandWaitMs = (attempts: number): number =>
  Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** Math.min(20, Math.max(0, attempts - 1)));
