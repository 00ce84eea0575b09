// The history of a workspace in a bare repository outside of it. One commit is one `git fast-import`; git never reads
// the workspace itself, so nothing that lies there can configure it.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { EngineError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { CommitInfo, CommitRequest, Workspace } from "../../ports/workspace.ts";
import { makeDurableFolder, sync, syncTree } from "./durable.ts";
import type { GitCommand, GitSetting } from "./git-command.ts";
import { gitFailure, gitOutput, runGit } from "./git-command.ts";
import type { Head, Heads } from "./heads.ts";
import type { FileChange } from "./import-stream.ts";
import { BRANCH, importStream } from "./import-stream.ts";
import { createQueue } from "./queue.ts";
import type { TrackedEntry, TrackedFile } from "./tracked.ts";
import { changedPaths, isSame, readTracked, trackedComponents } from "./tracked.ts";

export type GitHistory = Pick<Workspace, "commit" | "digest" | "changed" | "history" | "diff">;

type GitDeps = GitSetting & {
  readonly clock: Pick<Clock, "now">;
  readonly root: string;
  readonly gitDir: string;
  readonly heads: Heads;
};
type Change = FileChange & { readonly file: TrackedFile | null };

const COMMIT_BYTES_MAX = 256 * 1024 * 1024;
const DIFF_BYTES_MAX = 4 * 1024 * 1024;
const HISTORY_MAX = 10_000;
/** A second process moved the branch, or a killed one left its lock: looked at again, then tried again. */
const ATTEMPTS_MAX = 3;
const COMMIT_ID = /^[0-9a-f]{40}$/;
/** What `get-mark` and `ls` of the stream answer. */
const IMPORTED = /^([0-9a-f]{40})\n040000 tree ([0-9a-f]{40})\t/;
export const EMPTY = "empty";

/** Made beside, brought to the disk and renamed: a half-made repository never bears the name, whatever fails. */
export async function ensureRepository(
  setting: GitSetting,
  gitDir: string,
  random: string,
): Promise<void> {
  if (existsSync(join(gitDir, "HEAD"))) return;
  makeDurableFolder(dirname(gitDir));
  const temporary = `${gitDir}.${random}.tmp`;
  const args = ["init", "--quiet", "--bare", "--template=", "--initial-branch=main"];
  try {
    await gitOutput(setting, { gitDir: temporary, args });
    syncTree(temporary);
    renameSync(temporary, gitDir);
    sync(dirname(gitDir));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(join(gitDir, "HEAD"))) throw error;
  }
}

export function createGitHistory(deps: GitDeps): GitHistory {
  const inOrder = createQueue();
  const { heads, gitDir } = deps;

  const git = (args: readonly string[]): Promise<string> => gitOutput(deps, { gitDir, args });

  /** The last commit and its files, read again only when the branch has moved. */
  const head = async (): Promise<Head | null> => {
    const commit = await headCommit(deps);
    if (commit === null) return null;
    const known = heads.get(gitDir);
    if (known?.commit === commit) return known;
    const [tree, list] = await Promise.all([
      git(["rev-parse", "--verify", `${commit}^{tree}`]),
      git(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]),
    ]);
    const read = { commit, tree: tree.trim(), entries: parseEntries(list) };
    heads.set(gitDir, read);
    return read;
  };

  const commit = async (request: CommitRequest): Promise<string | null> => {
    for (let attempt = 1; ; attempt += 1) {
      const parent = await head();
      const changes = readChanges(deps.root, request.paths, parent?.entries ?? new Map());
      if (changes.length === 0) return null;
      const stream = importStream({
        request,
        parent: parent?.commit ?? null,
        at: deps.clock.now(),
        changes,
      });
      const command: GitCommand = { gitDir, args: IMPORT, stdin: stream };
      const result = await runGit(deps, command);
      const [, made, tree] = IMPORTED.exec(result.stdout) ?? [];
      if (result.exitCode === 0 && made !== undefined && tree !== undefined) {
        const now = { commit: made, tree, entries: parent?.entries ?? new Map() };
        heads.set(gitDir, afterChanges(now, changes));
        return made;
      }
      heads.set(gitDir, null);
      clearAfterFailure(gitDir);
      const failure = gitFailure(command, result);
      if (attempt >= ATTEMPTS_MAX || failure.code === "STORE_FULL") throw failure;
    }
  };

  return {
    commit: (request) => inOrder(() => commit(request)),
    digest: () => inOrder(async () => (await head())?.tree ?? EMPTY),
    changed: () =>
      inOrder(async () => changedPaths(deps.root, (await head())?.entries ?? new Map())),
    history: async (limit) => {
      const from = await headCommit(deps);
      const count = Math.max(0, Math.min(Math.floor(limit), HISTORY_MAX));
      return from === null || count === 0
        ? []
        : parseHistory(await git([...LOG, `--max-count=${count}`, from, "--"]));
    },
    diff: (id) => diff(deps, id),
  };
}

const IMPORT: readonly string[] = ["fast-import", "--quiet", "--done", "--date-format=raw"];

/** Read from its file, because a spawn costs a hundred times as much; git is asked where it has packed its refs. */
async function headCommit(deps: GitDeps): Promise<string | null> {
  const commit = readRef(join(deps.gitDir, BRANCH));
  if (commit !== null) return commit;
  if (!existsSync(join(deps.gitDir, "packed-refs"))) return null;
  const result = await runGit(deps, {
    gitDir: deps.gitDir,
    args: ["rev-parse", "--verify", "--quiet", BRANCH],
  });
  return result.exitCode === 0 ? result.stdout.trim() : null;
}

function readRef(path: string): string | null {
  if (!existsSync(path)) return null;
  const commit = readFileSync(path, "utf8").trim();
  if (COMMIT_ID.test(commit)) return commit;
  throw new EngineError("WORKSPACE_FAILED", `The branch file ${path} of the history is damaged.`);
}

function parseEntries(list: string): Map<string, TrackedEntry> {
  const entries = new Map<string, TrackedEntry>();
  for (const record of list.split("\0")) {
    const [, mode, blob, size, path] =
      /^(\d+) blob ([0-9a-f]+) +(\d+)\t([\s\S]+)$/.exec(record) ?? [];
    if (mode === undefined || blob === undefined || path === undefined) continue;
    entries.set(path, { mode, blob, sizeBytes: Number(size) });
  }
  return entries;
}

function readChanges(
  root: string,
  paths: readonly string[],
  entries: ReadonlyMap<string, TrackedEntry>,
): readonly Change[] {
  const changes: Change[] = [];
  let bytes = 0;
  for (const path of new Set(paths)) {
    const file = readTracked(root, trackedComponents(path));
    if (isSame(file, entries.get(path))) continue;
    bytes += file?.bytes.length ?? 0;
    if (bytes > COMMIT_BYTES_MAX) {
      throw new EngineError(
        "WORKSPACE_FAILED",
        `One commit is limited to ${COMMIT_BYTES_MAX} bytes of changed files.`,
      );
    }
    changes.push({ path, file });
  }
  return changes;
}

/** Null, "read it again", when a file took the place of a folder or the reverse: then other entries went as well. */
function afterChanges(head: Head, changes: readonly Change[]): Head | null {
  const { entries } = head;
  if (
    changes.some(
      ({ path, file }) => file !== null && !entries.has(path) && changesKind(path, entries),
    )
  )
    return null;
  for (const { path, file } of changes) {
    if (file === null) entries.delete(path);
    else entries.set(path, { mode: file.mode, blob: file.blob, sizeBytes: file.bytes.length });
  }
  return head;
}

function changesKind(path: string, entries: ReadonlyMap<string, TrackedEntry>): boolean {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (entries.has(path.slice(0, end))) return true;
  }
  for (const other of entries.keys()) if (other.startsWith(`${path}/`)) return true;
  return false;
}

/**
 * git has waited for the lock already, so whoever made it is gone. What a failed import leaves behind would fill a disk
 * that is nearly full.
 */
function clearAfterFailure(gitDir: string): void {
  rmSync(join(gitDir, `${BRANCH}.lock`), { force: true });
  removeAll(gitDir, "fast_import_crash_");
  removeAll(join(gitDir, "objects", "pack"), "tmp_pack_");
}

function removeAll(folder: string, prefix: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (name.startsWith(prefix)) rmSync(join(folder, name), { force: true });
}

const trailer = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x2C)`;
const LOG: readonly string[] = [
  "log",
  "-z",
  "--no-color",
  "--no-show-signature",
  `--format=%H%x1f%at%x1f%s%x1f${trailer("Card")}%x1f${trailer("Seat")}%x1f${trailer("Turn")}`,
];

function parseHistory(output: string): readonly CommitInfo[] {
  return output.split("\0").flatMap((record) => {
    const [commit = "", seconds = "", subject = "", card = "", seat = "", turn = ""] =
      record.split("\x1f");
    if (!COMMIT_ID.test(commit)) return [];
    return [
      { commit, at: new Date(Number(seconds) * 1000).toISOString(), subject, card, seat, turn },
    ];
  });
}

async function diff(deps: GitDeps, id: string): Promise<string> {
  if (!COMMIT_ID.test(id))
    throw new EngineError("WORKSPACE_FAILED", "That is not the id of a commit.", {
      details: { commit: id },
    });
  const args = [
    "diff-tree",
    "--root",
    "-p",
    "--no-commit-id",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-renames",
    id,
    "--",
  ];
  const command: GitCommand = { gitDir: deps.gitDir, args, outputBytesMax: DIFF_BYTES_MAX };
  const result = await runGit(deps, command);
  if (result.ended === "output-limit")
    return `${result.stdout}\n… cut at ${DIFF_BYTES_MAX} bytes\n`;
  if (result.exitCode !== 0) throw gitFailure(command, result);
  return result.stdout;
}
