// Cards as the command line and the API show them: in parts, one with all that belongs to it, and its history in parts.
import type { Card, CardBrief, CardKind, CardStatus } from "../domain/card.ts";
import type { Event } from "../domain/events.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { VerificationRun } from "../domain/verdict.ts";
import type { CardKey, Comment } from "../ports/store.ts";
import type { CardName } from "./edit-cards.ts";
import { findCard } from "./edit-cards.ts";
import type { Engine } from "./engine.ts";

type ReadDeps = Pick<Engine, "store">;

export type CardQuery = {
  readonly limit: number;
  readonly build?: string;
  readonly statuses?: readonly CardStatus[];
  readonly kind?: CardKind;
  readonly epic?: string;
  /** The card that the part before ended with. */
  readonly after: CardKey | null;
};

export type CardPage = {
  readonly cards: readonly Card[];
  /** What `after` is for the next part; null when this is the last. */
  readonly next: CardKey | null;
  readonly asOfSeq: number;
};

export const listCards = async (
  { store }: ReadDeps,
  { after, limit, ...filter }: CardQuery,
): Promise<CardPage> =>
  store.read(async ({ cards, events }) => {
    // One more tells whether there are more.
    const found = await cards.page({ ...filter, limit: limit + 1 }, after);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    const next = last === undefined ? null : { build: last.build, id: last.id };
    return { cards: page, next, asOfSeq: await events.lastSeq() };
  });

export type CardView = {
  readonly card: Card;
  readonly brief: CardBrief | null;
  /** Oldest first, the newest of them. */
  readonly comments: readonly Comment[];
  /** Its last one; null when there was none. */
  readonly verification: VerificationRun | null;
  readonly asOfSeq: number;
};

const COMMENTS_MAX = 200;

export const showCard = async ({ store }: ReadDeps, name: CardName): Promise<Result<CardView>> =>
  store.read(async (transaction): Promise<Result<CardView>> => {
    const found = await findCard(transaction, name);
    if (!found.ok) return found;
    const card = found.value;
    return ok({
      card,
      brief: await transaction.cards.brief(card.build, card.id),
      comments: await transaction.comments.list(card.build, card.id, COMMENTS_MAX),
      verification: await transaction.cards.lastVerification(card.build, card.id),
      asOfSeq: await transaction.events.lastSeq(),
    });
  });

export type HistoryQuery = CardName & { readonly after: number; readonly limit: number };

export type HistoryPage = {
  readonly events: readonly Event[];
  /** What `after` is for the next part; null when this is the last. */
  readonly next: number | null;
  readonly asOfSeq: number;
};

/** What happened to the card, oldest first. */
export const cardHistory = async (
  { store }: ReadDeps,
  { after, limit, ...name }: HistoryQuery,
): Promise<Result<HistoryPage>> =>
  store.read(async (transaction): Promise<Result<HistoryPage>> => {
    const card = await findCard(transaction, name);
    if (!card.ok) return card;
    const { build, id } = card.value;
    const filter = { build, card: id, after, limit: limit + 1 };
    const found = await transaction.events.list(filter);
    const events = found.slice(0, limit);
    const next = found.length > limit ? (events.at(-1)?.seq ?? null) : null;
    return ok({ events, next, asOfSeq: await transaction.events.lastSeq() });
  });
