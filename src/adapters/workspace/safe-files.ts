// File access that no link can lead astray, however the folders change meanwhile. Each component is opened relative to
// the descriptor of its parent (`/proc/self/fd/<n>/<name>`, O_NOFOLLOW), so there is no moment between check and use.
// Everything is synchronous but the slow part, the fsync. Knows nothing of workspaces or of what is protected.
import { randomBytes } from "node:crypto";
import type { Dirent, Stats } from "node:fs";
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  opendirSync,
  readSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { EngineError } from "../../domain/errors.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Components } from "./names.ts";
import { pathOf, temporaryName } from "./names.ts";

/** A folder that is held open: whatever its path leads to later, this stays the same folder. */
export type Folder = { readonly descriptor: number; readonly path: string };

export type OpenFile = { readonly descriptor: number; readonly stats: Stats };

const DESCRIPTORS = "/proc/self/fd";
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: opening a FIFO for reading would wait for its writer for ever. */
const READ_FLAGS =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const CREATE_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
/** Somebody who removes a folder as fast as it is made does not keep Orket busy for ever. */
const MAKE_ATTEMPTS_MAX = 3;
const READ_CHUNK_BYTES = 64 * 1024;

const fsyncLater = promisify(fsync);

/** The walk needs descriptors as paths. A machine without them gets a clear answer instead of an unsafe walk. */
export function requireDescriptorPaths(descriptors: string = DESCRIPTORS): void {
  if (existsSync(descriptors)) return;
  throw new EngineError(
    "WORKSPACE_FAILED",
    `Workspaces need Linux with a mounted /proc: ${descriptors} is missing, and without it files cannot be opened safely. ` +
      "Run Orket on Linux, or in a Linux container or virtual machine.",
  );
}

const openedFolder = (path: string): Folder => {
  const descriptor = openSync(path, FOLDER_FLAGS);
  return { descriptor, path: `${DESCRIPTORS}/${descriptor}` };
};

export const closeFolder = (folder: Folder): void => closeSync(folder.descriptor);

/** The root itself is trusted up to its last component: the folders above lie outside of every agent's reach. */
export function openRoot(root: string): Result<Folder> {
  try {
    return ok(openedFolder(root));
  } catch (error) {
    if (isCode(error, "ENOENT")) return missing([]);
    throw fileFailure(root, error);
  }
}

/** Opens the folder that the components name; the caller closes it. With `make`, missing ones are made. */
export function openFolder(root: string, components: Components, make = false): Result<Folder> {
  const opened = openRoot(root);
  if (!opened.ok) return opened;
  let folder = opened.value;
  for (let depth = 1; depth <= components.length; depth += 1) {
    const next = attempt(() => openNext(folder, components.slice(0, depth), make), folder);
    closeFolder(folder);
    if (!next.ok) return next;
    folder = next.value;
  }
  return ok(folder);
}

/** A throw must not leave a descriptor behind. */
function attempt<Value>(act: () => Value, folder: Folder): Value {
  try {
    return act();
  } catch (error) {
    closeFolder(folder);
    throw error;
  }
}

/** The last of the components is opened inside of `parent`, which is the folder of all those before. */
export function openNext(parent: Folder, components: Components, make = false): Result<Folder> {
  const entry = entryPath(parent, components.at(-1));
  for (let attempts = 0; attempts < MAKE_ATTEMPTS_MAX; attempts += 1) {
    try {
      return ok(openedFolder(entry));
    } catch (error) {
      if (!isCode(error, "ENOENT") || !make) return refusalFor(parent, components, error);
    }
    const refused = makeFolder(parent, components);
    if (refused !== null) return refused;
  }
  return unfit(components, "is removed again and again by somebody else");
}

function makeFolder(parent: Folder, components: Components): Result<never> | null {
  try {
    mkdirSync(entryPath(parent, components.at(-1)), FOLDER_MODE);
    fsyncSync(parent.descriptor);
    return null;
  } catch (error) {
    return isCode(error, "EEXIST") ? null : refusalFor(parent, components, error);
  }
}

/** The second line against a name that is a path; the first is the parsing. */
function entryPath(parent: Folder, name: string | undefined): string {
  if (name === undefined || name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
    throw new EngineError("INTERNAL", "A name of a path component is no name.");
  }
  return `${parent.path}/${name}`;
}

/** What lies there, links not followed; null when nothing does. */
export function statEntry(parent: Folder, name: string): Stats | null {
  try {
    return lstatSync(entryPath(parent, name));
  } catch (error) {
    if (isCode(error, "ENOENT", "ENAMETOOLONG")) return null;
    throw error;
  }
}

/** Opens a regular file with one link for reading; the caller closes it. Anything else is refused, unopened if possible. */
export function openFile(parent: Folder, components: Components): Result<OpenFile> {
  const entry = entryPath(parent, components.at(-1));
  try {
    // Opening a device can already have an effect, so its kind is looked at first, and again on what was opened.
    const refused = judge(lstatSync(entry), components);
    if (refused !== null) return refused;
    const descriptor = openSync(entry, READ_FLAGS);
    const stats = fstatSync(descriptor);
    const late = judge(stats, components);
    if (late === null) return ok({ descriptor, stats });
    closeSync(descriptor);
    return late;
  } catch (error) {
    return refusalFor(parent, components, error);
  }
}

/** Null for a regular file. A count of 0 is a file that was replaced after it was opened: still the whole old content. */
export function judge(stats: Stats, components: Components): Result<never> | null {
  if (stats.isFile()) return stats.nlink <= 1 ? null : unfit(components, "has several hard links");
  if (stats.isDirectory()) return unfit(components, "is a directory");
  if (stats.isSymbolicLink()) return linked(components);
  return unfit(components, "is no regular file");
}

/** The whole content, or null when it is longer than `bytesMax` (also when it grows while it is read). */
export function readBytes(file: OpenFile, bytesMax: number): Buffer | null {
  if (file.stats.size > bytesMax) return null;
  const chunks: Buffer[] = [];
  let total = 0;
  for (let size = file.stats.size + 1; ; size = READ_CHUNK_BYTES) {
    const chunk = Buffer.allocUnsafe(size);
    const count = readSync(file.descriptor, chunk, 0, size, null);
    if (count === 0) return Buffer.concat(chunks, total);
    chunks.push(chunk.subarray(0, count));
    total += count;
    if (total > bytesMax) return null;
  }
}

/** Reads a file that hangs in an open folder; null when it is too long. */
export function readEntry(
  parent: Folder,
  components: Components,
  bytesMax: number,
): Result<Buffer | null> {
  const opened = openFile(parent, components);
  if (!opened.ok) return opened;
  try {
    return ok(readBytes(opened.value, bytesMax));
  } finally {
    closeSync(opened.value.descriptor);
  }
}

/** Writes beside, then renames over: a reader finds the old content or the new, a crash leaves one of them. */
export async function replaceFile(
  parent: Folder,
  components: Components,
  bytes: Uint8Array,
): Promise<Result<null>> {
  const name = components.at(-1) ?? "";
  const temporary = temporaryName(randomBytes(12).toString("hex"));
  try {
    const before = statEntry(parent, name);
    const refused = before === null ? null : judge(before, components);
    if (refused !== null) return refused;
    await writeTemporary(entryPath(parent, temporary), bytes, before);
    // The process may have been frozen meanwhile, and another one have taken over its run.
    if (!isSameEntry(before, statEntry(parent, name))) {
      discard(parent, temporary);
      return overtaken(components);
    }
    renameSync(entryPath(parent, temporary), entryPath(parent, name));
    await fsyncLater(parent.descriptor);
    return ok(null);
  } catch (error) {
    discard(parent, temporary);
    return refusalFor(parent, components, error);
  }
}

const isSameEntry = (before: Stats | null, now: Stats | null): boolean =>
  before?.ino === now?.ino && before?.mtimeMs === now?.mtimeMs && before?.size === now?.size;

const overtaken = (components: Components): Result<never> =>
  refuse(
    "FILE_STALE",
    `stale: ${pathOf(components)} was changed by somebody else while it was being written; nothing was written. Read it, then try again.`,
    { path: pathOf(components) },
  );

async function writeTemporary(
  path: string,
  bytes: Uint8Array,
  before: Stats | null,
): Promise<void> {
  const descriptor = openSync(path, CREATE_FLAGS, FILE_MODE);
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    // A script stays executable; a set-user-id bit does not survive.
    if (before !== null) fchmodSync(descriptor, before.mode & 0o777);
    await fsyncLater(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function discard(parent: Folder, name: string): void {
  try {
    unlinkSync(entryPath(parent, name));
  } catch {
    // It was never made, or is renamed already.
  }
}

/** Removes a regular file with one link. */
export async function removeFile(parent: Folder, components: Components): Promise<Result<null>> {
  const entry = entryPath(parent, components.at(-1));
  try {
    const refused = judge(lstatSync(entry), components);
    if (refused !== null) return refused;
    unlinkSync(entry);
    await fsyncLater(parent.descriptor);
    return ok(null);
  } catch (error) {
    return refusalFor(parent, components, error);
  }
}

/** Whether its owner may execute a file is all that a history keeps of its mode. */
export function setExecutable(
  parent: Folder,
  components: Components,
  isExecutable: boolean,
): Result<null> {
  const opened = openFile(parent, components);
  if (!opened.ok) return opened;
  const { descriptor, stats } = opened.value;
  try {
    const mode = isExecutable ? stats.mode | 0o111 : stats.mode & ~0o111;
    fchmodSync(descriptor, mode & 0o777);
    return ok(null);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes a folder when nothing is in it; false when it stays. */
export function removeEmptyFolder(parent: Folder, name: string): boolean {
  try {
    rmdirSync(entryPath(parent, name));
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return true;
    if (isCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR", "EACCES", "EPERM", "EBUSY")) return false;
    throw error;
  }
}

/** The entries in the order of their names, or null when there are more than `entriesMax`. */
export function readFolder(folder: Folder, entriesMax: number): readonly Dirent[] | null {
  const opened = opendirSync(folder.path);
  try {
    const entries: Dirent[] = [];
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
      if (entries.length >= entriesMax) return null;
      entries.push(entry);
    }
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  } finally {
    opened.closeSync();
  }
}

/** Whether what stands there is a link decides between an escape and a file of the wrong kind. */
function refusalFor(parent: Folder, components: Components, error: unknown): Result<never> {
  if (isCode(error, "ENOENT")) return missing(components);
  if (isCode(error, "ELOOP")) return linked(components);
  if (isCode(error, "ENOTDIR"))
    return isLink(parent, components) ? linked(components) : unfit(components, "is no directory");
  if (isCode(error, "EISDIR", "ENOTEMPTY", "EEXIST")) return unfit(components, "is a directory");
  if (isCode(error, "EACCES", "EPERM", "ENXIO", "ETXTBSY"))
    return unfit(components, "may not be opened or changed by Orket");
  if (isCode(error, "ENAMETOOLONG"))
    return refuse("TOOL_ARGUMENT", "The path has too long a name.", { path: pathOf(components) });
  throw fileFailure(pathOf(components), error);
}

function isLink(parent: Folder, components: Components): boolean {
  return statEntry(parent, components.at(-1) ?? "")?.isSymbolicLink() ?? false;
}

const missing = (components: Components): Result<never> =>
  refuse("FILE_MISSING", `not_found: ${pathOf(components)} does not exist.`, {
    path: pathOf(components),
  });

/** Where the link leads is not asked here: none is followed. */
const linked = (components: Components): Result<never> =>
  refuse(
    "PATH_ESCAPE",
    `path escape: ${pathOf(components)} is a symbolic link; links are not followed.`,
    {
      path: pathOf(components),
      link: true,
    },
  );

export const unfit = (components: Components, why: string): Refused =>
  refuse("FILE_UNFIT", `${pathOf(components)} ${why}.`, { path: pathOf(components) });

export const tooLarge = (components: Components, why: string): Refused =>
  refuse("FILE_TOO_LARGE", `${pathOf(components)} ${why}.`, { path: pathOf(components) });

const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && "code" in error && codes.includes(String(error.code));

/** What is the machine's fault, not the path's. */
export function fileFailure(path: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const options = { cause, details: { path } };
  if (isCode(cause, "ENOSPC", "EDQUOT", "EFBIG")) {
    return new EngineError(
      "STORE_FULL",
      `The disk is full: ${path} was not written. Make room, then resume.`,
      options,
    );
  }
  if (isCode(cause, "EROFS", "EACCES", "EPERM")) {
    return new EngineError(
      "PROJECT_READ_ONLY",
      `${path} cannot be written. Make the state directory writable.`,
      options,
    );
  }
  return new EngineError("WORKSPACE_FAILED", `${path} could not be read or written.`, options);
}
