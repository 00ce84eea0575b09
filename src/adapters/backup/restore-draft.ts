// A state while it is restored: filled beside its own places, inside the state directory, under a name that marks the state as
// unfinished; and then moved into place, the database last.
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { chmod, mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { BackupFile, BackupManifest } from "../../domain/backup.ts";
import { DATABASE_FILE } from "../../domain/backup.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { RestoreDraft } from "../../ports/backup.ts";
import { invalid, STATE_FOLDER } from "./manifest.ts";
import type { GitSetting } from "./repositories.ts";
import { checkRepositories } from "./repositories.ts";
import { backupFailure, copyTo, sync, syncAll, walk } from "./walk.ts";

/** Directly in the state directory while it is no state yet; main.ts refuses to open one with it. */
export const UNFINISHED = ".restoring";

export type RestorePlaces = GitSetting & {
  readonly stateDir: string;
  /** The backup. */
  readonly source: string;
  /** Whether the state directory was made for this restore. */
  readonly isNew: boolean;
};

const FILES = "state";
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

export function createRestoreDraft(places: RestorePlaces): RestoreDraft {
  const { stateDir, source } = places;
  const unfinished = join(stateDir, UNFINISHED);
  const root = join(unfinished, FILES);
  let entries: readonly string[] = [];
  return {
    databasePath: join(root, DATABASE_FILE),
    fill: async (manifest, signal) => {
      try {
        entries = [...manifest.folders, ...manifest.files].map(({ path }) => path);
        return await fill({ from: join(source, STATE_FOLDER), root, manifest }, signal);
      } catch (error) {
        if (signal.aborted) return interrupted();
        throw backupFailure(error, stateDir);
      }
    },
    checkRepositories: async (signal) => checkRepositories(places, root, signal),
    finish: async () => {
      await syncAll(root, entries);
      // The database comes last: without it there is no state.
      const names = (await readdir(root)).toSorted(
        (one, other) => Number(one === DATABASE_FILE) - Number(other === DATABASE_FILE),
      );
      for (const name of names) await rename(join(root, name), join(stateDir, name));
      await sync(stateDir);
      // First its name, then it: nobody finds a mark that is half gone. Others of that name were left by killed processes.
      await rename(unfinished, `${unfinished}-gone`);
      for (const name of await readdir(stateDir))
        if (name.startsWith(`${UNFINISHED}-`))
          await rm(join(stateDir, name), { recursive: true, force: true });
      await sync(stateDir);
    },
    discard: async () => empty(places),
  };
}

const interrupted = (): Result<never> =>
  refuse("INTERRUPTED", "A signal stopped the restore; the state is as empty as it was.");

/** All that is in it is of an unfinished restore; the mark goes last. */
export async function empty({
  stateDir,
  isNew,
}: Pick<RestorePlaces, "stateDir" | "isNew">): Promise<void> {
  const names = await readdir(stateDir);
  for (const name of names.filter((one) => one !== UNFINISHED))
    await rm(join(stateDir, name), { recursive: true, force: true });
  await rm(join(stateDir, UNFINISHED), { recursive: true, force: true });
  if (isNew) await rmdir(stateDir);
}

type Filling = {
  readonly from: string;
  readonly root: string;
  readonly manifest: BackupManifest;
};

/** Reads the backup as somebody may have made it: what is not in the manifest, or otherwise than it says, is refused. */
async function fill({ from, root, manifest }: Filling, signal: AbortSignal): Promise<Result<null>> {
  const files = new Map(manifest.files.map((file) => [file.path, file]));
  const folders = new Map(manifest.folders.map((folder) => [folder.path, folder]));
  const problems: string[] = [];
  await mkdir(root, { mode: PRIVATE_FOLDER });
  await walk(
    from,
    {
      folder: async (path: string) => {
        signal.throwIfAborted();
        if (problems.length > 0) return false;
        if (!folders.has(path)) return add(problems, `${path} is not in the manifest`);
        await mkdir(join(root, path), { mode: PRIVATE_FOLDER });
        folders.delete(path);
        return true;
      },
      file: async (path: string, file: FileHandle, stats: BigIntStats) => {
        signal.throwIfAborted();
        if (problems.length > 0) return;
        const expected = files.get(path);
        if (expected === undefined) return void add(problems, `${path} is not in the manifest`);
        if (Number(stats.size) !== expected.bytes)
          return void add(problems, `${path} has another size than it had`);
        if (!(await takeOver(file, join(root, path), expected)))
          return void add(problems, `${path} is not what was saved`);
        files.delete(path);
      },
      other: (path, why) => void add(problems, `${path}: ${why}`),
    },
    () => true,
  );
  const [problem] = problems;
  if (problem !== undefined) return invalid(`The backup is damaged: ${problem}.`);
  const missing = [...files.keys(), ...folders.keys()][0];
  if (missing !== undefined) return invalid(`The backup is damaged: ${missing} is missing.`);
  // What is in a folder is written by now, so that it can be closed to writing.
  for (const { path, mode } of manifest.folders.toReversed())
    await chmod(join(root, path), (mode & 0o755) | PRIVATE_FOLDER);
  return ok(null);
}

async function takeOver(file: FileHandle, to: string, expected: BackupFile): Promise<boolean> {
  const { bytes, sha256 } = await copyTo(file, to, (expected.mode & 0o755) | PRIVATE_FILE);
  return bytes === expected.bytes && sha256 === expected.sha256;
}

function add(problems: string[], problem: string): false {
  problems.push(problem);
  return false;
}
