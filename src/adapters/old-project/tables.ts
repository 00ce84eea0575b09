// The predecessor's database, read from a copy: opening the original could already change it, and the newest rows may still lie
// in the log beside it.
import { copyFile, lstat, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { OldRow } from "../../domain/old-card.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { OldTables } from "../../ports/old-project.ts";

const BYTES_MAX = 2 * 1024 ** 3;
const ROWS_MAX = 200_000;

export async function readTables(path: string, bytes: number): Promise<Result<OldTables>> {
  if (bytes > BYTES_MAX) return invalid(path, "it is larger than 2 GiB");
  const scratch = await mkdtemp(join(tmpdir(), "orket-import-"));
  try {
    const copy = join(scratch, "old.db");
    await copyFile(path, copy);
    const log = await lstat(`${path}-wal`).catch(() => null);
    if (log?.isFile() === true) await copyFile(`${path}-wal`, `${copy}-wal`);
    return readCopy(path, copy);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function readCopy(path: string, copy: string): Result<OldTables> {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(copy);
    const opened = database;
    const check = opened.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    if (check !== "ok") return invalid(path, `SQLite says: ${String(check)}`);
    const names = opened
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all()
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith("sqlite_"));
    if (!names.includes("issues")) return invalid(path, "it has no table of issues");
    const rowsOf = (table: string): readonly OldRow[] =>
      names.includes(table)
        ? opened.prepare(`SELECT * FROM "${table}" ORDER BY rowid LIMIT ${ROWS_MAX + 1}`).all()
        : [];
    const tables = {
      issues: rowsOf("issues"),
      comments: rowsOf("comments"),
      steps: rowsOf("card_transactions"),
    };
    if (Object.values(tables).some((rows) => rows.length > ROWS_MAX))
      return invalid(path, `one of its tables has more than ${ROWS_MAX} rows`);
    const others = names
      .filter((name) => !["issues", "comments", "card_transactions"].includes(name))
      .map((table) => ({
        table,
        rows: Number(
          opened.prepare(`SELECT count(*) AS rows FROM "${table.replaceAll('"', '""')}"`).get()?.[
            "rows"
          ],
        ),
      }));
    return ok({ ...tables, others });
  } catch (error) {
    return invalid(path, error instanceof Error ? error.message : String(error));
  } finally {
    database?.close();
  }
}

const invalid = (path: string, why: string): Result<never> =>
  refuse("IMPORT_INVALID", `${path} is no database of the predecessor that can be read: ${why}.`);
