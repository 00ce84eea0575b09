// How the state of a pull request looks, and where its page is.
import type { Review } from "../../api/types.ts";
import type { Look } from "../../kit/chip.tsx";

const LOOKS: Readonly<Record<Review["state"], Look>> = {
  active: { tone: "review", icon: "review", word: "Open" },
  merged: { tone: "done", icon: "verified", word: "Merged" },
  rejected: { tone: "failed", icon: "failed", word: "Rejected" },
  closed: { tone: "muted", icon: "canceled", word: "Closed" },
};

export function lookOfReview({
  state,
  isEscalated,
  isRejecting,
}: Pick<Review, "state" | "isEscalated" | "isRejecting">): Look {
  const look = LOOKS[state];
  if (state !== "active") return look;
  if (isRejecting) return { ...look, tone: "failed", word: "Being rejected" };
  return isEscalated ? { tone: "waiting", icon: "hand", word: "Open, escalated" } : look;
}

export const pathOfReview = ({
  owner,
  repository,
  number,
}: Pick<Review, "owner" | "repository" | "number">): string =>
  `/reviews/${encodeURIComponent(owner)}/${encodeURIComponent(repository)}/${number}`;
