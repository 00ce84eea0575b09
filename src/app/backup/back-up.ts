// Saves the state of a project while others work on it: files first, then what changed of them while every writer of the
// store is held, and the database as of that moment. A restore of it is a start after a crash at that moment.
import type { BackupManifest, DatabaseFacts, LeftOut } from "../../domain/backup.ts";
import { BACKUP_VERSION } from "../../domain/backup.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { BackupDraft, BackupFiles, DatabaseCopies } from "../../ports/backup.ts";
import type { Clock } from "../../ports/clock.ts";

export type BackUpDeps = {
  readonly files: BackupFiles;
  readonly database: DatabaseCopies;
  readonly clock: Clock;
  /** Version of the product. */
  readonly product: string;
};

export type BackupReport = {
  readonly dir: string;
  readonly at: string;
  readonly database: DatabaseFacts;
  readonly files: number;
  readonly bytes: number;
  readonly repositories: number;
  readonly leftOut: readonly LeftOut[];
};

/** Each attempt has less to copy while writers are held than the one before. */
const ATTEMPTS_MAX = 3;

export async function backUp(
  deps: BackUpDeps,
  target: string,
  signal: AbortSignal,
): Promise<Result<BackupReport>> {
  const begun = await deps.files.begin(target);
  if (!begun.ok) return begun;
  const draft = begun.value;
  let isDone = false;
  try {
    const done = await write(deps, { draft, target }, signal);
    isDone = done.ok;
    return done;
  } finally {
    if (!isDone) await draft.discard();
  }
}

async function write(
  { database, clock, product }: BackUpDeps,
  { draft, target }: { readonly draft: BackupDraft; readonly target: string },
  signal: AbortSignal,
): Promise<Result<BackupReport>> {
  const copied = await copyState({ database, clock }, draft, signal);
  if (!copied.ok) return copied;
  const checked = await database.check(draft.databasePath);
  if (!checked.ok) return checked;
  const repositories = await draft.checkRepositories(signal);
  if (!repositories.ok) return repositories;
  const contents = await draft.contents();
  const at = copied.value;
  const facts = { at, database: checked.value };
  const manifest: BackupManifest = { version: BACKUP_VERSION, product, ...facts, ...contents };
  if (signal.aborted) return interrupted();
  const finished = await draft.finish(manifest);
  if (!finished.ok) return finished;
  return ok({
    dir: target,
    ...facts,
    files: contents.files.length,
    bytes: contents.files.reduce((sum, { bytes }) => sum + bytes, 0),
    repositories: repositories.value,
    leftOut: contents.leftOut,
  });
}

/** Gives the moment that was copied. */
async function copyState(
  { database, clock }: Pick<BackUpDeps, "database" | "clock">,
  draft: BackupDraft,
  signal: AbortSignal,
): Promise<Result<string>> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    if (!(await draft.pass(signal))) return interrupted();
    let at = "";
    const isCopied = await database.copy(draft.databasePath, async (limit) => {
      at = new Date(clock.now()).toISOString();
      return draft.pass(AbortSignal.any([signal, limit]));
    });
    if (isCopied) return ok(at);
    if (signal.aborted) return interrupted();
  }
  return refuse(
    "STORE_BUSY",
    "The files of the state change faster than they can be copied. Pause the runs, and try again.",
  );
}

const interrupted = (): Result<never> =>
  refuse("INTERRUPTED", "A signal stopped the backup; nothing of it is kept.");
