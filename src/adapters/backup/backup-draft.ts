// A backup while it is written: passes over the state that copy what changed since the one before, beside the place where it
// will stand, and at last the rename that gives it its name.
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackupFile, LeftOut } from "../../domain/backup.ts";
import { DATABASE_FILE, partOf } from "../../domain/backup.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { BackupDraft } from "../../ports/backup.ts";
import type { Clock } from "../../ports/clock.ts";
import { MANIFEST_FILE, manifestText, STATE_FOLDER } from "./manifest.ts";
import type { GitSetting } from "./repositories.ts";
import { checkRepositories } from "./repositories.ts";
import { backupFailure, copyTo, digestOf, sync, syncAll, walk } from "./walk.ts";

export type DraftPlaces = GitSetting & {
  readonly clock: Clock;
  readonly stateDir: string;
  readonly target: string;
  /** The folder that is written; it exists and is empty. */
  readonly draftDir: string;
};

/** Whoever restores it gets this much of the rights, and nobody else the right to write. */
const MODE_MASK = 0o755;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** A file that changed this recently may change again without a new time: the next pass copies it again. */
const SETTLED_MS = 2000;
/**
 * Locks and halves of git's own work, and where on this machine objects are borrowed from, which is written anew; a restored
 * repository is better off without.
 */
const GIT_SCRATCH =
  /^(?:(?:git|arrivals|departures)\/.*(?:\.lock|\/tmp_(?:obj|pack|idx)_[^/]*)|departures\/.*\.git\/objects\/info\/alternates)$/;

type Kept = BackupFile & { readonly signature: string | null };

export function createBackupDraft(places: DraftPlaces): BackupDraft {
  const { draftDir, target } = places;
  const root = join(draftDir, STATE_FOLDER);
  const databasePath = join(root, DATABASE_FILE);
  const files = new Map<string, Kept>();
  const folders = new Map<string, number>();
  let leftOut: readonly LeftOut[] = [];
  const told = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      throw backupFailure(error, draftDir);
    }
  };
  return {
    databasePath,
    pass: async (signal) =>
      told(async () => {
        await mkdir(root, { recursive: true, mode: PRIVATE_FOLDER });
        const seen = await passOver({ ...places, root, files, folders }, signal);
        if (seen === null) return false;
        leftOut = seen.leftOut;
        await forget({ root, files, folders }, seen.paths);
        return true;
      }),
    contents: async () => {
      const database = {
        path: DATABASE_FILE,
        mode: PRIVATE_FILE,
        ...(await digestOf(databasePath)),
      };
      const copied = [...files.values()].map(({ path, bytes, sha256, mode }) => ({
        path,
        bytes,
        sha256,
        mode,
      }));
      return {
        files: [database, ...copied],
        folders: [...folders].map(([path, mode]) => ({ path, mode })),
        leftOut,
      };
    },
    checkRepositories: async (signal) => checkRepositories(places, root, signal),
    finish: async (manifest) =>
      told(async () => {
        await writeDurable(join(draftDir, MANIFEST_FILE), manifestText(manifest));
        const paths = [DATABASE_FILE, ...files.keys(), ...folders.keys()];
        await syncAll(root, paths);
        await sync(draftDir);
        return takeName(draftDir, target);
      }),
    discard: async () => rm(draftDir, { recursive: true, force: true }),
  };
}

async function takeName(draftDir: string, target: string): Promise<Result<null>> {
  try {
    await rename(draftDir, target);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(code)) throw error;
    return refuse("BACKUP_EXISTS", `${target} came to be meanwhile; nothing is replaced.`);
  }
  await sync(dirname(target));
  return ok(null);
}

async function writeDurable(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", PRIVATE_FILE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

type Pass = DraftPlaces & {
  readonly root: string;
  readonly files: Map<string, Kept>;
  readonly folders: Map<string, number>;
};

type Seen = { readonly paths: ReadonlySet<string>; readonly leftOut: readonly LeftOut[] };

/** Null when the signal came first. */
async function passOver(pass: Pass, signal: AbortSignal): Promise<Seen | null> {
  const { stateDir, root, files, folders, clock } = pass;
  const paths = new Set<string>();
  const leftOut: LeftOut[] = [];
  const visitor = {
    folder: async (path: string, { mode }: BigIntStats) => {
      signal.throwIfAborted();
      paths.add(path);
      if (!folders.has(path)) await makePrivate(join(root, path));
      files.delete(path);
      folders.set(path, Number(mode) & MODE_MASK);
      return true;
    },
    file: async (path: string, file: FileHandle, stats: BigIntStats) => {
      signal.throwIfAborted();
      if (GIT_SCRATCH.test(path)) return;
      // Two names of one file in a workspace: what else bears it is not known.
      if (path.startsWith("workspaces/") && stats.nlink > 1n)
        return void leftOut.push({ path, why: "it has several hard links" });
      paths.add(path);
      const isSettled = Number(stats.ctimeMs) < clock.now() - SETTLED_MS;
      const signature = [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(":");
      if (files.get(path)?.signature === signature) return;
      if (folders.delete(path)) await remove(join(root, path));
      const mode = Number(stats.mode) & MODE_MASK;
      const copied = await copyTo(file, join(root, path), PRIVATE_FILE);
      files.set(path, { path, mode, signature: isSettled ? signature : null, ...copied });
    },
    other: (path: string, why: string) => void leftOut.push({ path, why }),
  };
  try {
    await walk(stateDir, visitor, (name) => isWanted(name, leftOut));
    return { paths, leftOut };
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

function isWanted(name: string, leftOut: LeftOut[]): boolean {
  const part = partOf(name);
  if (part === "database") return false;
  if (part?.isKept === true) return true;
  leftOut.push({ path: name, why: part?.why ?? "it is not Orket's" });
  return false;
}

async function makePrivate(path: string): Promise<void> {
  await remove(path);
  await mkdir(path, { mode: PRIVATE_FOLDER });
}

/** What went away since the pass before: its copy goes too. */
async function forget(
  { root, files, folders }: Pick<Pass, "root" | "files" | "folders">,
  paths: ReadonlySet<string>,
): Promise<void> {
  const gone = [...files.keys(), ...folders.keys()].filter((path) => !paths.has(path));
  for (const path of gone.toSorted((one, other) => other.length - one.length)) {
    files.delete(path);
    folders.delete(path);
    await remove(join(root, path));
  }
}

/** A folder above it may be a file by now, or gone. */
async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOTDIR") throw error;
  }
}
