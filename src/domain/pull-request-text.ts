// What Orket writes on the forge about a pull request. Words of others are quoted and can do nothing: no mark of ours, no
// mention of anybody, no markup that runs on.
import type { MergeRefusal } from "./merge-gate.ts";
import type { Rejection, TrackedPullRequest } from "./pull-request.ts";
import { STATE_MARK } from "./pull-request-errand.ts";
import type { ReviewPolicy } from "./review-policy.ts";

const QUOTE_CHARACTERS_MAX = 1500;
const SHA_CHARACTERS = 10;
/** A word joiner that nobody sees; what follows it is no mention and no comment any more. */
const JOINER = "\u2060";

const shortSha = (sha: string): string => `\`${sha.slice(0, SHA_CHARACTERS)}\``;

/** One line of somebody else's. */
export const harmless = (text: string): string =>
  text
    .replaceAll(/\p{Cc}+/gu, " ")
    .replaceAll(/[@<#!`[]/g, (sign) => `${sign}${JOINER}`)
    .trim();

/** Several lines of somebody else's. */
function quote(text: string): string {
  const short = text.slice(0, QUOTE_CHARACTERS_MAX);
  const cut = short.length < text.length ? "\n…" : "";
  return `${short}${cut}`
    .split(/\r?\n/)
    .map((line) => `> ${harmless(line)}`)
    .join("\n");
}

const reasonOf = ({ cycle, reviewer, headSha, reason }: Rejection): string =>
  `Cycle ${cycle}, ${harmless(reviewer)} at ${shortSha(headSha)}:\n\n${quote(reason)}`;

const reasonsOf = ({ rejections }: TrackedPullRequest): string =>
  rejections.map(reasonOf).join("\n\n");

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

export function escalationText(row: TrackedPullRequest, policy: ReviewPolicy): string {
  const { escalationLogin, maxCycles } = policy;
  const who = escalationLogin === null ? "The lead architect" : `@${escalationLogin}`;
  return [
    `${who} is asked to review the approach: this pull request was sent back ${times(row.cycles)}.`,
    `At ${maxCycles} it is closed, and its requirements are put up for review.`,
    reasonsOf(row),
  ].join("\n\n");
}

export const rejectionText = (row: TrackedPullRequest): string =>
  [
    `This pull request was sent back ${times(row.cycles)} and is closed. More attempts at the same requirements will not help: they go to people for review. Opening it again starts a new count.`,
    reasonsOf(row),
  ].join("\n\n");

export const requirementsTitle = ({ number, cycles }: TrackedPullRequest): string =>
  `Requirements Review: PR #${number} failed after ${cycles} cycles`;

export const requirementsText = (row: TrackedPullRequest): string =>
  [
    `The pull request #${row.number} for the card \`${row.card}\` was sent back ${times(row.cycles)} and closed. What it should do has to be decided before anybody tries again.`,
    reasonsOf(row),
  ].join("\n\n");

export type DeploymentFacts =
  | {
      readonly kind: "deployed";
      readonly sandbox: string;
      readonly urls: Readonly<Record<string, string>>;
    }
  | { readonly kind: "not-deployed"; readonly reason: string };

export function deploymentText(facts: DeploymentFacts): string {
  if (facts.kind === "not-deployed") return `The merge was not deployed:\n\n${quote(facts.reason)}`;
  const urls = Object.entries(facts.urls).map(([name, url]) => `- ${harmless(name)}: ${url}`);
  return [`The merge is deployed as the sandbox \`${facts.sandbox}\`.`, urls.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

export const removalText = (): string => "Its sandbox is taken down.";

export type StateView = {
  readonly policy: ReviewPolicy;
  /** Why it is not merged; null where that was not looked at. */
  readonly refusals: readonly (Pick<MergeRefusal, "detail"> & { readonly cause: string })[] | null;
};

/** The one comment that is kept up to date. */
export function stateText(row: TrackedPullRequest, view: StateView): string {
  const { maxCycles, escalationCycle } = view.policy;
  const count = `cycle ${row.cycles} of ${maxCycles}`;
  const asked = row.isEscalated
    ? "the approach is under review"
    : `escalation at ${escalationCycle}`;
  return [
    STATE_MARK,
    `**Orket** · card \`${row.card}\` · ${count} · ${asked}`,
    statusOf(row),
    ...(row.state === "active" && !row.isRejecting ? conditionsOf(view) : []),
    ...agentReviewOf(row),
    ...(row.rejections.length === 0 ? [] : [`Sent back:\n\n${reasonsOf(row)}`]),
  ].join("\n\n");
}

function statusOf(row: TrackedPullRequest): string {
  const head = shortSha(row.headSha);
  switch (row.state) {
    case "active":
      return row.isRejecting ? `Being rejected at ${head}.` : `Open at ${head}.`;
    case "merged":
      return `Merged at ${head}${row.mergeCommit === null ? "" : ` as ${shortSha(row.mergeCommit)}`}.`;
    case "rejected":
      return `Rejected at ${head}: its requirements are put up for review.`;
    case "closed":
      return `Closed at ${head}.`;
  }
}

function conditionsOf({ refusals }: StateView): readonly string[] {
  if (refusals === null) return [];
  if (refusals.length === 0) return ["Every condition of the merge holds."];
  const lines = refusals.map(({ cause, detail }) => `- ${cause}: ${harmless(detail)}`);
  return [`Not merged:\n\n${lines.join("\n")}`];
}

const REVIEW_WORDS = {
  approved: "approves",
  "changes-requested": "asks for changes",
  superseded: "was overtaken by a newer head",
  "not-reviewed": "could not be made",
} as const;

function agentReviewOf({ agentReview, verification }: TrackedPullRequest): readonly string[] {
  if (agentReview === null) return [];
  const { kind, sha, reason } = agentReview;
  const own = verification?.sha === sha ? (verification.verdict ?? "no verdict") : "none";
  const lines = [
    `The agent review of ${shortSha(sha)} ${REVIEW_WORDS[kind]}; own verification: ${own}. It decides nothing about the merge.`,
    ...(reason.trim() === "" ? [] : [quote(reason)]),
  ];
  return [lines.join("\n\n")];
}
