// The schema, brought up to date from numbered files: each in its own transaction together with its record, so that a
// half-applied one leaves no trace. A database that knows more migrations than this code is refused.
import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { DatabaseSync } from "node:sqlite";
import { EngineError } from "../../domain/errors.ts";

export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly digest: string;
};

// This folder is two levels below src/ in a checkout and below dist/ in the package; migrations/ lies beside both.
const FOLDER = new URL("../../../migrations/sqlite/", import.meta.url);
const FILE_NAME = /^(\d{4})_([a-z0-9-]+)\.sql$/;

/** Reads the migrations in their order; a gap or a stray file is a mistake in the package. */
export async function loadMigrations(folder: URL = FOLDER): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const version = Number(FILE_NAME.exec(name)?.[1]);
      if (version !== index + 1)
        throw new EngineError("INTERNAL", `Migration ${name} is out of order.`);
      const sql = (await readFile(new URL(name, folder), "utf8")).replaceAll("\r\n", "\n");
      return { version, name, sql, digest: hash("sha256", sql) };
    }),
  );
}

type Applied = { readonly version: number; readonly name: string; readonly digest: string };

const TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, applied_at TEXT NOT NULL
) STRICT`;

/** The migrations that are missing; refuses a database that is newer, was made otherwise, or is not one of ours. */
export function pendingMigrations(
  database: DatabaseSync,
  known: readonly Migration[],
): readonly Migration[] {
  const applied = appliedMigrations(database);
  const newest = applied.at(-1)?.version ?? 0;
  if (newest > known.length) {
    throw new EngineError(
      "STORE_NEWER",
      `The database has schema version ${newest}, this orket knows up to ${known.length}. Use the newer orket, or another project directory.`,
      { details: { database: newest, known: known.length } },
    );
  }
  for (const [index, record] of applied.entries()) {
    const migration = known[index];
    if (migration?.version === record.version && migration.digest === record.digest) continue;
    throw new EngineError(
      "STORE_CORRUPT",
      `The database was not made by this product's migration ${migration?.name ?? index + 1}.`,
      {
        details: { version: record.version, name: record.name },
      },
    );
  }
  return known.slice(applied.length);
}

function appliedMigrations(database: DatabaseSync): readonly Applied[] {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  if (!tables.some((row) => row["name"] === "schema_migrations")) {
    if (tables.length === 0) return [];
    throw new EngineError(
      "STORE_CORRUPT",
      "The database holds tables, but none of this product. Move the file away.",
    );
  }
  const rows = database
    .prepare("SELECT version, name, digest FROM schema_migrations ORDER BY version")
    .all();
  return rows.map((row) => ({
    version: Number(row["version"]),
    name: String(row["name"]),
    digest: String(row["digest"]),
  }));
}

/** Applies the first missing migration, if there is one. Another process may have been quicker; then it does nothing. */
export function applyNext(
  database: DatabaseSync,
  known: readonly Migration[],
  now: string,
): boolean {
  database.exec("BEGIN IMMEDIATE");
  try {
    const [migration] = pendingMigrations(database, known);
    if (migration !== undefined) {
      database.exec(TABLE);
      database.exec(migration.sql);
      const record = database.prepare(
        "INSERT INTO schema_migrations (version, name, digest, applied_at) VALUES (?, ?, ?, ?)",
      );
      record.run(migration.version, migration.name, migration.digest, now);
    }
    database.exec("COMMIT");
    return migration !== undefined;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
