// How a pull request stands: its state, its cycle, whether a person is needed, and where its page is.
import type { Review, ReviewLimits } from "../../api/types.ts";
import type { Look } from "../../kit/chip.tsx";

const LOOKS: Readonly<Record<Review["state"], Look>> = {
  active: { tone: "review", icon: "review", word: "Open" },
  merged: { tone: "done", icon: "verified", word: "Merged" },
  rejected: { tone: "failed", icon: "failed", word: "Rejected" },
  closed: { tone: "muted", icon: "canceled", word: "Closed" },
};

type Standing = Pick<Review, "state" | "isEscalated" | "isRejecting">;

export function lookOfReview({ state, isEscalated, isRejecting }: Standing): Look {
  const look = LOOKS[state];
  if (state !== "active") return look;
  if (isRejecting) return { ...look, tone: "failed", word: "Being rejected" };
  return isEscalated ? { tone: "waiting", icon: "hand", word: "Open, escalated" } : look;
}

/** Reasons against a merge that only a person takes away. */
const FOR_PEOPLE: ReadonlySet<string> = new Set([
  "approvals-missing",
  "auto-merge-off",
  "protected-path",
  "paths-unknown",
]);

export const needsPerson = ({
  state,
  isEscalated,
  refusals,
}: Pick<Review, "state" | "isEscalated" | "refusals">): boolean =>
  state === "active" && (isEscalated || refusals.some(({ cause }) => FOR_PEOPLE.has(cause)));

export const cycleOf = ({ cycles }: Pick<Review, "cycles">, limits: ReviewLimits): string =>
  limits === null ? `cycle ${cycles}` : `cycle ${cycles} of ${limits.rejection}`;

export const pathOfReview = ({
  owner,
  repository,
  number,
}: Pick<Review, "owner" | "repository" | "number">): string =>
  `/reviews/${encodeURIComponent(owner)}/${encodeURIComponent(repository)}/${number}`;
