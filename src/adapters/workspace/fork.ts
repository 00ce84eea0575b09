// The workspace of a forked build: the history of another up to one commit, and the files of that commit. Both are made
// beside their places and renamed, so that git writes where no agent has ever been, and no half of them bears the name.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EngineError } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import { ensureRepository } from "./git.ts";
import type { GitSetting } from "./git-command.ts";
import { gitOutput } from "./git-command.ts";
import { BRANCH } from "./import-stream.ts";
import { fileFailure } from "./safe-files.ts";

type ForkPlaces = {
  /** The repository that is copied from. */
  readonly source: string;
  readonly dir: string;
  readonly gitDir: string;
  readonly commits: readonly string[];
  readonly random: string;
};

/** All of them or none; gives their digests. */
export async function forkWorkspaces(
  setting: GitSetting,
  forks: readonly ForkPlaces[],
): Promise<Result<readonly (string | null)[]>> {
  const digests: (string | null)[] = [];
  let complete = false;
  try {
    for (const places of forks) {
      const forked = await forkWorkspace(setting, places);
      if (!forked.ok) return forked;
      digests.push(forked.value);
    }
    complete = true;
    return ok(digests);
  } finally {
    const made = complete ? [] : forks.slice(0, digests.length);
    for (const { dir, gitDir } of made) {
      rmSync(dir, { recursive: true, force: true });
      rmSync(gitDir, { recursive: true, force: true });
    }
  }
}

async function forkWorkspace(
  setting: GitSetting,
  places: ForkPlaces,
): Promise<Result<string | null>> {
  const { source, dir, gitDir, random } = places;
  if (existsSync(dir) || existsSync(gitDir)) return taken(dir);
  const found = await newestCommit(setting, places);
  if (!found.ok) return found;
  const commit = found.value;
  const made = { files: `${gitDir}.${random}.files`, git: `${gitDir}.${random}.git` };
  try {
    mkdirSync(dirname(dir), { recursive: true });
    mkdirSync(made.files, { recursive: true });
    await ensureRepository(setting, made.git, random);
    const digest = commit === null ? null : await copyCommit(setting, { source, commit, ...made });
    if (!takePlace(made.git, gitDir)) return taken(dir);
    if (takePlace(made.files, dir)) return ok(digest);
    rmSync(gitDir, { recursive: true, force: true });
    return taken(dir);
  } catch (error) {
    throw error instanceof EngineError ? error : fileFailure(dir, error);
  } finally {
    rmSync(made.files, { recursive: true, force: true });
    rmSync(made.git, { recursive: true, force: true });
  }
}

const taken = (dir: string): Result<never> =>
  refuse("BUILD_EXISTS", `There is a workspace in ${dir} already. Name another build.`, { dir });

/** False when somebody else took the place meanwhile. */
function takePlace(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(code)) return false;
    throw error;
  }
}

/** In the order of the history, which is not that of the turns' ends: two that end together may pass each other. */
async function newestCommit(
  setting: GitSetting,
  { source, commits }: ForkPlaces,
): Promise<Result<string | null>> {
  if (commits.length === 0) return ok(null);
  const list = existsSync(join(source, "HEAD"))
    ? await gitOutput(setting, { gitDir: source, args: ["rev-list", "--all"] })
    : "";
  const known = list.split("\n");
  const there = new Set(known);
  const lost = commits.find((commit) => !there.has(commit));
  if (lost !== undefined)
    return refuse(
      "HISTORY_INCOMPLETE",
      `The commit ${lost} is not in the workspace's history ${source}; without it the files of that moment are lost.`,
      { commit: lost },
    );
  const wanted = new Set(commits);
  return ok(known.find((commit) => wanted.has(commit)) ?? null);
}

/** A .gitattributes among the files would have git change others on their way out. This file outranks it. */
export const AS_THEY_ARE = "* -text -eol -filter -ident -working-tree-encoding\n";

type Copy = {
  readonly source: string;
  readonly commit: string;
  readonly git: string;
  readonly files: string;
};

/** Gives the digest of the files. */
async function copyCommit(setting: GitSetting, { source, commit, ...to }: Copy): Promise<string> {
  const pack = join(to.git, "objects", "pack", "pack");
  const args = ["pack-objects", "--quiet", "--revs", pack];
  await gitOutput(setting, { gitDir: source, args, stdin: Buffer.from(`${commit}\n`) });
  const git = async (...command: readonly string[]): Promise<string> =>
    gitOutput(setting, { gitDir: to.git, args: command });
  const attributes = join(to.git, "info", "attributes");
  mkdirSync(dirname(attributes), { recursive: true });
  writeFileSync(attributes, AS_THEY_ARE);
  // A link that a person committed becomes a file with its target's name: workspaces have no links.
  const plain = ["-c", "core.symlinks=false", `--work-tree=${to.files}`];
  await git(...plain, "read-tree", "-u", "--reset", commit);
  for (const path of [join(to.git, "index"), attributes]) rmSync(path, { force: true });
  await git("update-ref", BRANCH, commit);
  await flushFolder(to.files);
  return (await git("rev-parse", "--verify", `${commit}^{tree}`)).trim();
}

/** Git does not wait for the disk with the files it checks out; a run that is stored relies on them. */
async function flushFolder(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) await flushFolder(join(dir, entry.name));
    else if (entry.isFile()) await flush(join(dir, entry.name));
  }
  await flush(dir);
}

async function flush(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
