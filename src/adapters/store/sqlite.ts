// SQLite as the database of the store: opens the file, brings its schema up to date, and is the dialect the SQL runs on.
// Each commit is on the disk when it returns (WAL with synchronous=FULL); a write transaction takes the lock at once.
import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { DatabaseConnection, Dialect, Driver, SqliteDatabase, SqliteStatement } from "kysely";
import { CompiledQuery, Kysely, SqliteDialect } from "kysely";
import { EngineError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Redactor } from "../../domain/redact.ts";
import { createRedactor } from "../../domain/redact.ts";
import type { Store } from "../../ports/store.ts";
import { applyNext, loadMigrations, pendingMigrations } from "./migrate.ts";
import type { Schema } from "./sql/schema.ts";
import { isBusy, isCantOpen, toEngineError } from "./sqlite-errors.ts";
import { createSqlStore } from "./store.ts";

const MEMORY = ":memory:";
/** How long another process may hold the database before we give up. */
const BUSY_WAIT_MS = 10_000;
/** SQLite waits this long without letting anything else run; then we let others run, and ask again. */
const BUSY_SLICE_MS = 40;
const BUSY_PAUSE_MS = 10;
/** Prepared statements that are kept; the engine's own are some eighty. */
const STATEMENTS_MAX = 300;
/** Small pages: a transaction of the engine changes a few short rows in many tables, and each changed page is written. */
const PAGE_BYTES = 2048;
/** Pages in the write-ahead log before they are moved into the database: 8 MiB. */
const CHECKPOINT_PAGES = 4096;
const CACHE_KIB = 8192;

export type SqliteStoreOptions = {
  /** Path of the file, whose folder exists; `:memory:` for a store that ends with the process. */
  readonly path: string;
  readonly clock: Clock;
  /** Takes secrets out of whatever is kept; by their look alone when it is left out. */
  readonly redact?: Redactor;
  /** Opens an existing database for reading only; it is neither created nor brought up to date. */
  readonly readOnly?: boolean;
  readonly busyWaitMs?: number;
};

export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return createSqliteStore(await openSqliteDatabase(options), options);
}

/** The store on a database that is open and up to date; it closes the database with itself. */
export function createSqliteStore(database: DatabaseSync, options: SqliteStoreOptions): Store {
  const dialect = sqliteDialect(database, options.busyWaitMs ?? BUSY_WAIT_MS);
  const db = new Kysely<Schema>({ dialect, log: [] });
  return createSqlStore({
    db,
    clock: options.clock,
    redact: options.redact ?? createRedactor({ values: [] }),
    translate: (error) => toEngineError(error, options.path),
    // The builder closes only a database it has used.
    close: async () => {
      await db.destroy();
      if (database.isOpen) database.close();
    },
  });
}

export async function openSqliteDatabase(options: SqliteStoreOptions): Promise<DatabaseSync> {
  const { path, clock, readOnly = false, busyWaitMs = BUSY_WAIT_MS } = options;
  if (path !== MEMORY && !existsSync(dirname(path)))
    throw missing(path, "The folder of the database does not exist.");
  const migrations = await loadMigrations();
  let database: DatabaseSync | null = null;
  try {
    if (!readOnly && path !== MEMORY) makePrivate(path);
    const opened = readOnly ? openForReading(path) : new DatabaseSync(path, SETTINGS);
    database = opened;
    const pending = await unlessBusy(busyWaitMs, () => pendingMigrations(opened, migrations));
    if (readOnly) {
      if (pending.length > 0) throw outdated(path);
      return opened;
    }
    await unlessBusy(busyWaitMs, () => configure(opened, path));
    const now = new Date(clock.now()).toISOString();
    while (
      pending.length > 0 &&
      (await unlessBusy(busyWaitMs, () => applyNext(opened, migrations, now)))
    ) {
      // One after another, each in its own transaction.
    }
    return opened;
  } catch (error) {
    database?.close();
    throw toEngineError(error, path);
  }
}

/** A new database is its owner's alone, and the files SQLite puts beside it take its mode. One that is there stays as it is. */
function makePrivate(path: string): void {
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, "a", 0o600));
  } catch {
    // Where it cannot be made, opening it says why.
  }
}

const SETTINGS = {
  timeout: BUSY_SLICE_MS,
  enableForeignKeyConstraints: true,
  enableDoubleQuotedStringLiterals: false,
};

const missing = (path: string, what: string): EngineError =>
  new EngineError("STORE_FAILED", `${what} (${path})`, { details: { path } });

const outdated = (path: string): EngineError =>
  new EngineError(
    "STORE_FAILED",
    `The database is of an older version; a command that writes brings it up to date. (${path})`,
  );

function configure(database: DatabaseSync, path: string): void {
  // The size of a page is settled when the database is new; on any other this line does nothing.
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  if (path !== MEMORY) database.exec("PRAGMA journal_mode = WAL");
  database.exec(`PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF`);
  database.exec(
    `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KIB}`,
  );
}

/** Where the folder cannot be written either, no one writes there: the file is read as it stands. */
function openForReading(path: string): DatabaseSync {
  if (!existsSync(path)) throw missing(path, "There is no database yet.");
  const database = new DatabaseSync(path, { ...SETTINGS, readOnly: true });
  try {
    database.prepare("SELECT count(*) FROM sqlite_master").get();
    return database;
  } catch (error) {
    database.close();
    if (!isCantOpen(error)) throw error;
    const asItStands = pathToFileURL(path);
    asItStands.searchParams.set("immutable", "1");
    return new DatabaseSync(asItStands, { ...SETTINGS, readOnly: true });
  }
}

/** Asks again while another process holds the database, up to `waitMs`. */
async function unlessBusy<Value>(
  waitMs: number,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  for (let waitedMs = 0; ; waitedMs += BUSY_SLICE_MS + BUSY_PAUSE_MS) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || waitedMs >= waitMs) throw error;
    }
    await pause(BUSY_PAUSE_MS);
  }
}

function sqliteDialect(database: DatabaseSync, busyWaitMs: number): Dialect {
  const base = new SqliteDialect({ database: wrap(database) });
  return {
    createAdapter: () => base.createAdapter(),
    createQueryCompiler: () => base.createQueryCompiler(),
    createIntrospector: (db) => base.createIntrospector(db),
    createDriver: () => withLocking(base.createDriver(), database, busyWaitMs),
  };
}

const BEGIN_READ = CompiledQuery.raw("begin");
const BEGIN_WRITE = CompiledQuery.raw("begin immediate");

/** Kysely's own driver, but a transaction that writes takes the lock when it begins: it never has to give way later. */
function withLocking(driver: Driver, database: DatabaseSync, busyWaitMs: number): Driver {
  const execute = async (connection: DatabaseConnection, query: CompiledQuery): Promise<void> => {
    await connection.executeQuery(query);
  };
  return {
    init: async (options) => driver.init(options),
    acquireConnection: async (options) => driver.acquireConnection(options),
    beginTransaction: async (connection, { accessMode }) =>
      unlessBusy(busyWaitMs, async () =>
        execute(connection, accessMode === "read only" ? BEGIN_READ : BEGIN_WRITE),
      ),
    commitTransaction: async (connection) => driver.commitTransaction(connection),
    // After a full disk SQLite has rolled back by itself, and there is nothing left to do.
    rollbackTransaction: async (connection) => {
      if (database.isTransaction) await driver.rollbackTransaction(connection);
    },
    releaseConnection: async (connection, options) => driver.releaseConnection(connection, options),
    destroy: async (options) => {
      await driver.destroy(options);
    },
  };
}

/** `node:sqlite` as Kysely asks for it, with the prepared statements kept. */
function wrap(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (text) => {
      const known = statements.get(text);
      if (known !== undefined) return known;
      if (statements.size >= STATEMENTS_MAX) statements.clear();
      const statement = prepare(database, text);
      statements.set(text, statement);
      return statement;
    },
  };
}

function prepare(database: DatabaseSync, text: string): SqliteStatement {
  const statement = database.prepare(text);
  type Values = Parameters<typeof statement.run>;
  return {
    reader: statement.columns().length > 0,
    all: (values) => statement.all(...(values as Values)),
    run: (values) => statement.run(...(values as Values)),
    iterate: (values) => statement.iterate(...(values as Values)),
  };
}
