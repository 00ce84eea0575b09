// Backups as folders on disk: `manifest.json`, and below `state` what a state directory holds.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { DATABASE_FILE } from "../../domain/backup.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { BackupDraft, BackupFiles, RestoreDraft } from "../../ports/backup.ts";
import type { Clock } from "../../ports/clock.ts";
import { createBackupDraft } from "./backup-draft.ts";
import { readManifest } from "./manifest.ts";
import type { GitSetting } from "./repositories.ts";
import { createRestoreDraft, empty, UNFINISHED } from "./restore-draft.ts";
import { backupFailure } from "./walk.ts";

export type BackupDeps = GitSetting & {
  readonly clock: Clock;
  readonly stateDir: string;
  /** Names this process, and tells whether one that was named so is gone. */
  readonly owner: string;
  readonly isOwnerGone: (owner: string) => boolean;
};

const PRIVATE_FOLDER = 0o700;
const OWNER_FILE = "owner";
const DRAFT_END = ".part";

export const createBackupFiles = (deps: BackupDeps): BackupFiles => ({
  begin: async (target) => attempt(target, () => begin(deps, target)),
  readManifest: async (source) => readManifest(source),
  beginRestore: async (source) => attempt(deps.stateDir, () => beginRestore(deps, source)),
});

async function attempt<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw backupFailure(error, path);
  }
}

async function begin(deps: BackupDeps, wanted: string): Promise<Result<BackupDraft>> {
  const { stateDir } = deps;
  if (!existsSync(join(stateDir, DATABASE_FILE)))
    return refuse("STATE_MISSING", `${stateDir} holds no state that could be saved.`);
  if (existsSync(wanted)) return taken(wanted, "It is never replaced: name a new folder.");
  await mkdir(dirname(wanted), { recursive: true, mode: PRIVATE_FOLDER });
  const target = join(await realpath(dirname(wanted)), basename(wanted));
  if (isInside(await realpath(stateDir), target))
    return refuse("USAGE", `${wanted} lies in the state itself. Name a folder outside of it.`);
  const draftDir = `${target}${DRAFT_END}`;
  if (!(await makeNew(draftDir)))
    return taken(draftDir, "A backup is being written there, or was interrupted: remove it.");
  return ok(createBackupDraft({ ...deps, target, draftDir }));
}

const taken = (path: string, wayOut: string): Result<never> =>
  refuse("BACKUP_EXISTS", `${path} is there already. ${wayOut}`, { path });

function isInside(outer: string, path: string): boolean {
  const between = relative(outer, path);
  return between === "" || !between.startsWith("..");
}

/** False when it is there. */
async function makeNew(dir: string): Promise<boolean> {
  try {
    await mkdir(dir, { mode: PRIVATE_FOLDER });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function beginRestore(deps: BackupDeps, source: string): Promise<Result<RestoreDraft>> {
  const { stateDir } = deps;
  if (isInside(resolve(stateDir), resolve(source)))
    return refuse("USAGE", `${source} lies in the state that is to be restored. Move it away.`);
  const isNew = (await mkdir(stateDir, { recursive: true, mode: PRIVATE_FOLDER })) !== undefined;
  const cleared = await clearUnfinished(deps);
  if (!cleared.ok) return cleared;
  if (!(await mark(deps))) return atWork(stateDir);
  return ok(createRestoreDraft({ ...deps, source, isNew }));
}

/** With its owner's name from the first moment on, whenever this process is killed. False when there is a mark already. */
async function mark({ stateDir, owner }: BackupDeps): Promise<boolean> {
  const draft = join(stateDir, `${UNFINISHED}-${randomBytes(6).toString("hex")}`);
  await mkdir(draft, { mode: PRIVATE_FOLDER });
  await writeFile(join(draft, OWNER_FILE), owner, { mode: 0o600 });
  try {
    await rename(draft, join(stateDir, UNFINISHED));
    return true;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(code)) return false;
    throw error;
  }
}

/** What an interrupted restore left is removed, once its process is gone; anything else that lies there is somebody's. */
async function clearUnfinished({ stateDir, isOwnerGone }: BackupDeps): Promise<Result<null>> {
  const names = (await readdir(stateDir)).filter((name) => !name.startsWith(`${UNFINISHED}-`));
  if (names.length === 0) return ok(null);
  if (!names.includes(UNFINISHED))
    return refuse(
      "STATE_NOT_EMPTY",
      `${stateDir} is not empty, and a restore replaces nothing. Stop Orket, move it away, and try again.`,
      { path: stateDir },
    );
  const owner = await readFile(join(stateDir, UNFINISHED, OWNER_FILE), "utf8").catch(() => null);
  if (owner !== null && !isOwnerGone(owner)) return atWork(stateDir);
  await empty({ stateDir, isNew: false });
  return ok(null);
}

const atWork = (stateDir: string): Result<never> =>
  refuse(
    "STATE_UNFINISHED",
    `Another restore is at work on ${stateDir}, or was on another machine: wait for it, or remove the folder.`,
    { path: stateDir },
  );
