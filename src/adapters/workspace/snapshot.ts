// A copy of the committed state of a workspace, in a folder that goes afterwards. It is made from the history, so it is what
// the digest names, whatever somebody writes into the workspace meanwhile.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import type { Snapshot } from "../../ports/workspace.ts";
import { AS_THEY_ARE } from "./fork.ts";
import { EMPTY, ensureRepository } from "./git.ts";
import type { GitSetting } from "./git-command.ts";
import { gitOutput, runGit } from "./git-command.ts";
import { BRANCH } from "./import-stream.ts";

type SnapshotDeps = GitSetting & {
  readonly clock: Pick<Clock, "now">;
  readonly gitDir: string;
  /** Where copies are made. */
  readonly copiesDir: string;
};

/** What a killed process left is removed by the next one, when it is this old. */
const LEFTOVER_MS = 24 * 3_600_000;
const OWNER_ONLY = 0o700;

export async function takeSnapshot(deps: SnapshotDeps): Promise<Snapshot> {
  const { gitDir, copiesDir } = deps;
  mkdirSync(copiesDir, { recursive: true, mode: OWNER_ONLY });
  removeOld(copiesDir, deps.clock.now());
  const place = join(copiesDir, randomBytes(8).toString("hex"));
  const dir = join(place, "files");
  mkdirSync(place, { mode: OWNER_ONLY });
  mkdirSync(dir);
  const remove = async (): Promise<void> => rm(place, { recursive: true, force: true });
  try {
    const args = ["rev-parse", "--verify", "--quiet", BRANCH];
    const head = await runGit(deps, { gitDir, args });
    const commit = head.stdout.trim();
    const from = join(gitDir, "objects");
    const digest = commit === "" ? EMPTY : await checkOut(deps, { from, place, dir, commit });
    await openToAll(dir);
    return { dir, digest, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

type CheckOut = {
  /** The folder of the objects. */
  readonly from: string;
  readonly place: string;
  readonly dir: string;
  readonly commit: string;
};

/**
 * By a repository of its own that borrows the objects: the index and the attributes of the real one stay as they are.
 * Gives the digest.
 */
export async function checkOut(
  deps: GitSetting,
  { from, place, dir, commit }: CheckOut,
): Promise<string> {
  const gitDir = join(place, "git");
  await ensureRepository(deps, gitDir, "snapshot");
  for (const folder of ["objects/info", "info"])
    mkdirSync(join(gitDir, folder), { recursive: true });
  writeFileSync(join(gitDir, "objects", "info", "alternates"), `${from}\n`);
  writeFileSync(join(gitDir, "info", "attributes"), AS_THEY_ARE);
  // A link that a person committed becomes a file with its target's name: workspaces have no links.
  const plain = ["-c", "core.symlinks=false", `--work-tree=${dir}`];
  await gitOutput(deps, { gitDir, args: [...plain, "read-tree", "-u", "--reset", commit] });
  const tree = await gitOutput(deps, {
    gitDir,
    args: ["rev-parse", "--verify", `${commit}^{tree}`],
  });
  rmSync(gitDir, { recursive: true, force: true });
  return tree.trim();
}

/** Who reads it in the box is another user; the folder above lets nobody else in. */
async function openToAll(path: string): Promise<void> {
  const { mode } = await lstat(path);
  const isFolder = (mode & 0o170000) === 0o040000;
  await chmod(path, isFolder || (mode & 0o100) !== 0 ? 0o777 : 0o666);
  if (!isFolder) return;
  for (const name of await readdir(path)) await openToAll(join(path, name));
}

function removeOld(copiesDir: string, nowMs: number): void {
  for (const name of readdirSync(copiesDir)) {
    const path = join(copiesDir, name);
    if (!existsSync(path) || nowMs - statSync(path).mtimeMs < LEFTOVER_MS) continue;
    rmSync(path, { recursive: true, force: true });
  }
}
