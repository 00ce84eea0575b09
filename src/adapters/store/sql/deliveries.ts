// Deliveries of the forge: stored once, taken in the order of their lanes, settled by whoever took them last.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Delivery } from "../../../domain/delivery.ts";
import { DELIVERY_SOURCES, DELIVERY_STATES, laneOf } from "../../../domain/delivery.ts";
import type { Json } from "../../../domain/json.ts";
import type { Redactor } from "../../../domain/redact.ts";
import type { DeliveryClaim, DeliveryStore, NewDelivery } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, momentOrNull, moment, oneOf, table, text, textOrNull } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const DELIVERIES = table("deliveries", "number");

const COLUMNS = [
  "number",
  "id",
  "event",
  "action",
  "repository",
  "repository_name",
  "pull_request",
  "sender",
  "sender_name",
  "source",
  "size_bytes",
  "body_digest",
  "received_at",
  "state",
  "attempts",
  "reason",
  "next_attempt_ms",
  "settled_at",
] as const;

type Column = Exclude<(typeof COLUMNS)[number], "number" | "attempts"> | "lane";

export const deliveryStatements = (db: Kysely<Schema>) => ({
  get: prepare<"id">((value) =>
    db.selectFrom("deliveries").select(COLUMNS).where("id", "=", value("id")),
  ),
  known: prepare<"id" | "event" | "body_digest">((value) =>
    db
      .selectFrom("deliveries")
      .select(COLUMNS)
      .where("id", "=", value("id"))
      .unionAll(
        db
          .selectFrom("deliveries")
          .select(COLUMNS)
          .where("event", "=", value("event"))
          .where("body_digest", "=", value("body_digest")),
      ),
  ),
  insert: prepare<Column>((value) =>
    db.insertInto("deliveries").values({
      id: value("id"),
      event: value("event"),
      action: value("action"),
      repository: value("repository"),
      repository_name: value("repository_name"),
      pull_request: value("pull_request"),
      sender: value("sender"),
      sender_name: value("sender_name"),
      lane: value("lane"),
      source: value("source"),
      size_bytes: value("size_bytes"),
      body_digest: value("body_digest"),
      received_at: value("received_at"),
      state: value("state"),
      attempts: 0,
      reason: value("reason"),
      next_attempt_ms: value("next_attempt_ms"),
      owner: null,
      lease_until_ms: null,
      settled_at: value("settled_at"),
    }),
  ),
  insertBody: prepare<"id" | "body">((value) =>
    db.insertInto("delivery_bodies").values({
      delivery: db.selectFrom("deliveries").select("number").where("id", "=", value("id")),
      body: value("body"),
    }),
  ),
  body: prepare<"id">((value) =>
    db
      .selectFrom("delivery_bodies")
      .innerJoin("deliveries", "deliveries.number", "delivery_bodies.delivery")
      .select(["deliveries.number", "delivery_bodies.body"])
      .where("deliveries.id", "=", value("id")),
  ),
  ...workStatements(db),
});

/** What taking and settling need. */
const workStatements = (db: Kysely<Schema>) => ({
  take: prepare<"number" | "owner" | "until">((value) =>
    db
      .updateTable("deliveries")
      .set((column) => ({
        state: "working",
        owner: value("owner"),
        lease_until_ms: value("until"),
        attempts: column("attempts", "+", 1),
      }))
      .where("number", "=", value("number")),
  ),
  renew: prepare<"id" | "attempts" | "until">((value) =>
    db
      .updateTable("deliveries")
      .set({ lease_until_ms: value("until") })
      .where("id", "=", value("id"))
      .where("state", "=", "working")
      .where("attempts", "=", value("attempts")),
  ),
  settle: prepare<"id" | "attempts" | "state" | "reason" | "next" | "settled_at">((value) =>
    db
      .updateTable("deliveries")
      .set({
        state: value("state"),
        reason: value("reason"),
        next_attempt_ms: value("next"),
        settled_at: value("settled_at"),
        owner: null,
        lease_until_ms: null,
      })
      .where("id", "=", value("id"))
      .where("state", "=", "working")
      .where("attempts", "=", value("attempts")),
  ),
  revive: prepare<"id" | "now">((value) =>
    db
      .updateTable("deliveries")
      .set({ state: "accepted", attempts: 0, next_attempt_ms: value("now"), settled_at: null })
      .where("id", "=", value("id"))
      .where("state", "=", "dead"),
  ),
});

export type DeliveryDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: ReturnType<typeof deliveryStatements>;
  readonly redact: Redactor;
};

export function openDeliveries(deps: DeliveryDeps): DeliveryStore {
  const { db, session, statements, redact } = deps;
  const one = async (id: string): Promise<Delivery | null> => {
    const row = await session.row(statements.get, { id });
    return row === null ? null : readDelivery(row);
  };
  return {
    add: async (delivery) => addDelivery(deps, delivery),
    get: one,
    body: async (id) => {
      const row = await session.row(statements.body, { id });
      return row === null ? null : text(cellsOf(DELIVERIES, row), "body");
    },
    list: async ({ states, limit }) => {
      let query = db.selectFrom("deliveries").select(COLUMNS).orderBy("number", "desc");
      if (states !== undefined) query = query.where("state", "in", states);
      return (await session.select(query.limit(rowLimit(limit)))).map(readDelivery);
    },
    owners: async () => {
      const query = db.selectFrom("deliveries").select(["owner"]).distinct();
      // What is accepted has no owner; it is named for the index of what is open.
      const working = query.where("state", "in", OPEN).where("owner", "is not", null);
      const rows = await session.select(working);
      return rows.map((row) => text(cellsOf(DELIVERIES, row), "owner"));
    },
    claim: async (claim) => {
      const [row] = await session.select(claimQuery(db, claim));
      if (row === undefined) return null;
      const { id, number } = readDelivery(row);
      const { owner, untilMs } = claim;
      await session.change(statements.take, { number, owner, until: untilMs });
      return one(id);
    },
    renew: async ({ id, attempts }, untilMs) =>
      (await session.change(statements.renew, { id, attempts, until: untilMs })) === 1,
    settle: async ({ id, attempts }, { state, reason, nextAttemptMs }) => {
      const values = {
        id,
        attempts,
        state,
        reason: reason === null ? null : redact.text(reason),
        next: nextAttemptMs,
        settled_at: state === "accepted" ? null : session.now(),
      };
      return (await session.change(statements.settle, values)) === 1;
    },
    revive: async (id, nowMs) =>
      (await session.change(statements.revive, { id, now: nowMs })) === 1,
  };
}

async function addDelivery(
  { session, statements, redact }: DeliveryDeps,
  delivery: NewDelivery,
): Promise<Delivery | null> {
  const { id, event, bodyDigest, repository, sender, pullRequest, state } = delivery;
  const known = await session.row(statements.known, { id, event, body_digest: bodyDigest });
  if (known !== null) return readDelivery(known);
  const now = session.now();
  await session.change(statements.insert, {
    id,
    event,
    action: delivery.action,
    repository: repository?.id ?? null,
    repository_name: repository?.fullName ?? null,
    pull_request: pullRequest,
    sender: sender?.id ?? null,
    sender_name: sender?.login ?? null,
    lane: laneOf(delivery),
    source: delivery.source,
    size_bytes: delivery.sizeBytes,
    body_digest: bodyDigest,
    received_at: now,
    state,
    reason: delivery.reason,
    next_attempt_ms: Date.parse(now),
    settled_at: state === "ignored" ? now : null,
  });
  await session.change(statements.insertBody, { id, body: withoutSecrets(delivery.body, redact) });
  return null;
}

/** The text as it came; only one that holds a secret is written anew, member by member. */
function withoutSecrets(body: string, redact: Redactor): string {
  if (redact.text(body) === body) return body;
  return JSON.stringify(redact.json(JSON.parse(body) as Json));
}

/** Literals, so that the database sees that its index of what is open fits. */
const OPEN = [sql.lit("accepted"), sql.lit("working")];

function claimQuery(db: Kysely<Schema>, { events, nowMs, goneOwners }: DeliveryClaim) {
  return db
    .selectFrom("deliveries as one")
    .select(COLUMNS.map((name) => `one.${name}` as const))
    .where("one.state", "in", OPEN)
    .where("one.event", "in", events)
    .where((where) =>
      where.or([
        where.and([where("one.state", "=", "accepted"), where("one.next_attempt_ms", "<=", nowMs)]),
        where.and([
          where("one.state", "=", "working"),
          where.or([
            where("one.lease_until_ms", "<=", nowMs),
            ...(goneOwners.length === 0 ? [] : [where("one.owner", "in", goneOwners)]),
          ]),
        ]),
      ]),
    )
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom("deliveries as earlier")
            .select("earlier.number")
            .whereRef("earlier.lane", "=", "one.lane")
            .whereRef("earlier.number", "<", "one.number")
            .where("earlier.state", "in", OPEN)
            .where("earlier.event", "in", events),
        ),
      ),
    )
    .orderBy("one.number")
    .limit(1);
}

function readDelivery(row: Row): Delivery {
  const cells = cellsOf(DELIVERIES, row);
  const count = (column: string): number | null =>
    row[column] === null ? null : integer(cells, column);
  const [repository, sender] = [count("repository"), count("sender")];
  return {
    number: integer(cells, "number"),
    id: text(cells, "id"),
    event: text(cells, "event"),
    action: textOrNull(cells, "action"),
    repository:
      repository === null ? null : { id: repository, fullName: text(cells, "repository_name") },
    pullRequest: count("pull_request"),
    sender: sender === null ? null : { id: sender, login: text(cells, "sender_name") },
    source: oneOf(cells, "source", DELIVERY_SOURCES),
    sizeBytes: integer(cells, "size_bytes"),
    bodyDigest: text(cells, "body_digest"),
    receivedAt: moment(cells, "received_at"),
    state: oneOf(cells, "state", DELIVERY_STATES),
    attempts: integer(cells, "attempts"),
    reason: textOrNull(cells, "reason"),
    nextAttemptMs: integer(cells, "next_attempt_ms"),
    settledAt: momentOrNull(cells, "settled_at"),
  };
}
