// The event log: an append-only hash chain. What an event is follows from the one before it and from its own content, so
// a row that is changed, removed or moved no longer fits. The row `event_head` says where the log ends.
import { hash as digest } from "node:crypto";
import type { Kysely } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import type { Event, EventType, NewEvent } from "../../../domain/events.ts";
import { EVENT_TYPES } from "../../../domain/events.ts";
import type { JsonObject } from "../../../domain/json.ts";
import { canonicalJson } from "../../../domain/json.ts";
import type { Redactor } from "../../../domain/redact.ts";
import type { EventFilter, EventLog } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, jsonObject, moment, oneOf, table, text, textOrNull } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import type { Value } from "./statement.ts";
import { family, prepare } from "./statement.ts";

const EVENTS = table("events", "seq");
const HEAD = table("event_head", "id");

/** Events written by one statement; more are written by several. */
const BATCH_MAX = 16;
/** Data beyond this is replaced by its size and digest: an event holds facts, not contents. */
const DATA_CHARACTERS_MAX = 262_144;

export type Head = { readonly seq: number; readonly hash: string };

/**
 * The end of the log within one transaction; read once, then kept. What is appended gets its place and its hash at once
 * and is written when the transaction ends, all of it together.
 */
export type LogEnd = {
  readonly read: () => Promise<Head>;
  readonly append: (rows: readonly EventRow[], to: Head) => void;
  /** Writes what was appended; before the commit, and before any event is read. */
  readonly flush: () => Promise<void>;
};

type EventRow = Readonly<Record<Column, Value>>;

export type EventStatements = ReturnType<typeof eventStatements>;

const COLUMNS = [
  "seq",
  "at",
  "type",
  "run",
  "build",
  "card",
  "turn",
  "actor",
  "data",
  "prev_hash",
  "hash",
] as const;
type Column = (typeof COLUMNS)[number];

export const eventStatements = (db: Kysely<Schema>) => ({
  head: prepare(() =>
    db.selectFrom("event_head").select(["id", "seq", "hash"]).where("id", "=", 1),
  ),
  advance: prepare<"from" | "seq" | "hash">((value) =>
    db
      .updateTable("event_head")
      .set({ seq: value("seq"), hash: value("hash") })
      .where("id", "=", 1)
      .where("seq", "=", value("from")),
  ),
  insert: family<number, `${Column}${number}`>((count, value) =>
    db.insertInto("events").values(
      Array.from({ length: count }, (_, index) => {
        const row = Object.fromEntries(
          COLUMNS.map((column) => [column, value(`${column}${index}`)]),
        );
        return row as Record<Column, never>;
      }),
    ),
  ),
});

export function openLogEnd(session: Session, statements: EventStatements): LogEnd {
  let stored: Head | null = null;
  let known: Head | null = null;
  let pending: EventRow[] = [];
  return {
    read: async () => {
      if (known !== null) return known;
      const row = await session.row(statements.head, {});
      if (row === null)
        throw new EngineError(
          "STORE_CORRUPT",
          "The end of the event log is not recorded (table event_head).",
        );
      const cells = cellsOf(HEAD, row);
      known = { seq: integer(cells, "seq"), hash: text(cells, "hash") };
      stored = known;
      return known;
    },
    append: (rows, to) => {
      pending.push(...rows);
      known = to;
    },
    flush: async () => {
      if (known === null || pending.length === 0) return;
      const rows = pending;
      pending = [];
      for (let start = 0; start < rows.length; start += BATCH_MAX) {
        const batch = rows.slice(start, start + BATCH_MAX);
        await session.change(statements.insert(batch.length), numbered(batch));
      }
      const from = stored?.seq ?? 0;
      const changed = await session.change(statements.advance, { ...known, from });
      if (changed !== 1)
        throw new EngineError("INTERNAL", "The event log moved on inside a transaction.");
      stored = known;
    },
  };
}

type Place = { readonly column: Column; readonly name: `${Column}${number}` };

/** The name of each column of each row of a statement, made once. */
const PLACES: readonly (readonly Place[])[] = Array.from({ length: BATCH_MAX }, (_, index) =>
  COLUMNS.map((column): Place => ({ column, name: `${column}${index}` })),
);

/** The values of several rows under the names one statement has for them. */
function numbered(rows: readonly EventRow[]): Readonly<Record<string, Value>> {
  const values: Record<string, Value> = {};
  for (const [index, row] of rows.entries()) {
    for (const { column, name } of PLACES[index] ?? []) values[name] = row[column];
  }
  return values;
}

export type EventDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly end: LogEnd;
  readonly redact: Redactor;
};

export const openEvents = ({ db, session, end, redact }: EventDeps): EventLog => ({
  append: async (events) => {
    if (events.length === 0) return [];
    let head = await end.read();
    const at = session.now();
    const appended: Event[] = [];
    const rows: EventRow[] = [];
    for (const event of events) {
      const { stored, dataText } = chain(event, { head, at, redact });
      head = { seq: stored.seq, hash: stored.hash };
      appended.push(stored);
      rows.push(rowOf(stored, dataText));
    }
    end.append(rows, head);
    return appended;
  },
  list: async (filter) => {
    await end.flush();
    const rows = await session.select(listQuery(db, filter));
    const events = rows.map(readEvent);
    return fromEnd(filter) ? events.reverse() : events;
  },
  lastSeq: async () => (await end.read()).seq,
});

type Link = { readonly head: Head; readonly at: string; readonly redact: Redactor };

/** The event with its place in the chain, and its data as the text that is hashed and stored. */
function chain(
  event: NewEvent,
  { head, at, redact }: Link,
): { readonly stored: Event; readonly dataText: string } {
  const { data, dataText } = boundedData(redact.data(event.data));
  const stored = {
    seq: head.seq + 1,
    at,
    type: event.type,
    ...(event.run === undefined ? {} : { run: wellFormed(event.run) }),
    ...(event.build === undefined ? {} : { build: wellFormed(event.build) }),
    ...(event.card === undefined ? {} : { card: wellFormed(event.card) }),
    ...(event.turn === undefined ? {} : { turn: wellFormed(event.turn) }),
    actor: wellFormed(event.actor),
    data,
    prevHash: head.hash,
  };
  return { stored: { ...stored, hash: eventHash(head.hash, stored, dataText) }, dataText };
}

function boundedData(data: JsonObject): { readonly data: JsonObject; readonly dataText: string } {
  const dataText = canonicalJson(data);
  if (dataText.length <= DATA_CHARACTERS_MAX) return { data, dataText };
  const cut = { tooLarge: true, characters: dataText.length, sha256: digest("sha256", dataText) };
  return { data: cut, dataText: canonicalJson(cut) };
}

// Half a surrogate pair cannot be stored as UTF-8; it would come back as another character and break the chain.
const wellFormed = (value: string): string => (value.isWellFormed() ? value : value.toWellFormed());

type Hashed = {
  readonly seq: unknown;
  readonly at: unknown;
  readonly type: unknown;
  readonly run?: unknown;
  readonly build?: unknown;
  readonly card?: unknown;
  readonly turn?: unknown;
  readonly actor: unknown;
};

const member = (name: string, value: unknown): string =>
  value === undefined || value === null ? "" : `"${name}":${JSON.stringify(value)},`;

/**
 * SHA-256 over `prevHash` and the canonical JSON of the rest. The text is put together here, keys in order, because the
 * data is canonical already; a test holds it to `canonicalJson`.
 */
function eventHash(prevHash: string, event: Hashed, dataText: string): string {
  const rest =
    `{${member("actor", event.actor)}${member("at", event.at)}${member("build", event.build)}${member("card", event.card)}` +
    `"data":${dataText},${member("run", event.run)}${member("seq", event.seq)}${member("turn", event.turn)}` +
    `"type":${JSON.stringify(event.type)}}`;
  return digest("sha256", prevHash + rest);
}

const rowOf = (stored: Event, dataText: string): EventRow => ({
  seq: stored.seq,
  at: stored.at,
  type: stored.type,
  run: stored.run ?? null,
  build: stored.build ?? null,
  card: stored.card ?? null,
  turn: stored.turn ?? null,
  actor: stored.actor,
  data: dataText,
  prev_hash: stored.prevHash,
  hash: stored.hash,
});

/** With only an upper bound the newest below it are meant; otherwise the oldest after the lower one. */
const fromEnd = ({ after, before }: EventFilter): boolean =>
  before !== undefined && after === undefined;

function listQuery(db: Kysely<Schema>, filter: EventFilter) {
  let query = db.selectFrom("events").select(COLUMNS).limit(rowLimit(filter.limit));
  if (filter.after !== undefined) query = query.where("seq", ">", filter.after);
  if (filter.before !== undefined) query = query.where("seq", "<", filter.before);
  if (filter.run !== undefined) query = query.where("run", "=", filter.run);
  if (filter.build !== undefined) query = query.where("build", "=", filter.build);
  if (filter.card !== undefined) query = query.where("card", "=", filter.card);
  if (filter.types !== undefined) query = query.where("type", "in", filter.types as EventType[]);
  return query.orderBy("seq", fromEnd(filter) ? "desc" : "asc");
}

function readEvent(row: Row): Event {
  const cells = cellsOf(EVENTS, row);
  const run = textOrNull(cells, "run");
  const build = textOrNull(cells, "build");
  const card = textOrNull(cells, "card");
  const turn = textOrNull(cells, "turn");
  return {
    seq: integer(cells, "seq"),
    at: moment(cells, "at"),
    type: oneOf(cells, "type", EVENT_TYPES),
    ...(run === null ? {} : { run }),
    ...(build === null ? {} : { build }),
    ...(card === null ? {} : { card }),
    ...(turn === null ? {} : { turn }),
    actor: text(cells, "actor"),
    data: jsonObject(cells, "data"),
    prevHash: text(cells, "prev_hash"),
    hash: text(cells, "hash"),
  };
}

/** The hash a stored row should have, over whatever it holds; it is never trusted to be readable. */
export const rowHash = (row: Row): string =>
  eventHash(
    String(row["prev_hash"]),
    {
      seq: row["seq"],
      at: row["at"],
      type: row["type"],
      run: row["run"],
      build: row["build"],
      card: row["card"],
      turn: row["turn"],
      actor: row["actor"],
    },
    String(row["data"]),
  );

export const chainColumns = COLUMNS;
