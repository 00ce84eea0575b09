// The files of a workspace on disk: resolve, read, write, remove, list. Its history stands in git.ts, finding in search.ts.
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { isReadProtected } from "../../domain/governance.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { DirectoryItem, FileText, Workspace } from "../../ports/workspace.ts";
import { judgeLink } from "./links.ts";
import type { Components } from "./names.ts";
import { isOwnName, parsePath, pathOf, shownName } from "./names.ts";
import { createQueue } from "./queue.ts";
import type { Folder } from "./safe-files.ts";
import {
  closeFolder,
  judge,
  openFolder,
  readEntry,
  readFolder,
  removeFile,
  replaceFile,
  statEntry,
  tooLarge,
  unfit,
} from "./safe-files.ts";

export type DiskFiles = Pick<Workspace, "resolve" | "read" | "write" | "remove" | "list">;

export const FILE_BYTES_MAX = 16 * 1024 * 1024;
const ENTRIES_MAX = 10_000;

type Roots = {
  /** Without links. */
  readonly root: string;
  /** Each absolute path under which an agent may know the workspace. */
  readonly aliases: readonly string[];
};

export function createDiskFiles({ root, aliases }: Roots): DiskFiles {
  // Two writers of one file must not both find the digest they expect.
  const inOrder = createQueue();
  const parse = (path: string): Result<Components> => parsePath(path, aliases);
  const judged = <Value>(result: Result<Value>): Result<Value> =>
    result.ok ? result : { ok: false, error: judgeLink(result.error, root) };

  return {
    resolve: async (path) => {
      const parsed = parse(path);
      return parsed.ok ? judged(resolve(root, parsed.value)) : parsed;
    },
    read: async (path, bytesMax) => {
      const parsed = parse(path);
      return parsed.ok ? judged(read(root, parsed.value, bytesMax)) : parsed;
    },
    write: async (path, text, expectedDigest) => {
      const parsed = parse(path);
      if (!parsed.ok) return parsed;
      const unwritable = checkText(text, path);
      if (unwritable !== null) return unwritable;
      const request = { components: parsed.value, text, expectedDigest };
      return judged(await inOrder(() => write(root, request)));
    },
    remove: async (path) => {
      const parsed = parse(path);
      return parsed.ok ? judged(await inOrder(() => remove(root, parsed.value))) : parsed;
    },
    list: async (path) => {
      const parsed = parse(path);
      return parsed.ok ? judged(list(root, parsed.value)) : parsed;
    },
  };
}

export const digestOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

/** What exists of the path must be folders without links, and at the end anything but a link. */
function resolve(root: string, components: Components): Result<string> {
  const name = components.at(-1);
  if (name === undefined) return ok(".");
  const result = withParent(root, components, (parent) => {
    const stats = statEntry(parent, name);
    const refused = stats?.isSymbolicLink() ? judge(stats, components) : null;
    return refused ?? ok(null);
  });
  if (!result.ok && result.error.code !== "FILE_MISSING") return result;
  return ok(pathOf(components));
}

function read(root: string, components: Components, bytesMax: number): Result<FileText> {
  const bytes = readContent(root, components, Math.min(bytesMax, FILE_BYTES_MAX));
  if (!bytes.ok) return bytes;
  const text = textOf(bytes.value);
  if (text === null) return unfit(components, "is binary");
  return ok({ text, digest: digestOf(bytes.value), sizeBytes: bytes.value.length });
}

function readContent(root: string, components: Components, bytesMax: number): Result<Buffer> {
  if (components.length === 0) return unfit(components, "is a directory");
  const bytes = withParent(root, components, (parent) => readEntry(parent, components, bytesMax));
  if (!bytes.ok) return bytes;
  return bytes.value === null
    ? tooLarge(components, `is larger than ${bytesMax} bytes`)
    : ok(bytes.value);
}

/** Null for what is not text: what was read must be the same when it is written back. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    // A byte order mark is content; the decoder would swallow it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function checkText(text: string, path: string): Refused | null {
  if (!text.isWellFormed() || text.includes("\0")) {
    return refuse(
      "TOOL_ARGUMENT",
      "The text holds a NUL or half a character, so it could not be read back.",
      { path },
    );
  }
  if (Buffer.byteLength(text) <= FILE_BYTES_MAX) return null;
  return refuse("FILE_TOO_LARGE", `The text is larger than ${FILE_BYTES_MAX} bytes.`, { path });
}

type WriteRequest = {
  readonly components: Components;
  readonly text: string;
  readonly expectedDigest: string | null | undefined;
};

async function write(
  root: string,
  { components, text, expectedDigest }: WriteRequest,
): Promise<Result<FileText>> {
  if (components.length === 0) return unfit(components, "is a directory");
  // Before the parents are made: a refused write leaves nothing behind.
  const stale = expectedDigest === undefined ? null : checkDigest(root, components, expectedDigest);
  if (stale !== null) return stale;
  const parent = openFolder(root, components.slice(0, -1), true);
  if (!parent.ok) return parent;
  try {
    const bytes = Buffer.from(text);
    const replaced = await replaceFile(parent.value, components, bytes);
    return replaced.ok ? ok({ text, digest: digestOf(bytes), sizeBytes: bytes.length }) : replaced;
  } finally {
    closeFolder(parent.value);
  }
}

function checkDigest(
  root: string,
  components: Components,
  expectedDigest: string | null,
): Refused | null {
  const bytes = readContent(root, components, FILE_BYTES_MAX);
  if (!bytes.ok && bytes.error.code !== "FILE_MISSING") return bytes;
  const digest = bytes.ok ? digestOf(bytes.value) : null;
  if (digest === expectedDigest) return null;
  const path = pathOf(components);
  const fact =
    digest === null
      ? "does not exist any more"
      : expectedDigest === null
        ? "exists already"
        : "was changed meanwhile";
  return refuse(
    "FILE_STALE",
    `stale: ${path} ${fact}; nothing was written. Read it, then try again.`,
    { path, digest },
  );
}

async function remove(root: string, components: Components): Promise<Result<null>> {
  if (components.length === 0) return unfit(components, "is a directory");
  const parent = openFolder(root, components.slice(0, -1));
  if (!parent.ok) return parent;
  try {
    return await removeFile(parent.value, components);
  } finally {
    closeFolder(parent.value);
  }
}

function list(root: string, components: Components): Result<readonly DirectoryItem[]> {
  const folder = openFolder(root, components);
  if (!folder.ok) return folder;
  try {
    const entries = readFolder(folder.value, ENTRIES_MAX);
    if (entries === null)
      return tooLarge(components, `has more than ${ENTRIES_MAX} entries; search it instead`);
    return ok(entries.filter((entry) => !isHidden(components, entry.name)).map(toItem));
  } finally {
    closeFolder(folder.value);
  }
}

/** What an agent may not read it need not see. */
export const isHidden = (folder: Components, name: string): boolean =>
  isOwnName(name) || isReadProtected([...folder, name].join("/"));

const toItem = (entry: Dirent): DirectoryItem => ({
  name: shownName(entry.name),
  isDirectory: entry.isDirectory(),
});

function withParent<Value>(
  root: string,
  components: Components,
  use: (parent: Folder) => Result<Value>,
): Result<Value> {
  const parent = openFolder(root, components.slice(0, -1));
  if (!parent.ok) return parent;
  try {
    return use(parent.value);
  } finally {
    closeFolder(parent.value);
  }
}
