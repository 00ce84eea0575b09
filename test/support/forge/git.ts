// Git below the fake forge: bare repositories, commits made without a work tree, merges that are git's own.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Null takes a file away. */
export type Files = Readonly<Record<string, string | null>>;

const ENVIRONMENT = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Forge",
  GIT_AUTHOR_EMAIL: "forge@forge.test",
  GIT_COMMITTER_NAME: "Forge",
  GIT_COMMITTER_EMAIL: "forge@forge.test",
};

type Call = { readonly input?: string; readonly index?: string };

export function git(folder: string, args: readonly string[], call: Call = {}): string {
  const env = {
    ...ENVIRONMENT,
    ...(call.index === undefined ? {} : { GIT_INDEX_FILE: call.index }),
  };
  return execFileSync("git", ["-C", folder, ...args], {
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["pipe", "pipe", "pipe"],
    ...(call.input === undefined ? {} : { input: call.input }),
  });
}

/** Null when git refuses. */
export function tryGit(folder: string, args: readonly string[]): string | null {
  const ran = spawnSync("git", ["-C", folder, ...args], { env: ENVIRONMENT, encoding: "utf8" });
  return ran.status === 0 ? ran.stdout : null;
}

export function makeBare(folder: string, branch: string): void {
  execFileSync("git", ["init", "-q", "--bare", "-b", branch, folder], { env: ENVIRONMENT });
  git(folder, ["config", "http.receivepack", "true"]);
}

export const shaOf = (folder: string, ref: string): string | null =>
  tryGit(folder, ["rev-parse", "-q", "--verify", `${ref}^{commit}`])?.trim() ?? null;

/** Branch → sha. */
export function branchesOf(folder: string): ReadonlyMap<string, string> {
  const lines = git(folder, [
    "for-each-ref",
    "--format=%(refname:lstrip=2) %(objectname)",
    "refs/heads",
  ]);
  return new Map(
    lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(" ") as [string, string]),
  );
}

export function commitFiles(
  folder: string,
  { files, parent, message }: { files: Files; parent: string | null; message: string },
): string {
  const temporary = mkdtempSync(join(tmpdir(), "orket-test-index-"));
  try {
    const index = join(temporary, "index");
    if (parent !== null) git(folder, ["read-tree", parent], { index });
    for (const [path, content] of Object.entries(files)) {
      if (content === null) {
        const gone = `0 ${"0".repeat(40)}\t${path}\n`;
        git(folder, ["update-index", "--index-info"], { index, input: gone });
        continue;
      }
      const blob = git(folder, ["hash-object", "-w", "--stdin"], { input: content }).trim();
      git(folder, ["update-index", "--add", "--cacheinfo", `100644,${blob},${path}`], { index });
    }
    const tree = git(folder, ["write-tree"], { index }).trim();
    const parents = parent === null ? [] : ["-p", parent];
    return git(folder, ["commit-tree", tree, ...parents, "-m", message]).trim();
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The tree of both together; null when they conflict. */
export const mergedTree = (folder: string, base: string, head: string): string | null =>
  tryGit(folder, ["merge-tree", "--write-tree", base, head])?.split("\n")[0]?.trim() ?? null;

/** Null when it cannot be. */
export function mergeBranches(
  folder: string,
  { base, head, style, message }: { base: string; head: string; style: string; message: string },
): string | null {
  const isAncestor = tryGit(folder, ["merge-base", "--is-ancestor", base, head]) !== null;
  if (style === "fast-forward-only") return isAncestor ? head : null;
  if (style === "rebase" && isAncestor) return head;
  if (style === "rebase") return rebased(folder, base, head);
  const tree = mergedTree(folder, base, head);
  if (tree === null) return null;
  const parents = style === "squash" ? ["-p", base] : ["-p", base, "-p", head];
  return git(folder, ["commit-tree", tree, ...parents, "-m", message]).trim();
}

function rebased(folder: string, base: string, head: string): string | null {
  const temporary = mkdtempSync(join(tmpdir(), "orket-test-rebase-"));
  try {
    git(folder, ["worktree", "add", "-q", "--detach", temporary, head]);
    if (tryGit(temporary, ["rebase", "-q", base]) === null) return null;
    return shaOf(temporary, "HEAD");
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    tryGit(folder, ["worktree", "prune"]);
  }
}
