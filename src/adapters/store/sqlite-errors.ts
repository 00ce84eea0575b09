// SQLite's error codes as ours. What is not from SQLite (a bug, a refusal's way out) passes through untouched.
import type { ErrorCode } from "../../domain/errors.ts";
import { EngineError } from "../../domain/errors.ts";

type SqliteError = Error & { readonly errcode: number };

// https://www.sqlite.org/rescode.html; the low byte of an extended code is the primary one.
const PRIMARY = 0xff;
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** The shared-memory file could not grow: the disk is full. */
const IOERR_SHMSIZE = 10 | (19 << 8);

type Meaning = { readonly code: ErrorCode; readonly message: string };

const READ_ONLY: Meaning = {
  code: "PROJECT_READ_ONLY",
  message: "The database cannot be written. Check the rights of its folder.",
};
const HELD: Meaning = {
  code: "STORE_BUSY",
  message: "Another process holds the database. Try again when it is done.",
};

const MEANING: ReadonlyMap<number, { readonly code: ErrorCode; readonly message: string }> =
  new Map([
    [
      FULL,
      {
        code: "STORE_FULL",
        message: "The disk is full; nothing of the last step was kept. Make room and resume.",
      },
    ],
    [
      CORRUPT,
      { code: "STORE_CORRUPT", message: "The database is damaged. Restore it from a backup." },
    ],
    [
      NOTADB,
      {
        code: "STORE_CORRUPT",
        message: "The file is not a database. Move it away or restore it from a backup.",
      },
    ],
    [BUSY, HELD],
    [LOCKED, HELD],
    [PERM, READ_ONLY],
    [READONLY, READ_ONLY],
    [CANTOPEN, READ_ONLY],
  ]);

const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number";

export const isBusy = (error: unknown): boolean =>
  isSqliteError(error) && [BUSY, LOCKED].includes(error.errcode & PRIMARY);

export const isCantOpen = (error: unknown): boolean =>
  isSqliteError(error) && [CANTOPEN, READONLY].includes(error.errcode & PRIMARY);

/** The same for every error the driver throws about the file at `path`. */
export function toEngineError(error: unknown, path: string): unknown {
  if (error instanceof EngineError || !(error instanceof Error)) return error;
  // A stored number that JavaScript cannot hold exactly was not written by the engine.
  if ("code" in error && error.code === "ERR_OUT_OF_RANGE") {
    return new EngineError("STORE_CORRUPT", `A number in the database is out of range. (${path})`, {
      cause: error,
    });
  }
  if (!isSqliteError(error)) return error;
  const meaning =
    error.errcode === IOERR_SHMSIZE ? MEANING.get(FULL) : MEANING.get(error.errcode & PRIMARY);
  const { code, message } = meaning ?? {
    code: "STORE_FAILED",
    message: `The database failed: ${error.message}.`,
  };
  return new EngineError(code, `${message} (${path})`, {
    details: { path, sqlite: error.errcode, text: error.message },
    cause: error,
  });
}
