// Folders and files of a state, read by descriptors: each name is opened relative to its open parent and never through a link,
// so that an agent's command that changes its folders meanwhile leads nowhere else. Knows nothing of what a backup is.
import { createHash } from "node:crypto";
import type { BigIntStats, Dirent } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "../../domain/errors.ts";

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: opening a FIFO would wait for its writer for ever. */
const READ_FLAGS =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const WRITE_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
const CHUNK_BYTES = 256 * 1024;
const DEPTH_MAX = 100;

export type Visitor = {
  /** The folder is open while this works; false leaves out what is in it. */
  readonly folder: (path: string, stats: BigIntStats) => Promise<boolean>;
  readonly file: (path: string, file: FileHandle, stats: BigIntStats) => Promise<void>;
  /** What is no folder and no regular file, or cannot be read. */
  readonly other: (path: string, why: string) => void;
};

/** The path of what a descriptor holds open; what its name leads to by now does not matter. */
const held = (handle: FileHandle): string => `/proc/self/fd/${handle.fd}`;

/** Names in order; `objects` last, because git writes an object before what refers to it. */
const inOrder = (one: Dirent, other: Dirent): number => {
  if (one.name === "objects" || other.name === "objects")
    return Number(one.name === "objects") - Number(other.name === "objects");
  return one.name < other.name ? -1 : 1;
};

async function entriesOf(folder: FileHandle): Promise<readonly Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(held(folder))) entries.push(entry);
  return entries.toSorted(inOrder);
}

/** Visits what is in the folder, `wanted` by the names directly in it. What is gone when it is looked at was never there. */
export async function walk(
  dir: string,
  visitor: Visitor,
  wanted: (name: string) => boolean,
): Promise<void> {
  const root = await open(dir, FOLDER_FLAGS);
  try {
    for (const entry of await entriesOf(root))
      if (wanted(entry.name)) await visit(root, entry.name, { path: entry.name, visitor });
  } finally {
    await root.close();
  }
}

type Place = { readonly path: string; readonly visitor: Visitor };

async function visit(parent: FileHandle, name: string, { path, visitor }: Place): Promise<void> {
  // A name that is no UTF-8 cannot be opened by its text, and no manifest could name it.
  if (name.includes("\uFFFD")) return visitor.other(path, "its name is not UTF-8");
  const handle = await openEntry(`${held(parent)}/${name}`);
  if (handle === null) return;
  if (typeof handle === "string") return visitor.other(path, handle);
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return await visitor.file(path, handle, stats);
    if (!stats.isDirectory()) return visitor.other(path, "it is no regular file");
    if (path.split("/").length > DEPTH_MAX) return visitor.other(path, "it is too deep");
    if (!(await visitor.folder(path, stats))) return;
    for (const entry of await entriesOf(handle))
      await visit(handle, entry.name, { path: `${path}/${entry.name}`, visitor });
  } finally {
    await handle.close();
  }
}

/** Null when it is gone; words when it cannot be opened. */
async function openEntry(path: string): Promise<FileHandle | string | null> {
  try {
    return await open(path, READ_FLAGS);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    if (code === "ELOOP") return "it is a link";
    if (code === "ENXIO" || code === "ENODEV") return "it is no regular file";
    if (code === "EACCES" || code === "EPERM") return "it cannot be read";
    throw error;
  }
}

export type Copied = { readonly bytes: number; readonly sha256: string };

/** Writes what the open file holds; the digest is of what was written, whatever happens to the file meanwhile. */
export async function copyTo(file: FileHandle, to: string, mode: number): Promise<Copied> {
  const digest = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const target = await open(to, WRITE_FLAGS, mode);
  let bytes = 0;
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) break;
      const part = chunk.subarray(0, bytesRead);
      digest.update(part);
      await target.writeFile(part);
      bytes += bytesRead;
    }
    await target.chmod(mode);
  } finally {
    await target.close();
  }
  return { bytes, sha256: digest.digest("hex") };
}

export async function digestOf(path: string): Promise<Copied> {
  const file = await open(path, READ_FLAGS);
  const digest = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { bytes, sha256: digest.digest("hex") };
      digest.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Onto the disk: a file, or the names in a folder. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Everything that is named, what is in a folder before the folder. */
export async function syncAll(root: string, paths: readonly string[]): Promise<void> {
  const deepestFirst = paths.toSorted(
    (one, other) => other.split("/").length - one.split("/").length,
  );
  for (const path of deepestFirst) await sync(join(root, path));
  await sync(root);
}

/** What the machine did not let us do, as the engine says it. */
export function backupFailure(error: unknown, path: string): unknown {
  if (error instanceof EngineError || !(error instanceof Error) || !("code" in error)) return error;
  const reason = String(error.code);
  const options = { cause: error, details: { path, reason } };
  if (["ENOSPC", "EDQUOT", "EFBIG"].includes(reason))
    return new EngineError("STORE_FULL", `The disk is full: ${path} was not written.`, options);
  if (["EROFS", "EACCES", "EPERM"].includes(reason))
    return new EngineError("PROJECT_READ_ONLY", `${path} cannot be written or read.`, options);
  return error;
}
