// The project's own git repository, read and never written: what its last commit has of a folder, and whether the folder is so.
// It is the user's, so its settings are in force where reading needs them; nothing it names as a program is started.
import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { EngineError } from "../../domain/errors.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Processes, ProcessResult } from "../../ports/process.ts";

export type GitDeps = {
  readonly processes: Processes;
  /** Where git is looked for, as in PATH. */
  readonly searchPath: string;
};

export type Source = {
  readonly top: string;
  /** Where the objects are, absolute. */
  readonly objects: string;
  /** The commit that is looked at. */
  readonly head: string;
};

type Command = {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Instead of the repository's. */
  readonly index?: string;
};

const TIMEOUT_MS = 120_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const REASON_CHARACTERS_MAX = 300;

const OPTIONS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.sparseCheckout=false",
  "core.splitIndex=false",
  "core.ignoreStat=false",
  "core.quotePath=false",
  "log.showSignature=false",
  "log.mailmap=false",
  "protocol.allow=never",
  "submodule.recurse=false",
  "gc.auto=0",
].flatMap((option) => ["-c", option]);

export const gitEnvironment = (searchPath: string): Readonly<Record<string, string>> => ({
  PATH: searchPath,
  LC_ALL: "C",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: "",
  // A status must not refresh the index, nor a missing object be fetched, nor another one be shown in its place.
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
});

export async function runIn(
  { processes, searchPath }: GitDeps,
  { cwd, args, stdin, index }: Command,
): Promise<ProcessResult> {
  const result = await processes.run({
    argv: ["git", "--literal-pathspecs", "--no-pager", ...OPTIONS, ...args],
    cwd,
    env: {
      ...gitEnvironment(searchPath),
      ...(index === undefined ? {} : { GIT_INDEX_FILE: index }),
    },
    timeoutMs: TIMEOUT_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (result.ended === "not-started")
    throw new EngineError(
      "WORKSPACE_FAILED",
      "git could not be started. Install git 2.31 or newer and put it on the PATH.",
      { details: { reason: result.stderr } },
    );
  return result;
}

const isWell = ({ ended, exitCode }: ProcessResult): boolean =>
  ended === "exited" && exitCode === 0;

export function unreadable(what: string, { ended, stderr }: ProcessResult): Refused {
  const reason = stderr.trim().split("\n")[0]?.slice(0, REASON_CHARACTERS_MAX) ?? "";
  const why = ended === "exited" ? reason : `it ended by ${ended}`;
  return refuse("PRODUCT_INVALID", `git does not read ${what}: ${why}`, { reason: why });
}

/** The output of a command that has to succeed. */
export async function outputOf(deps: GitDeps, command: Command): Promise<Result<string>> {
  const result = await runIn(deps, command);
  return isWell(result) ? ok(result.stdout) : unreadable("the project's repository", result);
}

/** The repository that the project's folder lies in. */
export async function openSource(deps: GitDeps, projectDir: string): Promise<Result<Source>> {
  const found = await outputOf(deps, {
    cwd: projectDir,
    args: [
      "rev-parse",
      "--path-format=absolute",
      "--show-toplevel",
      "--git-path",
      "objects",
      "--show-object-format",
    ],
  });
  if (!found.ok) {
    const fact =
      "The products are published out of git, and the project lies in no repository of it";
    return refuse("PRODUCT_INVALID", `${fact}. ${found.error.message}`, found.error.details);
  }
  const [top = "", objects = "", format = ""] = found.value.split("\n");
  if (!isAbsolute(objects) || format !== "sha1" || !isWithin(await realpath(top), projectDir))
    return refuse(
      "PRODUCT_INVALID",
      "The project's git repository is of no kind that is published.",
    );
  const head = await outputOf(deps, { cwd: top, args: ["rev-parse", "--verify", "HEAD^{commit}"] });
  if (!head.ok) return refuse("PRODUCT_INVALID", "The project's repository has no commit yet.");
  return ok({ top, objects, head: head.value.trim() });
}

const isWithin = (top: string, dir: string): boolean => {
  const path = relative(top, dir);
  return path === "" || (!isAbsolute(path) && path.split(sep)[0] !== "..");
};

/** Path of the folder in the repository, with slashes. */
export async function prefixOf({ top }: Source, folder: string): Promise<string> {
  return relative(await realpath(top), folder)
    .split(sep)
    .join("/");
}

export type Entry = { readonly kind: "folder" | "repository" | "file"; readonly sha: string };

/** What the commit has under that path; null for nothing. */
export async function entryAt(
  deps: GitDeps,
  { top, head }: Source,
  prefix: string,
): Promise<Result<Entry | null>> {
  const args = ["ls-tree", "-z", "--full-tree", head, "--", prefix];
  const listed = await outputOf(deps, { cwd: top, args });
  if (!listed.ok) return listed;
  const [, mode, sha] = /^(\d{6}) \w+ ([0-9a-f]{40})\t/.exec(listed.value) ?? [];
  if (mode === undefined || sha === undefined) return ok(null);
  return ok({
    kind: mode === "040000" ? "folder" : mode === "160000" ? "repository" : "file",
    sha,
  });
}

export type Look = {
  readonly committedMs: number | null;
  readonly isClean: boolean;
  readonly holdsIgnored: boolean;
};

export type LookRequest = {
  readonly source: Source;
  readonly prefix: string;
  /** A file that is made for this look. */
  readonly index: string;
};

export async function lookAtFolder(
  deps: GitDeps,
  { source: { top, head }, prefix, index }: LookRequest,
): Promise<Result<Look>> {
  const last = await outputOf(deps, {
    cwd: top,
    args: ["log", "-1", "--format=%ct", head, "--", prefix],
  });
  if (!last.ok) return last;
  const status = await outputOf(deps, {
    cwd: top,
    args: [
      "status",
      "--porcelain=v1",
      "-z",
      "--untracked-files=all",
      "--ignored=matching",
      "--no-renames",
      // Looking into a nested repository would be by its own settings; see below.
      "--ignore-submodules=all",
      "--",
      prefix,
    ],
  });
  if (!status.ok) return status;
  const lines = status.value.split("\0").filter((line) => line !== "");
  const nested = await holdsRepository(deps, { top, head, prefix });
  if (!nested.ok) return nested;
  const changed = await differs(deps, { top, head, prefix }, index);
  if (!changed.ok) return changed;
  const seconds = Number.parseInt(last.value, 10);
  return ok({
    committedMs: Number.isNaN(seconds) ? null : seconds * 1000,
    isClean: !nested.value && !changed.value && lines.every((line) => line.startsWith("!! ")),
    holdsIgnored: lines.some((line) => line.startsWith("!! ")),
  });
}

type Subtree = Pick<Source, "top" | "head"> & { readonly prefix: string };

/** What a repository within the folder holds is in no commit of this one. */
async function holdsRepository(
  deps: GitDeps,
  { top, head, prefix }: Subtree,
): Promise<Result<boolean>> {
  const args = ["ls-tree", "-r", "-z", "--full-tree", head, "--", prefix];
  const listed = await outputOf(deps, { cwd: top, args });
  if (!listed.ok) return listed;
  return ok(listed.value.split("\0").some((entry) => entry.startsWith("160000 ")));
}

/**
 * Every file read and compared. The index of the project tells git which files need no look: those with times that fit, and
 * those that a person told it to overlook. A new index knows none of that.
 */
async function differs(
  deps: GitDeps,
  { top, head, prefix }: Subtree,
  index: string,
): Promise<Result<boolean>> {
  const made = await outputOf(deps, { cwd: top, args: ["read-tree", head], index });
  if (!made.ok) return made;
  const flags = ["--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=all"];
  const args = ["status", ...flags, "--", prefix];
  const status = await outputOf(deps, { cwd: top, args, index });
  return status.ok ? ok(status.value !== "") : status;
}

/** An own place for the objects of a call, which sees those of the source. */
export const alternates = ({ objects }: Source, gitDir: string) => ({
  path: join(gitDir, "objects", "info", "alternates"),
  text: `${objects}\n`,
});
