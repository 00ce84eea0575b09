// Tells the forge what a review came to: one review, looked for before it is written, and two statuses of exactly that commit.
// Nothing is said of a head that is none any more. Secrets are taken out of all of it, and words of models made harmless.
import { visible } from "../../domain/foreign-markdown.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { ReviewComment, ReviewWords } from "../../domain/review-text.ts";
import { lineComments, reviewBody, reviewMark, statusLine } from "../../domain/review-text.ts";
import type { Verdict } from "../../domain/verdict.ts";
import type { Account, Forge, NewReview, NewStatus, PullRequestName } from "../../ports/forge.ts";
import type { Engine } from "../engine.ts";
import type { CardKey } from "./find-review.ts";
import { nameOf } from "./find-review.ts";
import type { ReadOutcome } from "./read-outcome.ts";

export const REVIEW_STATUS = "orket/review";
export const VERIFICATION_STATUS = "orket/verification";

export type Posting = {
  readonly name: PullRequestName;
  readonly sha: string;
  readonly card: CardKey;
  readonly outcome: ReadOutcome;
  /** The run that decided; null when none was needed. */
  readonly run: string | null;
};

type Deps = {
  readonly engine: Pick<Engine, "store" | "redact">;
  readonly forge: Forge;
};

/** Done as often as it is asked for; what is there already is left. */
export async function postReview(
  { engine, forge }: Deps,
  posting: Posting,
  signal: AbortSignal,
): Promise<Result<"posted" | "superseded">> {
  const { name, sha, outcome } = posting;
  const self = await forge.self(signal);
  if (!self.ok) return self;
  const pull = await forge.pulls.get(name, signal);
  if (!pull.ok) return pull;
  const reviews = await forge.pulls.reviews(name, signal);
  if (!reviews.ok) return reviews;
  const isOwn = isSame(pull.value.author, self.value);
  const words = wordsOf(engine, posting, isOwn);
  const mark = reviewMark(words);
  const there = reviews.value.find(
    ({ reviewer, state, body }) =>
      isSame(reviewer, self.value) && state !== "PENDING" && body.includes(mark),
  );
  if (there === undefined && (!pull.value.isOpen || pull.value.headSha !== sha))
    return ok("superseded");
  const review = there ?? (await forge.pulls.review(name, reviewOf(words), signal));
  if ("ok" in review && !review.ok) return review;
  const { id, state } = "ok" in review ? review.value : review;
  await notePosted(engine, posting, { review: id, state, found: there !== undefined });
  const told = await setStatuses(forge, { name, sha, statuses: statusesOf(outcome) }, signal);
  return told.ok ? ok("posted") : told;
}

const isSame = (login: string, account: Account): boolean =>
  login.toLowerCase() === account.login.toLowerCase();

/** Secrets are looked for in what a reader sees: a character nobody sees must not hide one. */
function wordsOf(
  { redact }: Pick<Engine, "redact">,
  { sha, card, outcome, run }: Posting,
  isOwn: boolean,
): ReviewWords {
  const clean = (text: string): string => redact.text(visible(text));
  const comments = outcome.comments.map((comment): ReviewComment => ({
    ...comment,
    body: clean(comment.body),
  }));
  const reason = clean(outcome.reason);
  const { kind, verdict } = outcome;
  return { kind, card: card.id, sha, reason, verdict, comments, isOwn, key: run ?? "unfit" };
}

function reviewOf(words: ReviewWords): NewReview {
  return {
    state: stateOf(words),
    body: reviewBody(words),
    commit: words.sha,
    comments: lineComments(words.comments),
  };
}

function stateOf({ kind, isOwn }: ReviewWords): NewReview["state"] {
  if (isOwn || kind === "not-reviewed") return "COMMENT";
  return kind === "approved" ? "APPROVED" : "REQUEST_CHANGES";
}

const POSTED_LOOKED_AT_MAX = 200;

type Posted = { readonly review: number; readonly state: string; readonly found: boolean };

async function notePosted(
  { store }: Pick<Engine, "store">,
  { name, sha, card, run }: Posting,
  posted: Posted,
): Promise<void> {
  const { build, id } = card;
  const data = { repository: nameOf(name.repository), number: name.number, sha, ...posted };
  const origin = run === null ? {} : { run };
  const event = { type: "pull-review-posted", actor: "engine", build, card: id, data } as const;
  await store.transaction(async ({ events }) => {
    const before = Number.MAX_SAFE_INTEGER;
    const types = ["pull-review-posted"] as const;
    const told = await events.list({ build, card: id, types, before, limit: POSTED_LOOKED_AT_MAX });
    if (told.some((one) => one.data["review"] === posted.review)) return;
    await events.append([{ ...event, ...origin }]);
  });
}

type Told = Pick<NewStatus, "state" | "description">;
export type Statuses = { readonly review: Told; readonly verification: Told };

const PENDING: Told = { state: "pending", description: "Under way." };

export const PENDING_STATUSES: Statuses = { review: PENDING, verification: PENDING };

export const failedStatuses = (why: string): Statuses => ({
  review: { state: "error", description: why },
  verification: { state: "error", description: why },
});

const REVIEW_STATES: Readonly<Record<ReadOutcome["kind"], Told>> = {
  approved: { state: "success", description: "Accepted." },
  "changes-requested": { state: "failure", description: "Changes are asked for." },
  "not-reviewed": { state: "error", description: "Not reviewed; see the comment." },
};

const statusesOf = ({ kind, verdict }: ReadOutcome): Statuses => ({
  review: REVIEW_STATES[kind],
  verification: verificationStatus(verdict),
});

/** A card that declares none is not proven; a status must not say that it is. */
function verificationStatus(verdict: Verdict | null): Told {
  if (verdict === "pass") return { state: "success", description: "Passed on this commit." };
  if (verdict === "fail") return { state: "failure", description: "Failed on this commit." };
  return { state: "error", description: "There was none of this commit." };
}

type StatusRequest = {
  readonly name: PullRequestName;
  readonly sha: string;
  readonly statuses: Statuses;
};

/** Only what is not so already. */
export async function setStatuses(
  forge: Forge,
  { name, sha, statuses }: StatusRequest,
  signal: AbortSignal,
): Promise<Result<null>> {
  const { repository } = name;
  const there = await forge.statuses.list(repository, sha, signal);
  if (!there.ok) return there;
  const wanted = [
    [REVIEW_STATUS, statuses.review],
    [VERIFICATION_STATUS, statuses.verification],
  ] as const;
  for (const [context, { state, description }] of wanted) {
    if (there.value.some((one) => one.context === context && one.state === state)) continue;
    const status = { state, context, description: statusLine(description) };
    const set = await forge.statuses.set({ repository, sha, status }, signal);
    if (!set.ok) return set;
  }
  return ok(null);
}
