// Where work piles up: cards that stand still too long and seats with too much at once. Over a limit means over it, not at
// it; what an alert looks like is the board's business.
import type { BottleneckThresholds } from "./assets.ts";
import type { Card, CardStatus } from "./card.ts";

export type FlowCard = Pick<Card, "id" | "seat"> & {
  readonly build: string | null;
  readonly status: CardStatus;
  /** A seat is one of its team: two teams may both have a coder. */
  readonly team: string;
  /** Since when it has its status; null while no run has stored it. */
  readonly since: string | null;
};

export type Bottleneck =
  | {
      readonly kind: "blocked" | "review";
      readonly card: string;
      readonly build: string | null;
      /** Hours. */
      readonly value: number;
      readonly limit: number;
    }
  | {
      readonly kind: "wip" | "queue";
      readonly seat: string;
      readonly team: string;
      /** Cards. */
      readonly value: number;
      readonly limit: number;
    };

const HOUR_MS = 60 * 60_000;

export function findBottlenecks(
  cards: readonly FlowCard[],
  thresholds: BottleneckThresholds,
  nowMs: number,
): readonly Bottleneck[] {
  const { blockedDurationHours, reviewDurationHours, wipLimitPerSeat, queueDepthPerSeat } =
    thresholds;
  return [
    ...standing(cards, { kind: "blocked", status: "blocked", limit: blockedDurationHours }, nowMs),
    ...standing(
      cards,
      { kind: "review", status: "code_review", limit: reviewDurationHours },
      nowMs,
    ),
    ...piled(cards, { kind: "wip", status: "in_progress", limit: wipLimitPerSeat }),
    ...piled(cards, { kind: "queue", status: "ready", limit: queueDepthPerSeat }),
  ];
}

type Rule<Kind> = { readonly kind: Kind; readonly status: CardStatus; readonly limit: number };

const standing = (
  cards: readonly FlowCard[],
  { kind, status, limit }: Rule<"blocked" | "review">,
  nowMs: number,
): readonly Bottleneck[] =>
  cards.flatMap(({ id, build, since, ...card }) => {
    if (card.status !== status || since === null) return [];
    const value = (nowMs - Date.parse(since)) / HOUR_MS;
    return value > limit ? [{ kind, card: id, build, value, limit }] : [];
  });

function piled(
  cards: readonly FlowCard[],
  { kind, status, limit }: Rule<"wip" | "queue">,
): readonly Bottleneck[] {
  const seats = new Map<string, { seat: string; team: string; value: number }>();
  for (const { seat, team, ...card } of cards) {
    if (card.status !== status || seat === null) continue;
    const key = JSON.stringify([team, seat]);
    const known = seats.get(key) ?? { seat, team, value: 0 };
    seats.set(key, { ...known, value: known.value + 1 });
  }
  return [...seats.values()]
    .filter(({ value }) => value > limit)
    .map((one) => ({ kind, ...one, limit }));
}
