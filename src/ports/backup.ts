// What a backup and a restore need from the world: a copy of a database that others write to, and folders of files.
import type {
  BackupFile,
  BackupFolder,
  BackupManifest,
  DatabaseFacts,
  LeftOut,
} from "../domain/backup.ts";
import type { Result } from "../domain/result.ts";

/**
 * Contract:
 * - `copy` holds every writer of the database while `meanwhile` works, and copies the database as it is at that moment,
 *   whatever is written after. The original is neither changed nor brought up to date.
 * - `meanwhile` gives false when it was not done before the signal; then nothing is copied and `copy` gives false.
 * - `check` reads every page and every event, and changes nothing. A newer schema, damage and a broken chain are refused.
 */
export type DatabaseCopies = {
  readonly copy: (
    to: string,
    meanwhile: (signal: AbortSignal) => Promise<boolean>,
  ) => Promise<boolean>;
  readonly check: (path: string) => Promise<Result<DatabaseFacts>>;
};

/**
 * A backup that is being written. Contract:
 * - `pass` copies what is new or changed since the pass before; false when the signal came first.
 * - No link is followed, whatever becomes of the folders meanwhile; what cannot be kept is told in `leftOut`.
 * - `finish` brings everything onto the disk and only then gives the folder its name; before, nothing bears it.
 * - `discard` leaves nothing behind.
 */
export type BackupDraft = {
  readonly databasePath: string;
  readonly pass: (signal: AbortSignal) => Promise<boolean>;
  readonly contents: () => Promise<{
    readonly files: readonly BackupFile[];
    readonly folders: readonly BackupFolder[];
    readonly leftOut: readonly LeftOut[];
  }>;
  /** Each repository of the copy has what its branches name. */
  readonly checkRepositories: (signal: AbortSignal) => Promise<Result<number>>;
  readonly finish: (manifest: BackupManifest) => Promise<Result<null>>;
  readonly discard: () => Promise<void>;
};

/**
 * A state that is being restored. Contract:
 * - Until `finish` the state is marked as unfinished, and every command but another restore refuses it.
 * - `fill` refuses what is not exactly as the manifest says: missing, more, changed, a link.
 * - `discard` leaves the state as empty as it was.
 */
export type RestoreDraft = {
  readonly databasePath: string;
  readonly fill: (manifest: BackupManifest, signal: AbortSignal) => Promise<Result<null>>;
  readonly checkRepositories: (signal: AbortSignal) => Promise<Result<number>>;
  readonly finish: () => Promise<void>;
  readonly discard: () => Promise<void>;
};

export type BackupFiles = {
  /** Refuses a name that is taken, a place inside of the state, and a state without a database. */
  readonly begin: (target: string) => Promise<Result<BackupDraft>>;
  /** Refuses what is no backup, or a newer one. */
  readonly readManifest: (source: string) => Promise<Result<BackupManifest>>;
  /** Refuses a state that is not empty. */
  readonly beginRestore: (source: string) => Promise<Result<RestoreDraft>>;
};
