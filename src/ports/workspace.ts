// The folder a build is made in, and its history. One per build; the git directory lies outside of it.
import type { Result } from "../domain/result.ts";

export type FileText = {
  readonly text: string;
  readonly digest: string;
  readonly sizeBytes: number;
};
export type DirectoryItem = { readonly name: string; readonly isDirectory: boolean };
export type SearchMatch = { readonly path: string; readonly line: number; readonly text: string };
export type SearchQuery = {
  readonly pattern: string;
  readonly literal: boolean;
  readonly path: string;
  readonly glob: string | null;
  readonly matchesMax: number;
};
export type CommitInfo = {
  readonly commit: string;
  readonly at: string;
  readonly subject: string;
  /** Trailers of the message: card, seat, turn, run. */
  readonly card: string;
  readonly seat: string;
  readonly turn: string;
};
export type CommitRequest = {
  /** Paths relative to the workspace; only these are committed, deletions included. */
  readonly paths: readonly string[];
  readonly subject: string;
  readonly card: string;
  readonly seat: string;
  readonly turn: string;
  readonly run: string;
};

/** What something that keeps no rules did. Paths are cut off at a limit; `omitted` counts the rest of `changed`. */
export type WorkspaceChanges = {
  /** Protected paths that were made, changed or removed; they are as they were before. */
  readonly restored: readonly string[];
  /** Links, special files and names that are no text; they are gone. */
  readonly removed: readonly string[];
  /** Files that were made, changed or removed, but for what machines make out of others (`node_modules`, …). */
  readonly changed: readonly string[];
  readonly omitted: number;
};

/**
 * Contract (test/contract/workspace.suite.ts checks each line):
 * - Every path is relative to the workspace and resolved component by component without following a link; an absolute
 *   path inside the workspace is taken as relative. What leaves the folder is PATH_ESCAPE, and nothing was touched.
 * - A digest is the SHA-256 of the content, in hex.
 * - `write` replaces atomically: temporary file, fsync, rename, fsync of the folder; parents are made. With
 *   `expectedDigest` (null = must not exist) another content there gives FILE_STALE and changes nothing.
 * - Read and write are refused for anything but regular files with one link; FIFOs do not hang.
 * - `search` stops at its match limit and at its time limit; a bad pattern is TOOL_ARGUMENT.
 * - `guarded` lets one work at a time into the folder that keeps no rules, and sets right what it did to protected paths
 *   when it has ended, also when it throws. FILE_TOO_LARGE, before anything began, when too much would have to be kept.
 * - `commit` with nothing changed gives null. It runs no hook, filter or attribute that lies in the workspace.
 */
export type Workspace = {
  readonly dir: string;
  /** The path relative to the workspace in normal form (`a/b.py`), or why it may not be used. Touches no file content. */
  readonly resolve: (path: string) => Promise<Result<string>>;
  readonly read: (path: string, bytesMax: number) => Promise<Result<FileText>>;
  readonly write: (
    path: string,
    text: string,
    expectedDigest?: string | null,
  ) => Promise<Result<FileText>>;
  readonly remove: (path: string) => Promise<Result<null>>;
  readonly list: (path: string) => Promise<Result<readonly DirectoryItem[]>>;
  readonly search: (
    query: SearchQuery,
    signal: AbortSignal,
  ) => Promise<Result<readonly SearchMatch[]>>;
  readonly guarded: <Value>(
    work: () => Promise<Value>,
  ) => Promise<Result<{ readonly value: Value; readonly changes: WorkspaceChanges }>>;
  readonly commit: (request: CommitRequest) => Promise<string | null>;
  /** Identifies the committed state: the head commit's tree, or `empty`. */
  readonly digest: () => Promise<string>;
  /** Made from the history, never from the files as they lie there; no links, no git folder. The caller removes it. */
  readonly snapshot: () => Promise<Snapshot>;
  /** Paths that differ from the last commit. */
  readonly changed: () => Promise<readonly string[]>;
  readonly history: (limit: number) => Promise<readonly CommitInfo[]>;
  /** Unified diff of one commit against its parent. */
  readonly diff: (commit: string) => Promise<string>;
};

/** Files below a folder of the host, by the same rules as those of a workspace. */
export type FolderFiles = Pick<Workspace, "read" | "write" | "list">;

/** A copy of what is committed, for whoever only looks at it or may spoil it. */
export type Snapshot = {
  readonly dir: string;
  /** As `digest` names that state. */
  readonly digest: string;
  readonly remove: () => Promise<void>;
};

/**
 * Commits from outside on their way into a build's workspace (test/contract/arrivals.suite.ts checks each line):
 * - What is in `dir` was judged by nobody; nothing of it lies in the workspace before `take`.
 * - `judge` refuses with FILE_UNFIT, each reason in `problems`: links, submodules, large files, pointers of Git LFS, names
 *   that a workspace cannot have, and protected paths among the touched. HISTORY_INCOMPLETE when the commit is not there.
 * - `take` judges again, then makes files and history be that tree and commits it: its digest is the tree of the commit.
 *   What is not in the history stays where it lies, unless it is in the way: FILE_UNFIT. Cut off, it can be done again.
 */
export type Arrivals = {
  /** A bare repository. */
  readonly dir: string;
  /** Gives what the digest of the workspace will be. */
  readonly judge: (arrival: Arrival) => Promise<Result<string>>;
  /** `commit` is null when all was so already. */
  readonly take: (
    arrival: Arrival,
    request: Omit<CommitRequest, "paths">,
  ) => Promise<Result<{ readonly commit: string | null; readonly digest: string }>>;
};

export type Arrival = {
  readonly commit: string;
  /** What the commit is said to change, old names included. */
  readonly touched: readonly string[];
};

/**
 * A build's files on their way to somebody else's repository (test/contract/departures.suite.ts checks each line):
 * - `prepare` puts them onto the parent, which lies in `dir`: what the build has is as the build has it, what the build once
 *   had and removed is gone, and everything else is as the parent has it. The same again gives the same commit.
 * - What was prepared is known by `wasSent` from then on, also after a crash; nothing else is.
 * - The workspace and its history are not changed.
 */
export type Departures = {
  /** A bare repository; what is to be sent onto is fetched there. */
  readonly dir: string;
  /**
   * Null when nothing would change, or the build has no commit. `changed`: every path whose content is another one, or is
   * there no more, than in the parent.
   */
  readonly prepare: (
    departure: Departure,
  ) => Promise<{ readonly commit: string; readonly changed: readonly string[] } | null>;
  readonly wasSent: (commit: string) => Promise<boolean>;
};

export type Departure = {
  readonly parent: string;
  readonly subject: string;
  readonly body: string;
};

export type WorkspaceFork = {
  readonly from: string;
  readonly to: string;
  /** The newest of them in the history is where the new workspace begins. */
  readonly commits: readonly string[];
};

export type Workspaces = {
  /** Makes the folder and its repository when they are missing. Build ids use `/` as the folder separator. */
  readonly open: (build: string) => Promise<Workspace>;
  /**
   * For the one who holds the build now: what a process that lost it has begun to write, and may go on with when it thaws,
   * comes to nothing.
   */
  readonly takeOver: (build: string) => Promise<void>;
  /** Makes the repository when it is missing. */
  readonly arrivals: (build: string) => Promise<Arrivals>;
  readonly departures: (build: string) => Promise<Departures>;
  /**
   * Makes workspaces of new builds out of the histories of others, which are only read. BUILD_EXISTS when anything of a
   * name is there, HISTORY_INCOMPLETE when a commit is not in its history; then none was made. Gives their digests; null
   * for one without commits.
   */
  readonly fork: (forks: readonly WorkspaceFork[]) => Promise<Result<readonly (string | null)[]>>;
};
