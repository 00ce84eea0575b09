// What the cards of a build were like at a moment of the past, read out of the event log alone. The writers of these events
// take their facts from here, so that what is written and what is read cannot part.
import type { Card, CardStatus, WaitReason } from "./card.ts";
import { isCardStatus, isWaitReason, UNTOUCHED } from "./card.ts";
import type { CardMove } from "./card-moves.ts";
import type { Event, EventType } from "./events.ts";
import type { Json, JsonObject } from "./json.ts";
import { isJsonObject } from "./json.ts";
import type { Result } from "./result.ts";
import { ok, refuse } from "./result.ts";

/** The part of a card that changes while it is worked on; the rest is its definition. */
export type CardState = Pick<
  Card,
  "status" | "statusSince" | "waitReason" | "waitDetail" | keyof typeof UNTOUCHED
> & {
  /** Comments on it that no turn wrote. */
  readonly spoken: number;
};

type CreatedCard = Pick<
  Card,
  "summary" | "seat" | "parent" | "status" | "waitReason" | "waitDetail"
>;

/** The data of `card-created`. `state` is given for a card that begins in the middle of its life, in a fork. */
export const createdFacts = (card: CreatedCard, state?: CardState): JsonObject => ({
  summary: card.summary,
  seat: card.seat,
  parent: card.parent,
  status: card.status,
  ...(card.waitReason === null ? {} : { waitReason: card.waitReason }),
  ...(card.waitDetail === null ? {} : { waitDetail: card.waitDetail }),
  ...(state === undefined ? {} : { state }),
});

/** The data of `card-moved`: all that the move writes. */
export const movedFacts = (move: CardMove): JsonObject => ({
  from: move.from,
  to: move.to,
  cause: move.cause,
  ...(move.waitReason === null ? {} : { waitReason: move.waitReason }),
  ...(move.waitDetail === null ? {} : { waitDetail: move.waitDetail }),
  ...(move.verified === undefined ? {} : { verified: move.verified }),
  ...(move.cycle === undefined ? {} : { cycle: move.cycle }),
  ...(move.retryCount === undefined ? {} : { retryCount: move.retryCount }),
});

const ERROR_CHARACTERS_MAX = 1000;

/** The reason of a failed turn as its card keeps it. */
export const lastErrorOf = (reason: string): string => reason.slice(0, ERROR_CHARACTERS_MAX);

/**
 * By card id, in the order of creation: the cards of one build after these events of it, oldest first. What a turn did counts only when `counts` says so: a
 * fork knows nothing of a turn that was still open at its moment. A card that an open turn created stays when something
 * else that counts has to do with it.
 */
export function cardsAfter(
  events: readonly Event[],
  counts: (turn: string) => boolean,
): Result<ReadonlyMap<string, CardState>> {
  const isCounted = (event: Event): boolean => event.turn === undefined || counts(event.turn);
  const concerned = new Set(events.filter(isCounted).map((event) => event.card));
  const cards = new Map<string, CardState>();
  for (const event of events) {
    const { card: id, type } = event;
    if (id === undefined) continue;
    if (type === "card-created") {
      if (!concerned.has(id)) continue;
      const state = created(event);
      if (state === null) return tooOld(event.seq, id);
      cards.set(id, state);
      continue;
    }
    const card = cards.get(id);
    const apply = isCounted(event) ? APPLY[type] : undefined;
    if (card !== undefined && apply !== undefined) cards.set(id, apply(card, event));
  }
  return ok(cards);
}

const tooOld = (seq: number, card: string): Result<never> =>
  refuse(
    "HISTORY_INCOMPLETE",
    `Event ${seq} does not say what ${card} began as: an older version wrote it. Fork a run that this version started.`,
    { seq },
  );

function created({ at, data }: Event): CardState | null {
  const { state, status } = data;
  // Written by `createdFacts` and held by the log's chain: its shape is the one it was given.
  if (isJsonObject(state)) return state as unknown as CardState;
  return isCardStatus(status)
    ? { ...UNTOUCHED, spoken: 0, status, statusSince: at, ...waitOf(data) }
    : null;
}

const waitOf = (
  data: JsonObject,
): { readonly waitReason: WaitReason | null; readonly waitDetail: string | null } => ({
  waitReason: isWaitReason(data["waitReason"]) ? data["waitReason"] : null,
  waitDetail: textOf(data["waitDetail"]),
});

const textOf = (value: Json | undefined): string | null =>
  typeof value === "string" ? value : null;

type Apply = (card: CardState, event: Event) => CardState;

function moved(card: CardState, { at, data }: Event): CardState {
  const status = data["to"] as CardStatus;
  const counters = Object.fromEntries(
    ["verified", "cycle", "retryCount"]
      .filter((name) => data[name] !== undefined)
      .map((name) => [name, data[name]]),
  ) as Partial<CardState>;
  const startsAgain = status === "done" || data["cause"] === "restart";
  return {
    ...card,
    ...counters,
    ...waitOf(data),
    status,
    statusSince: at,
    authorSeats: startsAgain ? [] : card.authorSeats,
  };
}

const failed: Apply = (card, { data }) => ({
  ...card,
  retryCount: data["retryCount"] as number,
  lastError: lastErrorOf(data["reason"] as string),
});

/** A turn that was committed pays off the card's failures. */
const committed: Apply = (card, { data }) => ({
  ...card,
  resolution: textOf(data["resolution"]) ?? card.resolution,
  ...(card.retryCount > 0 ? { retryCount: 0, lastError: null } : {}),
});

/** Whose turn changed a file for the card is an author of it. */
function wrote(card: CardState, { data, actor }: Event): CardState {
  const seat = actor.slice(actor.indexOf(":") + 1);
  const isNew = data["path"] !== undefined && !card.authorSeats.includes(seat);
  return isNew ? { ...card, authorSeats: [...card.authorSeats, seat] } : card;
}

const APPLY: Readonly<Partial<Record<EventType, Apply>>> = {
  "card-moved": moved,
  "card-commented": (card, { turn }) =>
    turn === undefined ? { ...card, spoken: card.spoken + 1 } : card,
  "card-orphaned": (card) => ({ ...card, orphaned: true }),
  "card-redefined": (card) => ({ ...card, orphaned: false }),
  "card-retried": failed,
  "card-retries-exhausted": failed,
  "credits-reported": (card, { data }) => ({
    ...card,
    credits: card.credits + (data["amount"] as number),
  }),
  "review-rejected": (card, { data }) => ({ ...card, cycle: data["cycle"] as number }),
  "tool-finished": wrote,
  "turn-finished": committed,
};
