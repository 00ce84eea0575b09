// Puts a saved state into an empty one: everything is checked before anything of it counts. Runs that were being worked on
// when it was saved are paused, as after a crash; and the log says that it goes on from a backup.
import type { DatabaseFacts } from "../../domain/backup.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import type { BackupFiles, DatabaseCopies, RestoreDraft } from "../../ports/backup.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { EngineSettings } from "../settings.ts";
import { adoptLostRuns } from "../stop-run.ts";

export type RestoreDeps = {
  readonly files: BackupFiles;
  readonly database: DatabaseCopies;
  /** Opens the database there and brings it up to date. */
  readonly openStore: (path: string) => Promise<Store>;
  readonly clock: Clock;
  readonly settings: Pick<EngineSettings, "limits" | "owner">;
  readonly person: string;
};

export type RestoreReport = {
  readonly at: string;
  readonly product: string;
  readonly database: DatabaseFacts;
  readonly files: number;
  readonly repositories: number;
  /** Runs that were being worked on when it was saved; they can be resumed. */
  readonly pausedRuns: readonly string[];
};

export async function restore(
  deps: RestoreDeps,
  source: string,
  signal: AbortSignal,
): Promise<Result<RestoreReport>> {
  const begun = await deps.files.beginRestore(source);
  if (!begun.ok) return begun;
  const draft = begun.value;
  let isDone = false;
  try {
    const done = await write(deps, { draft, source }, signal);
    isDone = done.ok;
    return done;
  } finally {
    if (!isDone) await draft.discard();
  }
}

async function write(
  deps: RestoreDeps,
  { draft, source }: { readonly draft: RestoreDraft; readonly source: string },
  signal: AbortSignal,
): Promise<Result<RestoreReport>> {
  const read = await deps.files.readManifest(source);
  if (!read.ok) return read;
  const manifest = read.value;
  const filled = await draft.fill(manifest, signal);
  if (!filled.ok) return filled;
  const checked = await deps.database.check(draft.databasePath);
  if (!checked.ok) return checked;
  if (checked.value.lastHash !== manifest.database.lastHash)
    return refuse("BACKUP_INVALID", "The database is not the one of the manifest.");
  const repositories = await draft.checkRepositories(signal);
  if (!repositories.ok) return repositories;
  const paused = await takeOver(deps, { draft, at: manifest.at });
  if (signal.aborted) return refuse("INTERRUPTED", "A signal stopped the restore.");
  await draft.finish();
  return ok({
    at: manifest.at,
    product: manifest.product,
    database: checked.value,
    files: manifest.files.length,
    repositories: repositories.value,
    pausedRuns: paused.map(({ id }) => id),
  });
}

/** No process works on this copy, whatever is said of the original. */
async function takeOver(
  { openStore, clock, settings, person }: RestoreDeps,
  { draft, at }: { readonly draft: RestoreDraft; readonly at: string },
): Promise<readonly Run[]> {
  const store = await openStore(draft.databasePath);
  try {
    await store.transaction(async ({ events }) =>
      events.append([{ type: "state-restored", actor: `human:${person}`, data: { at } }]),
    );
    return await adoptLostRuns({ store, clock, settings }, () => true);
  } finally {
    await store.close();
  }
}
