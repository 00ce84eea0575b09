// Whether the tree of a commit from outside may lie in a workspace, before any of it does. All that is against it is said at
// once, for the person who made it.
import { isWriteProtected } from "../../domain/governance.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import { FILE_BYTES_MAX } from "./disk.ts";
import type { GitSetting } from "./git-command.ts";
import { gitFailure, gitOutput, runGit } from "./git-command.ts";
import { parsePath, pathOf, shownName } from "./names.ts";

export type TreeEntry = {
  readonly path: string;
  readonly mode: string;
  readonly object: string;
  readonly sizeBytes: number;
};

type Place = { readonly gitDir: string; readonly commit: string };

const ENTRIES_MAX = 50_000;
const TREE_BYTES_MAX = 200 * 1024 * 1024;
const PROBLEMS_MAX = 20;
const PROBLEM_CHARACTERS_MAX = 300;
const COMMIT_ID = /^[0-9a-f]{40}$/;
/** A pointer is a file of three short lines. */
const POINTER_BYTES_MAX = 1024;
const POINTER = "^oid sha256:[0-9a-f]{64}$";
const FILE_MODES: ReadonlySet<string> = new Set(["100644", "100755"]);

/** Null when the repository has no such commit. */
export async function readTree(
  setting: GitSetting,
  { gitDir, commit }: Place,
): Promise<readonly TreeEntry[] | null> {
  if (!COMMIT_ID.test(commit)) return null;
  const there = await runGit(setting, { gitDir, args: ["cat-file", "-t", commit] });
  if (there.stdout.trim() !== "commit") return null;
  const args = ["ls-tree", "-r", "-z", "-l", "--full-tree", commit];
  return parseTree(await gitOutput(setting, { gitDir, args }));
}

const parseTree = (list: string): readonly TreeEntry[] =>
  list.split("\0").flatMap((record) => {
    const [, mode, object, size, path] =
      /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t([\s\S]+)$/.exec(record) ?? [];
    return mode === undefined || object === undefined || path === undefined
      ? []
      : [{ path, mode, object, sizeBytes: size === "-" ? 0 : Number(size) }];
  });

/** Gives the entries when nothing is against them. */
export async function judgeTree(
  setting: GitSetting,
  { gitDir, commit, touched }: Place & { readonly touched: readonly string[] },
): Promise<Result<readonly TreeEntry[]>> {
  const entries = await readTree(setting, { gitDir, commit });
  if (entries === null)
    return refuse("HISTORY_INCOMPLETE", "The commit was not fetched, or is no commit.", {
      commit: commit.slice(0, 40),
    });
  const problems = [
    ...judgeSize(entries),
    ...entries.flatMap((entry) => judgeEntry(entry)),
    ...judgePlaces(entries),
    ...touched.filter(isWriteProtected).map((path) => `${shownName(path)}: protected`),
    ...(await findPointers(setting, { gitDir, commit, entries })),
  ];
  if (problems.length === 0) return ok(entries);
  const shown = problems.slice(0, PROBLEMS_MAX).map((one) => one.slice(0, PROBLEM_CHARACTERS_MAX));
  const more =
    problems.length > PROBLEMS_MAX ? [`… and ${problems.length - PROBLEMS_MAX} more`] : [];
  return refuse("FILE_UNFIT", "The files of this commit cannot lie in a workspace.", {
    problems: [...shown, ...more],
  });
}

function judgeSize(entries: readonly TreeEntry[]): readonly string[] {
  const bytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [
    ...(entries.length > ENTRIES_MAX ? [`more than ${ENTRIES_MAX} files`] : []),
    ...(bytes > TREE_BYTES_MAX ? [`more than ${TREE_BYTES_MAX} bytes together`] : []),
  ];
}

const KINDS: Readonly<Record<string, string>> = {
  "120000": "a symbolic link",
  "160000": "a submodule",
};

function judgeEntry({ path, mode, sizeBytes }: TreeEntry): readonly string[] {
  const shown = shownName(path);
  if (!FILE_MODES.has(mode)) return [`${shown}: ${KINDS[mode] ?? `of the mode ${mode}`}`];
  const parsed = parsePath(path, []);
  if (!parsed.ok) return [`${shown}: ${parsed.error.message}`];
  // Git takes any bytes for a name; what is no text comes back as something else.
  if (pathOf(parsed.value) !== path || path.includes("\ufffd"))
    return [`${shown}: a name that is no plain text`];
  return sizeBytes > FILE_BYTES_MAX ? [`${shown}: larger than ${FILE_BYTES_MAX} bytes`] : [];
}

/** A tree made by hand may have a name twice, or a file where another has its folder. */
function judgePlaces(entries: readonly TreeEntry[]): readonly string[] {
  const paths = new Set<string>();
  const folders = new Set<string>();
  const twice: string[] = [];
  for (const { path } of entries) {
    if (paths.has(path)) twice.push(path);
    paths.add(path);
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1))
      folders.add(path.slice(0, end));
  }
  const both = [...paths].filter((path) => folders.has(path));
  return [...twice, ...both].map((path) => `${shownName(path)}: there twice`);
}

type Pointers = Place & { readonly entries: readonly TreeEntry[] };

async function findPointers(
  setting: GitSetting,
  { gitDir, commit, entries }: Pointers,
): Promise<readonly string[]> {
  const small = new Set(
    entries.filter(({ sizeBytes }) => sizeBytes <= POINTER_BYTES_MAX).map(({ path }) => path),
  );
  const args = ["grep", "-l", "-z", "-I", "--full-name", "-E", "-e", POINTER, commit];
  const command = { gitDir, args };
  const found = await runGit(setting, command);
  if (found.exitCode !== 0 && found.exitCode !== 1) throw gitFailure(command, found);
  return found.stdout
    .split("\0")
    .map((name) => name.slice(commit.length + 1))
    .filter((path) => small.has(path))
    .map((path) => `${shownName(path)}: a pointer of Git LFS; its content is not here`);
}
