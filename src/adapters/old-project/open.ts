// A project of the predecessor on disk: its assets are tried in a scratch folder beside the project's own, its database in a copy.
import { constants } from "node:fs";
import { copyFile, lstat, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { AssetProblem, ProjectAssets } from "../../domain/assets.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { OldAssets, OldProject } from "../../ports/old-project.ts";
import { readTables } from "./tables.ts";

export type OldProjectDeps = {
  readonly source: string;
  readonly projectDir: string;
  /** Relative to the source; null looks where the predecessor put it. */
  readonly database: string | null;
  readonly loadAssets: (dir: string) => Promise<Result<ProjectAssets, readonly AssetProblem[]>>;
};

/** Folders of assets, and of what verifications call. */
const FOLDERS = ["config", "model", "verification"];
const DATABASES = ["orket_persistence.db", ".orket/durable/db/orket_persistence.db"];
const FILES_MAX = 20_000;
const FILE_BYTES_MAX = 1024 * 1024;
const ROUNDS_MAX = 20;
/** What a project of either kind has there beside assets, and what says nothing. */
const ASSET = /\.(?:jsonc?|ya?ml)$/i;

export const openOldProject = (deps: OldProjectDeps): OldProject => ({
  readAssets: async () => readAssets(deps),
  copyAssets: async (files) => {
    for (const file of files) await copyNew(deps.source, deps.projectDir, file);
  },
  readTables: async () => {
    const names = deps.database === null ? DATABASES : [deps.database];
    for (const name of names) {
      const path = join(deps.source, name);
      const stats = await lstat(path).catch(() => null);
      if (stats?.isFile() === true) return readTables(path, stats.size);
    }
    return deps.database === null
      ? ok(null)
      : refuse("IMPORT_INVALID", `${deps.database} is no file of the old project.`);
  },
});

async function readAssets(deps: OldProjectDeps): Promise<Result<OldAssets>> {
  const { source, projectDir, loadAssets } = deps;
  const stats = await lstat(source).catch(() => null);
  if (stats?.isDirectory() !== true)
    return refuse("IMPORT_INVALID", `${source} is no folder. Name the old project's.`);
  const [old, own] = await Promise.all([listFiles(source), listFiles(projectDir)]);
  if (old === null)
    return refuse("IMPORT_INVALID", `${source} has more than ${FILES_MAX} files of assets.`);
  if (old.length === 0)
    return refuse(
      "IMPORT_INVALID",
      `${source} holds no old project: there is neither config/ nor model/ with assets.`,
    );
  const known = new Set(own ?? []);
  const kept = old.filter((file) => known.has(file));
  const scratch = await mkdtemp(join(tmpdir(), "orket-import-"));
  try {
    for (const file of own ?? []) await copyNew(projectDir, scratch, file);
    let files = old.filter((file) => !known.has(file));
    for (const file of files) await copyNew(source, scratch, file);
    const refused: AssetProblem[] = [];
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const loaded = await loadAssets(scratch);
      if (loaded.ok) return ok({ assets: loaded.value, files, kept, refused });
      const named = new Set(loaded.error.map(({ file }) => file));
      const bad = files.filter((file) => named.has(file));
      refused.push(...loaded.error);
      // What is left is wrong with the project itself, or with the old one as a whole.
      if (bad.length === 0) break;
      for (const file of bad) await rm(join(scratch, file));
      files = files.filter((file) => !named.has(file));
    }
    return refuse("ASSET_INVALID", "The assets do not load, also without those that are wrong.", {
      problems: refused,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Null when there are too many. */
async function listFiles(root: string): Promise<readonly string[] | null> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = `${folder}/${entry.name}`;
      if (found.length > FILES_MAX || entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile() && (ASSET.test(path) || folder.startsWith("verification")))
        found.push(path);
    }
  };
  for (const folder of FOLDERS) await walk(folder);
  return found.length > FILES_MAX ? null : found.toSorted();
}

/** A file that is there stays; a link and a giant are no assets. */
async function copyNew(from: string, to: string, file: string): Promise<void> {
  const stats = await lstat(join(from, file));
  if (!stats.isFile() || stats.size > FILE_BYTES_MAX) return;
  await mkdir(dirname(join(to, file)), { recursive: true });
  try {
    await copyFile(join(from, file), join(to, file), constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
