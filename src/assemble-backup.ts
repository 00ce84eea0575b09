// The part of the composition root that saves a state and puts it back. No engine is put together: the database is neither
// brought up to date for a backup, nor made for a restore.
import { join } from "node:path";
import { createBackupFiles } from "./adapters/backup/disk.ts";
import { createSystemClock } from "./adapters/clock/system.ts";
import { createProcesses } from "./adapters/process/spawn.ts";
import { createSqliteCopies } from "./adapters/store/sqlite-copies.ts";
import { openSqliteStore } from "./adapters/store/sqlite.ts";
import type { BackupReport } from "./app/backup/back-up.ts";
import { backUp } from "./app/backup/back-up.ts";
import type { RestoreReport } from "./app/backup/restore.ts";
import { restore } from "./app/backup/restore.ts";
import { DEFAULT_LIMITS } from "./app/settings.ts";
import { DATABASE_FILE } from "./domain/backup.ts";
import { createRedactor } from "./domain/redact.ts";
import type { Result } from "./domain/result.ts";

export type BackupScene = {
  readonly stateDir: string;
  readonly searchPath: string;
  readonly owner: string;
  readonly isOwnerGone: (owner: string) => boolean;
  /** Version of the product. */
  readonly product: string;
  readonly person: string;
  readonly secrets: readonly string[];
};

const partsOf = ({ stateDir, searchPath, owner, isOwnerGone }: BackupScene) => {
  const clock = createSystemClock();
  const processes = createProcesses();
  const place = { stateDir, processes, searchPath, clock, owner, isOwnerGone };
  return {
    clock,
    files: createBackupFiles(place),
    database: createSqliteCopies({ path: join(stateDir, DATABASE_FILE), clock }),
  };
};

export const backUpState = async (
  scene: BackupScene,
  target: string,
  signal: AbortSignal,
): Promise<Result<BackupReport>> =>
  backUp({ ...partsOf(scene), product: scene.product }, target, signal);

export const restoreState = async (
  scene: BackupScene,
  source: string,
  signal: AbortSignal,
): Promise<Result<RestoreReport>> => {
  const parts = partsOf(scene);
  const redact = createRedactor({ values: scene.secrets });
  const { clock } = parts;
  return restore(
    {
      ...parts,
      openStore: async (path) => openSqliteStore({ path, clock, redact }),
      settings: { limits: DEFAULT_LIMITS, owner: scene.owner },
      person: scene.person,
    },
    source,
    signal,
  );
};
