// Why a card does not move: what it waits for, on whom, since when, and what a person can do about it. Pure, so that the
// run's own report, `orket runs show` and every other view say the same.
import type { Approval } from "./approval.ts";
import { whatOf } from "./approval.ts";
import type { Card, WaitReason } from "./card.ts";
import { isClosed } from "./card.ts";
import type { RunStatus } from "./run.ts";
import type { Turn } from "./turn.ts";

export type CardWait = {
  readonly card: string;
  readonly waitsFor: string;
  /** A seat, other cards, a run, or `a person`. */
  readonly on: string;
  readonly since: string;
  /** What would free it, in words with the command; null when nothing needs to be done. */
  readonly wayOut: string | null;
};

export type WaitFacts = {
  /** Dependencies that are not done. */
  readonly unmet: readonly string[];
  /** The card's live turn. */
  readonly turn: Pick<Turn, "seat" | "kind" | "number" | "startedAt"> | null;
  /** The question that the live turn waits for. */
  readonly approval?: Approval | null;
  readonly run: { readonly id: string; readonly status: RunStatus };
};

/** Null for a card that is closed. */
export function waitOf(card: Card, facts: WaitFacts): CardWait | null {
  if (isClosed(card.status)) return null;
  const { id, statusSince: since } = card;
  const { turn, unmet, run, approval = null } = facts;
  if (card.waitReason !== null)
    return { card: id, since, ...heldBack({ ...card, waitReason: card.waitReason }) };
  if (approval !== null) return { card: id, ...undecided(approval) };
  if (turn !== null) {
    const waitsFor = `turn ${turn.number} (${turn.kind})`;
    const wayOut = run.status === "running" ? null : goOn(run.id);
    return { card: id, waitsFor, on: turn.seat, since: turn.startedAt, wayOut };
  }
  if (card.status === "ready" && unmet.length > 0)
    return { card: id, waitsFor: "dependency", on: unmet.join(", "), since, wayOut: null };
  if (run.status === "running" || run.status === "queued")
    return { card: id, waitsFor: nextOf(card), on: "a free slot", since, wayOut: null };
  return { card: id, waitsFor: nextOf(card), on: "a run", since, wayOut: goOn(run.id) };
}

function undecided(approval: Approval): Omit<CardWait, "card"> {
  const { id, tool, requestedAt: since } = approval;
  const waitsFor = `a decision on ${String(tool)} ${whatOf(approval)}`;
  return { waitsFor, on: "a person", since, wayOut: `decide with: orket approvals allow ${id}` };
}

const goOn = (run: string): string => `go on with: orket resume ${run}`;

const nextOf = ({ status, retryCount }: Card): string => {
  if (status === "code_review") return "review";
  if (status === "ready_for_testing") return "testing";
  return retryCount > 0 ? `attempt ${retryCount + 1}` : "work";
};

type HeldBack = Pick<Card, "id" | "status" | "waitDetail"> & { readonly waitReason: WaitReason };

function heldBack({
  id,
  status,
  waitReason,
  waitDetail,
}: HeldBack): Omit<CardWait, "card" | "since"> {
  const waitsFor = `${waitReason}${waitDetail === null ? "" : `: ${waitDetail}`}`;
  if (waitReason === "dependency") {
    const wayOut = "comes free when its dependency is done";
    return { waitsFor, on: "other cards", wayOut };
  }
  const wayOut =
    status === "waiting_for_developer"
      ? `answer with: orket cards comment ${id} "…" and orket cards move ${id} in_progress`
      : `release it with: orket cards move ${id} ready`;
  return { waitsFor, on: "a person", wayOut };
}
