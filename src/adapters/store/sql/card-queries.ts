// How cards are looked up, one by one and in lists; nothing here writes.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Card } from "../../../domain/card.ts";
import type { CardFilter, CardKey, CardStore } from "../../../ports/store.ts";
import { CARD_COLUMNS, cardKey, readBrief, readCard } from "./card-rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";
import { lastVerificationStatement, readVerification } from "./verifications.ts";

/** Ids that one query names; a longer list is asked for in parts. */
const IDS_PER_QUERY = 500;

type CardReadStatements = ReturnType<typeof cardReadStatements>;

export const cardReadStatements = (db: Kysely<Schema>) => ({
  get: prepare<"build" | "key">((value) =>
    db
      .selectFrom("cards")
      .select(CARD_COLUMNS)
      .where("build", "=", value("build"))
      .where("id_key", "=", value("key")),
  ),
  find: prepare<"key">((value) =>
    db
      .selectFrom("cards")
      .select(CARD_COLUMNS)
      .where("id_key", "=", value("key"))
      .orderBy(
        sql`coalesce((select max(number) from run_builds where run_builds.build = cards.build), 0)`,
        "desc",
      )
      .orderBy("number", "desc")
      .limit(1),
  ),
  changedSince: prepare<"build" | "seq">((value) =>
    db
      .selectFrom("cards")
      .select(CARD_COLUMNS)
      .where("build", "=", value("build"))
      .where("changed_seq", ">", value("seq"))
      .orderBy("changed_seq"),
  ),
  brief: prepare<"build" | "key">((value) =>
    db
      .selectFrom("card_briefs")
      .select(["build", "id_key", "brief"])
      .where("build", "=", value("build"))
      .where("id_key", "=", value("key")),
  ),
  lastVerification: lastVerificationStatement(db),
});

type CardReadDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: CardReadStatements;
};

type CardReads = Pick<
  CardStore,
  "get" | "find" | "list" | "page" | "changedSince" | "brief" | "lastVerification"
>;

export const openCardReads = ({ db, session, statements }: CardReadDeps): CardReads => ({
  get: async (build, id) => {
    const row = await session.row(statements.get, { build, key: cardKey(id) });
    return row === null ? null : readCard(row);
  },
  find: async (id) => {
    const row = await session.row(statements.find, { key: cardKey(id) });
    return row === null ? null : readCard(row);
  },
  list: async (filter) => listCards(db, session, filter),
  page: async (filter, after) => (await session.select(pageQuery(db, filter, after))).map(readCard),
  changedSince: async (build, seq) =>
    (await session.rows(statements.changedSince, { build, seq })).map(readCard),
  brief: async (build, id) => {
    const row = await session.row(statements.brief, { build, key: cardKey(id) });
    return row === null ? null : readBrief(row);
  },
  lastVerification: async (build, id) => {
    const row = await session.row(statements.lastVerification, { build, key: cardKey(id) });
    return row === null ? null : readVerification(row);
  },
});

/** By creation, then by place in the file. */
async function listCards(
  db: Kysely<Schema>,
  session: Session,
  filter: CardFilter,
): Promise<readonly Card[]> {
  const limit = rowLimit(filter.limit);
  const ids = filter.ids === undefined ? undefined : [...new Set(filter.ids.map(cardKey))];
  if (ids === undefined || ids.length <= IDS_PER_QUERY) {
    return (await session.select(listQuery(db, { ...filter, limit }, ids))).map(readCard);
  }
  const cards: Card[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    const part = ids.slice(start, start + IDS_PER_QUERY);
    cards.push(...(await session.select(listQuery(db, { ...filter, limit }, part))).map(readCard));
  }
  return cards.sort(byCreation).slice(0, limit);
}

const byCreation = (left: Card, right: Card): number =>
  compare(left.createdAt, right.createdAt) ||
  left.position - right.position ||
  compare(left.id, right.id);

const compare = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

function listQuery(
  db: Kysely<Schema>,
  filter: CardFilter & { readonly limit: number },
  ids: readonly string[] | undefined,
) {
  const query = filteredQuery(db, filter);
  const chosen = ids === undefined ? query : query.where("id_key", "in", ids);
  return chosen.orderBy("created_at").orderBy("position").orderBy("id");
}

function filteredQuery(db: Kysely<Schema>, filter: CardFilter & { readonly limit: number }) {
  let query = db.selectFrom("cards").select(CARD_COLUMNS).limit(filter.limit);
  if (filter.build !== undefined) query = query.where("build", "=", filter.build);
  if (filter.statuses !== undefined) query = query.where("status", "in", filter.statuses);
  if (filter.epic !== undefined) query = query.where("epic", "=", filter.epic);
  if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind);
  return query;
}

/** By the row's own number, which a page deep in a long list finds as fast as the first. */
function pageQuery(
  db: Kysely<Schema>,
  filter: CardFilter & { readonly limit: number },
  after: CardKey | null,
) {
  const query = filteredQuery(db, { ...filter, limit: rowLimit(filter.limit) }).orderBy("number");
  if (after === null) return query;
  const last = db
    .selectFrom("cards")
    .select("number")
    .where("build", "=", after.build)
    .where("id_key", "=", cardKey(after.id));
  return query.where("number", ">", last);
}
