// A copy of the database while others write to it: SQLite's own backup, of the moment at which every writer was held.
import { chmodSync, closeSync, openSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import type { DatabaseFacts } from "../../domain/backup.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { DatabaseCopies } from "../../ports/backup.ts";
import type { Clock } from "../../ports/clock.ts";
import { loadMigrations, pendingMigrations } from "./migrate.ts";
import { isBusy, toEngineError } from "./sqlite-errors.ts";
import { createSqliteStore } from "./sqlite.ts";

export type SqliteCopiesDeps = {
  readonly path: string;
  readonly clock: Clock;
  /** How long writers are held at most; they wait for longer than this before they give up. */
  readonly holdMs?: number;
  readonly busyWaitMs?: number;
};

const HOLD_MS_MAX = 4000;
const BUSY_WAIT_MS = 20_000;
const BUSY_SLICE_MS = 50;
/** Others of this process get their turn between two batches. */
const BATCH_PAGES = 2000;
const SETTINGS = { timeout: BUSY_SLICE_MS, enableDoubleQuotedStringLiterals: false };

export const createSqliteCopies = (deps: SqliteCopiesDeps): DatabaseCopies => ({
  copy: async (to, meanwhile) => {
    try {
      return await copyHeld(deps, to, meanwhile);
    } catch (error) {
      throw toEngineError(error, deps.path);
    }
  },
  check: async (path) => check(deps, path),
});

async function copyHeld(
  { path, holdMs = HOLD_MS_MAX, busyWaitMs = BUSY_WAIT_MS }: SqliteCopiesDeps,
  to: string,
  meanwhile: (signal: AbortSignal) => Promise<boolean>,
): Promise<boolean> {
  const reader = new DatabaseSync(path, { ...SETTINGS, readOnly: true });
  try {
    pendingMigrations(reader, await loadMigrations());
    const holder = await hold(path, busyWaitMs);
    try {
      if (!(await meanwhile(AbortSignal.timeout(holdMs)))) return false;
      // A reader keeps the moment of its first look, and the backup reads through it: writers go on at once, and no write of
      // theirs makes it begin anew.
      reader.exec("BEGIN");
      reader.prepare("SELECT count(*) FROM sqlite_master").get();
    } finally {
      holder.close();
    }
    await writeCopy(reader, to);
    return true;
  } finally {
    reader.close();
  }
}

/** Closing the connection lets go of it. */
async function hold(path: string, waitMs: number): Promise<DatabaseSync> {
  const holder = new DatabaseSync(path, SETTINGS);
  for (let waitedMs = 0; ; waitedMs += 2 * BUSY_SLICE_MS) {
    try {
      holder.exec("BEGIN IMMEDIATE");
      return holder;
    } catch (error) {
      if (!isBusy(error) || waitedMs >= waitMs) {
        holder.close();
        throw error;
      }
    }
    await pause(BUSY_SLICE_MS);
  }
}

async function writeCopy(reader: DatabaseSync, to: string): Promise<void> {
  try {
    // Made before it is written, so that at no moment others can read it.
    closeSync(openSync(to, "wx", 0o600));
    await backup(reader, to, { rate: BATCH_PAGES });
    // One file, that can be opened without another one beside it.
    const copy = new DatabaseSync(to, SETTINGS);
    copy.exec("PRAGMA journal_mode = DELETE");
    copy.close();
    chmodSync(to, 0o600);
  } catch (error) {
    throw diskFull(error, to) ?? toEngineError(error, to);
  }
}

const diskFull = (cause: unknown, path: string): EngineError | null =>
  cause instanceof Error && "code" in cause && ["ENOSPC", "EDQUOT"].includes(String(cause.code))
    ? new EngineError("STORE_FULL", `The disk is full. (${path})`, { cause, details: { path } })
    : null;

async function check(deps: SqliteCopiesDeps, path: string): Promise<Result<DatabaseFacts>> {
  let database: DatabaseSync | null = null;
  try {
    const opened = new DatabaseSync(path, { ...SETTINGS, readOnly: true });
    database = opened;
    const migrations = await loadMigrations();
    const pending = pendingMigrations(opened, migrations);
    const [found] = opened.prepare("PRAGMA integrity_check(1)").all();
    if (found?.["integrity_check"] !== "ok")
      return refuse("STORE_CORRUPT", `The database is damaged. (${path})`, { path });
    const chain = await createSqliteStore(opened, { path, clock: deps.clock }).verifyChain();
    if (!chain.valid)
      return refuse(
        "EVENTS_BROKEN",
        `Event ${chain.seq} is the first that does not fit: ${chain.problem}`,
        { seq: chain.seq },
      );
    const schema = migrations.length - pending.length;
    return ok({ schema, events: chain.count, lastHash: chain.lastHash });
  } catch (error) {
    const known = toEngineError(error, path);
    if (!(known instanceof EngineError)) throw known;
    return refuse(known.code, known.message, known.details);
  } finally {
    if (database?.isOpen === true) database.close();
  }
}
