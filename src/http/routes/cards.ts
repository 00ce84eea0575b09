// Stored cards: list them, look at one and its history, move it, comment on it.
import { z } from "zod";
import { archiveCards, commentOnCard, moveCardByRules } from "../../app/edit-cards.ts";
import { cardHistory, listCards, showCard } from "../../app/read-cards.ts";
import type { CardView } from "../../app/read-cards.ts";
import type { Card } from "../../domain/card.ts";
import { CARD_KINDS, CARD_STATUSES } from "../../domain/card.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import { cardPage, cardViewSchema, eventPage } from "../api.ts";
import { archivedSchema } from "../api-project.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer, given, idParams, pageLimit, toEvent, wordsOf } from "../translate.ts";

type Parts = Pick<Api, "engine">;

/** Which build's card is meant; left out, that of the build with the newest run. */
const build = z.string().min(1).max(300).optional();

/** `<build>:<id>`; neither has a colon. */
const cursor = z
  .string()
  .regex(/^[^:]+:[^:]+$/, { error: "a cursor as an answer gave it" })
  .transform((text) => {
    const [ofBuild = "", id = ""] = text.split(":");
    return { build: ofBuild, id };
  });

export const cardRoutes = (api: Parts): readonly Route[] => [
  listRoute(api),
  route({
    method: "GET",
    path: "/v1/cards/:id",
    about: "One card with what it is about and its comments",
    auth: "read",
    errors: ["CARD_UNKNOWN"],
    params: idParams,
    query: z.strictObject({ build }),
    answer: cardViewSchema,
    handle: async ({ params: { id }, query }) =>
      showCard(api.engine, { card: id, build: query.build ?? null }),
  }),
  historyRoute(api),
  moveRoute(api),
  archiveRoute(api),
  route({
    method: "POST",
    path: "/v1/cards/:id/comments",
    about: "Writes a comment that the next turn sees",
    auth: "operate",
    errors: ["CARD_UNKNOWN", "USAGE", "BODY_TOO_LARGE"],
    params: idParams,
    body: z.strictObject({ text: z.string(), build }),
    answer: cardViewSchema,
    handle: async ({ params: { id }, body, caller }) => {
      const request = { card: id, build: body.build ?? null, text: body.text, person: caller.id };
      return shown(api, commentOnCard(api.engine, request));
    },
  }),
];

const listRoute = ({ engine }: Parts): Route =>
  route({
    method: "GET",
    path: "/v1/cards",
    about: "The stored cards, in parts, in the order they were stored",
    auth: "read",
    errors: [],
    query: z.strictObject({
      limit: pageLimit,
      cursor: cursor.optional(),
      build,
      status: wordsOf(CARD_STATUSES).optional(),
      kind: z.enum(CARD_KINDS).optional(),
      epic: z.string().optional(),
    }),
    answer: cardPage,
    handle: async ({ query: { limit, cursor: after = null, status: statuses, ...filter } }) => {
      const asked = { limit, after, ...given({ ...filter, statuses }) };
      const { next, ...page } = await listCards(engine, asked);
      return ok({ ...page, next: next === null ? null : `${next.build}:${next.id}` });
    },
  });

const historyRoute = ({ engine }: Parts): Route =>
  route({
    method: "GET",
    path: "/v1/cards/:id/history",
    about: "What happened to a card, oldest first, in parts",
    auth: "read",
    errors: ["CARD_UNKNOWN"],
    params: idParams,
    query: z.strictObject({
      build,
      limit: pageLimit,
      after: z.coerce.number().int().min(0).default(0),
    }),
    answer: eventPage,
    handle: async ({ params: { id }, query }) =>
      answer(
        cardHistory(engine, { card: id, ...query, build: query.build ?? null }),
        ({ events, ...page }) => ({ ...page, events: events.map(toEvent) }),
      ),
  });

const moveRoute = (api: Parts): Route =>
  route({
    method: "POST",
    path: "/v1/cards/:id/move",
    about: "Moves a card, as far as the rules allow",
    auth: "operate",
    errors: [
      "CARD_UNKNOWN",
      "CARD_CHANGED",
      "CARD_MOVE_REFUSED",
      "STATUS_INVALID",
      "WAIT_REASON_REQUIRED",
      "PERMISSION_DENIED",
      "VERIFICATION_FAILED",
      "VERIFICATION_REQUIRED",
      "BODY_TOO_LARGE",
    ],
    params: idParams,
    body: z.strictObject({
      to: z.string(),
      build,
      waitReason: z.string().optional(),
      detail: z.string().max(16_384).optional(),
    }),
    answer: cardViewSchema,
    handle: async ({ params: { id }, body, caller }) =>
      shown(
        api,
        moveCardByRules(api.engine, {
          card: id,
          build: body.build ?? null,
          to: body.to,
          waitReason: body.waitReason ?? null,
          detail: body.detail ?? null,
          person: caller.id,
        }),
      ),
  });

/** What was done, as it is stored now. */
async function shown({ engine }: Parts, done: Promise<Result<Card>>): Promise<Result<CardView>> {
  const card = await done;
  if (!card.ok) return card;
  return showCard(engine, { card: card.value.id, build: card.value.build });
}

const WORDS_MAX = 1000;
const words = z.array(z.string().min(1).max(300)).max(WORDS_MAX).nullish();

const archiveRoute = ({ engine }: Parts): Route =>
  route({
    method: "POST",
    path: "/v1/cards/archive",
    about: "Archives cards by id, by build or by words in them; each counts once",
    auth: "operate",
    errors: ["ARCHIVE_SELECTOR_MISSING", "BODY_TOO_LARGE"],
    body: z.strictObject({
      card_ids: words,
      build_id: z.string().min(1).max(300).nullish(),
      related_tokens: words,
      reason: z.string().max(4096).nullish(),
      archived_by: z.string().max(200).nullish(),
    }),
    answer: archivedSchema,
    handle: async ({ body, caller }) => {
      const asked = {
        cardIds: body.card_ids ?? [],
        build: body.build_id ?? null,
        relatedTokens: body.related_tokens ?? [],
        reason: body.reason ?? null,
        // Whoever holds the key did it, whatever name the body has.
        person: caller.id,
      };
      return answer(archiveCards(engine, asked), ({ archivedIds, missingIds }) => ({
        ok: true as const,
        archived_count: archivedIds.length,
        archived_ids: archivedIds,
        missing_ids: missingIds,
      }));
    },
  });
