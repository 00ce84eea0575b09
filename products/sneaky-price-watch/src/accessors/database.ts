// The database file, its schema, and how a statement is run. What it is asked is said in storage.ts.
import { closeSync, existsSync, openSync } from "node:fs";
import type { SQLOutputValue } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE watches (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, request TEXT NOT NULL, added_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
    baseline_milli INTEGER, baseline_currency TEXT, alerted_milli INTEGER
  ) STRICT;
  CREATE TABLE polls (
    seq INTEGER PRIMARY KEY, watch_id TEXT NOT NULL REFERENCES watches (id) ON DELETE CASCADE, at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('price', 'refused', 'failed')),
    amount_milli INTEGER, currency TEXT, reason TEXT, detail TEXT,
    CHECK ((outcome = 'price') = (amount_milli IS NOT NULL)), CHECK ((outcome = 'price') = (reason IS NULL))
  ) STRICT;
  CREATE INDEX polls_by_watch ON polls (watch_id, seq);
  CREATE TABLE alerts (
    id TEXT PRIMARY KEY, watch_id TEXT NOT NULL REFERENCES watches (id) ON DELETE CASCADE, at INTEGER NOT NULL,
    from_milli INTEGER NOT NULL, to_milli INTEGER NOT NULL, currency TEXT,
    delivered_at INTEGER, tries INTEGER NOT NULL DEFAULT 0, next_try_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX alerts_by_watch ON alerts (watch_id, at);
  CREATE TABLE hosts (
    host TEXT PRIMARY KEY, free_at INTEGER NOT NULL DEFAULT 0, rests_until INTEGER NOT NULL DEFAULT 0,
    refusals INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};`;
const BUSY_WAIT_MS = 5000;

export type Database = {
  readonly all: (sql: string, values?: Values) => readonly Row[];
  /** True when a row was changed. */
  readonly run: (sql: string, values?: Values) => boolean;
  /** All or nothing; the lock is taken at once, so that what is read in it stays true until it ends. */
  readonly transaction: <T>(work: () => T) => T;
  readonly close: () => void;
};

type Values = readonly (string | number | null)[];
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** `path` null keeps everything in memory. */
export function openDatabase(path: string | null): Database {
  // What somebody watches is nobody else's business: the file is made readable by its owner alone, before SQLite sees it.
  if (path !== null && !existsSync(path)) closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path ?? ":memory:", { timeout: BUSY_WAIT_MS });
  db.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;");
  transaction(db, () => {
    const version = number(db.prepare("PRAGMA user_version").get() ?? {}, "user_version");
    if (version === 0) db.exec(SCHEMA);
    else if (version !== SCHEMA_VERSION)
      throw new Error(
        `${path}: the database is of version ${version}, this program knows ${SCHEMA_VERSION}.`,
      );
  });
  return {
    all: (sql, values = []) => db.prepare(sql).all(...values),
    run: (sql, values = []) => db.prepare(sql).run(...values).changes > 0,
    transaction: (work) => transaction(db, work),
    close: () => db.close(),
  };
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/** A column is checked, not believed. */
export const number = (row: Row, key: string): number => z.number().parse(row[key]);
export const text = (row: Row, key: string): string => z.string().parse(row[key]);
export const numberOrNull = (row: Row, key: string): number | null =>
  z.number().nullable().parse(row[key]);
export const textOrNull = (row: Row, key: string): string | null =>
  z.string().nullable().parse(row[key]);
