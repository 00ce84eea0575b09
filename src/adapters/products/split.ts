// The history of one folder as a history of its own: each commit that touched it once more, with the folder's tree as its whole
// tree, and the same author, committer, times and words. It is made into a git directory of its own; the source is only read.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EngineError } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { GitDeps, Source } from "./git-source.ts";
import { alternates, outputOf, runIn, unreadable } from "./git-source.ts";

const COMMITS_MAX = 20_000;
const REF = "refs/heads/split";

type Commit = { readonly sha: string; readonly parents: readonly string[] };
type Words = {
  readonly author: string;
  readonly committer: string;
  readonly message: string;
};

export type SplitRequest = {
  readonly source: Source;
  readonly prefix: string;
  /** Made for this split; does not exist yet. */
  readonly gitDir: string;
};

/** Gives the head of the new history. */
export async function splitFolder(deps: GitDeps, request: SplitRequest): Promise<Result<string>> {
  const { source, prefix, gitDir } = request;
  const commits = await listCommits(deps, source, prefix);
  if (!commits.ok) return commits;
  const trees = await readTrees(deps, { source, prefix, commits: commits.value });
  if (!trees.ok) return trees;
  const words = await readWords(deps, source, commits.value);
  if (!words.ok) return words;
  await makeGitDir(source, gitDir);
  const stream = importStream(commits.value, { trees: trees.value, words: words.value });
  const imported = await runIn(deps, {
    cwd: gitDir,
    args: [
      `--git-dir=${gitDir}`,
      "-c",
      "safe.bareRepository=explicit",
      "fast-import",
      "--quiet",
      "--done",
      "--date-format=raw-permissive",
    ],
    stdin: stream,
  });
  if (imported.ended !== "exited" || imported.exitCode !== 0)
    return unreadable("the folder's history", imported);
  const head = await outputOf(deps, {
    cwd: gitDir,
    args: [`--git-dir=${gitDir}`, "rev-parse", "--verify", REF],
  });
  return head.ok ? ok(head.value.trim()) : head;
}

async function makeGitDir(source: Source, gitDir: string): Promise<void> {
  const { path, text } = alternates(source, gitDir);
  await mkdir(dirname(path), { recursive: true });
  await mkdir(join(gitDir, "refs"));
  await writeFile(path, text);
  await writeFile(join(gitDir, "HEAD"), `ref: ${REF}\n`);
  const settings = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
  await writeFile(join(gitDir, "config"), settings);
}

/** Parents before children; parents are those that touched the folder too. What a commit's parents are depends on what came
 * before it alone, so a longer history goes on from a shorter one. */
async function listCommits(
  deps: GitDeps,
  { top, head }: Source,
  prefix: string,
): Promise<Result<readonly Commit[]>> {
  const max = `--max-count=${COMMITS_MAX + 1}`;
  const args = ["rev-list", "--topo-order", "--parents", max, head, "--", prefix];
  const listed = await outputOf(deps, { cwd: top, args });
  if (!listed.ok) return listed;
  const commits = listed.value
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Commit => {
      const [sha = "", ...parents] = line.split(" ");
      return { sha, parents };
    });
  if (commits.length <= COMMITS_MAX) return ok(commits.toReversed());
  const fact = `${prefix} has more than ${COMMITS_MAX} commits`;
  return refuse("PRODUCT_INVALID", `${fact}, which is more than is split. Publish it by hand.`);
}

type OfFolder = {
  readonly source: Source;
  readonly prefix: string;
  readonly commits: readonly Commit[];
};

/** By commit; null where the folder was not there, or was a file. */
async function readTrees(
  deps: GitDeps,
  { source, prefix, commits }: OfFolder,
): Promise<Result<ReadonlyMap<string, string | null>>> {
  const checked = await outputOf(deps, {
    cwd: source.top,
    args: ["cat-file", "--batch-check=%(objecttype) %(objectname)"],
    stdin: commits.map(({ sha }) => `${sha}:${prefix}\n`).join(""),
  });
  if (!checked.ok) return checked;
  const lines = checked.value.split("\n");
  const trees = commits.map(({ sha }, index): [string, string | null] => [
    sha,
    /^tree ([0-9a-f]{40})$/.exec(lines[index] ?? "")?.[1] ?? null,
  ]);
  return ok(new Map(trees));
}

const FIELDS = ["%H", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", "%B"].join("%n");

/** Git gives all words in UTF-8, in whatever encoding they were written. */
async function readWords(
  deps: GitDeps,
  { top }: Source,
  commits: readonly Commit[],
): Promise<Result<ReadonlyMap<string, Words>>> {
  const shown = await outputOf(deps, {
    cwd: top,
    args: [
      "log",
      "--no-walk=unsorted",
      "--stdin",
      "-z",
      "--encoding=UTF-8",
      "--date=raw",
      "--no-notes",
      "--no-decorate",
      `--format=tformat:${FIELDS}`,
    ],
    stdin: commits.map(({ sha }) => `${sha}\n`).join(""),
  });
  if (!shown.ok) return shown;
  const words = new Map<string, Words>();
  for (const record of shown.value.split("\0")) {
    if (record === "") continue;
    const [sha = "", authorName = "", authorMail = "", authorDate = "", ...more] =
      record.split("\n");
    const [name = "", mail = "", date = "", ...message] = more;
    words.set(sha, {
      author: identOf(authorName, authorMail, authorDate),
      committer: identOf(name, mail, date),
      message: message.join("\n"),
    });
  }
  return ok(words);
}

/** Brackets end a name or an address: git has none within, but a commit that another program made may. */
const identOf = (name: string, mail: string, date: string): string => {
  const [plainName, plainMail] = [name, mail].map((text) => text.replaceAll(/[<>]/g, "").trim());
  return `${plainName === "" ? "" : `${plainName ?? ""} `}<${plainMail ?? ""}> ${date}`;
};

type Contents = {
  readonly trees: ReadonlyMap<string, string | null>;
  readonly words: ReadonlyMap<string, Words>;
};

function importStream(commits: readonly Commit[], { trees, words }: Contents): string {
  const marks = new Map(commits.map(({ sha }, index) => [sha, index + 1]));
  const parts: string[] = [];
  for (const { sha, parents } of commits) {
    const own = words.get(sha);
    if (own === undefined)
      throw new EngineError("WORKSPACE_FAILED", `git gave no words of the commit ${sha}.`);
    const from = parents.flatMap((parent) => marks.get(parent) ?? []);
    const tree = trees.get(sha) ?? null;
    // A first commit begins anew; without that it would go on from the last one.
    if (from.length === 0) parts.push(`reset ${REF}\n\n`);
    parts.push(
      `commit ${REF}\nmark :${marks.get(sha) ?? 0}\n`,
      `author ${own.author}\ncommitter ${own.committer}\n`,
      `data ${Buffer.byteLength(own.message)}\n${own.message}\n`,
      ...from.map((mark, place) => `${place === 0 ? "from" : "merge"} :${mark}\n`),
      tree === null ? "deleteall\n" : `M 040000 ${tree} ""\n`,
      "\n",
    );
  }
  return `${parts.join("")}done\n`;
}
