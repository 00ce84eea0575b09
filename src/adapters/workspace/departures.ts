// What a build sends away: its files put onto a commit of somebody else's repository, in a repository beside its history that
// borrows its objects. The history itself is only read, and the workspace not at all.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Departure, Departures } from "../../ports/workspace.ts";
import type { GitCommand, GitSetting } from "./git-command.ts";
import { gitFailure, gitOutput, runGit } from "./git-command.ts";
import { BRANCH } from "./import-stream.ts";

export type DepartureDeps = GitSetting & {
  readonly departuresDir: string;
  /** The history of the workspace. */
  readonly gitDir: string;
};

/** One for each commit that may have been sent, named by it. */
const SENT = "refs/orket/sent";
const NEXT = "refs/orket/next";
const AUTHOR = "Orket <orket@localhost>";

type Entry = { readonly mode: string; readonly blob: string };
type Tree = ReadonlyMap<string, Entry>;

export function createDepartures(deps: DepartureDeps): Departures {
  const git = async (args: readonly string[], gitDir = deps.departuresDir): Promise<string> =>
    gitOutput(deps, { gitDir, args });
  return {
    dir: deps.departuresDir,
    wasSent: async (commit) => {
      const args = ["rev-parse", "--verify", "--quiet", `${SENT}/${commit}^{commit}`];
      return (await runGit(deps, { gitDir: deps.departuresDir, args })).exitCode === 0;
    },
    prepare: async (departure) => {
      const head = await headOf(deps);
      if (head === null) return null;
      borrowObjects(deps);
      const [parent, own] = await Promise.all([
        treeOf(deps, deps.departuresDir, departure.parent),
        treeOf(deps, deps.gitDir, head),
      ]);
      const gone = (await removedPaths(deps, head)).filter(
        (path) => parent.has(path) && !own.has(path),
      );
      const put = [...own].filter(([path, entry]) => !isSame(parent.get(path), entry));
      if (gone.length + put.length === 0) return null;
      const at = (await git(["show", "-s", "--format=%at", head], deps.gitDir)).trim();
      const commit = await importCommit(deps, streamOf(departure, { at, gone, put }));
      // Asked of git: a file in the place of a folder takes with it whatever was in there.
      const args = ["diff-tree", "-r", "-z", "--no-renames", "--name-only", departure.parent];
      const changed = (await git([...args, commit])).split("\0").filter((path) => path !== "");
      return { commit, changed };
    },
  };
}

const isSame = (one: Entry | undefined, other: Entry): boolean =>
  one?.mode === other.mode && one.blob === other.blob;

async function headOf({ gitDir, ...setting }: DepartureDeps): Promise<string | null> {
  const args = ["rev-parse", "--verify", "--quiet", `${BRANCH}^{commit}`];
  const found = await runGit(setting, { gitDir, args });
  return found.exitCode === 0 ? found.stdout.trim() : null;
}

function borrowObjects({ departuresDir, gitDir }: DepartureDeps): void {
  const file = join(departuresDir, "objects", "info", "alternates");
  const text = `${join(gitDir, "objects")}\n`;
  // The state may have been moved, or restored, since it was written.
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function treeOf(setting: GitSetting, gitDir: string, commit: string): Promise<Tree> {
  const args = ["ls-tree", "-r", "-z", "--full-tree", commit];
  const entries = new Map<string, Entry>();
  for (const record of (await gitOutput(setting, { gitDir, args })).split("\0")) {
    const [, mode, blob, path] = /^(\d+) \w+ ([0-9a-f]+)\t([\s\S]+)$/.exec(record) ?? [];
    if (mode !== undefined && blob !== undefined && path !== undefined)
      entries.set(path, { mode, blob });
  }
  return entries;
}

/** Of any time: what the build made once and took away again is to go with it. */
async function removedPaths(
  { gitDir, ...setting }: DepartureDeps,
  head: string,
): Promise<readonly string[]> {
  const args = ["log", "-z", "--format=", "--name-only", "--no-renames", "--diff-filter=D", head];
  const output = await gitOutput(setting, { gitDir, args });
  return [...new Set(output.split("\0"))].map((path) => path.replace(/^\n+/, ""));
}

type Changes = {
  /** Of the build's last commit, in seconds: made again, the commit is the same. */
  readonly at: string;
  readonly gone: readonly string[];
  readonly put: readonly (readonly [string, Entry])[];
};

const quoted = (path: string): string =>
  `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

function streamOf({ parent, subject, body }: Departure, { at, gone, put }: Changes): string {
  const message = Buffer.from(`${subject}\n\n${body}\n`);
  return [
    "mark :1",
    `author ${AUTHOR} ${at} +0000`,
    `committer ${AUTHOR} ${at} +0000`,
    `data ${message.length}`,
    message.toString(),
    `from ${parent}`,
    ...gone.map((path) => `D ${quoted(path)}`),
    ...put.map(([path, { mode, blob }]) => `M ${mode} ${blob} ${quoted(path)}`),
    "",
    "get-mark :1",
    "done",
    "",
  ].join("\n");
}

/** Kept by a ref before anybody is told of it: whoever is killed while sending knows it for his own afterwards. */
async function importCommit(deps: DepartureDeps, stream: string): Promise<string> {
  const gitDir = deps.departuresDir;
  // Of its own for each call, because two may be at it at once.
  const next = `${NEXT}/${randomBytes(6).toString("hex")}`;
  const args = ["fast-import", "--quiet", "--done", "--force", "--date-format=raw"];
  const command: GitCommand = { gitDir, args, stdin: Buffer.from(`commit ${next}\n${stream}`) };
  const { stdout, ...result } = await runGit(deps, command);
  const commit = /^[0-9a-f]{40}$/m.exec(stdout)?.[0];
  if (result.exitCode !== 0 || commit === undefined)
    throw gitFailure(command, { ...result, stdout });
  await gitOutput(deps, { gitDir, args: ["update-ref", `${SENT}/${commit}`, commit] });
  await gitOutput(deps, { gitDir, args: ["update-ref", "-d", next] });
  return commit;
}
