// Gives a text file of the project that a prompt may show. Each folder on the way is opened inside of the one before, and
// no link is followed, so there is no moment between looking and reading.
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { isReadProtected } from "../../domain/governance.ts";
import { decodeText } from "./parse-text.ts";

const DESCRIPTORS = "/proc/self/fd";
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: opening a FIFO for reading would wait for its writer for ever. */
const FILE_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const PATH_CHARACTERS_MAX = 4096;
const FOLDERS_MAX = 64;

/** Null for everything that is not a readable text of at most `bytesMax` bytes, inside and unprotected. */
export async function readProjectText(
  projectDir: string,
  path: string,
  bytesMax: number,
): Promise<string | null> {
  const names = namesOf(path);
  const last = names?.pop();
  if (names === null || last === undefined || isReadProtected(path)) return null;
  let folder: FileHandle | null = null;
  try {
    // The project's folder is the person's own choice: a link to it is followed.
    folder = await open(projectDir, constants.O_RDONLY | constants.O_DIRECTORY);
    for (const name of names) {
      const next: FileHandle = await open(`${DESCRIPTORS}/${folder.fd}/${name}`, FOLDER_FLAGS);
      await folder.close();
      folder = next;
    }
    return await readText(`${DESCRIPTORS}/${folder.fd}/${last}`, bytesMax);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  } finally {
    await folder?.close();
  }
}

/** Null when the path is none of plain names below the project. */
function namesOf(path: string): string[] | null {
  if (
    path === "" ||
    path.length > PATH_CHARACTERS_MAX ||
    path.startsWith("/") ||
    /[\0\\]/.test(path)
  )
    return null;
  const names = path.split("/").filter((name) => name !== ".");
  return names.length > FOLDERS_MAX || names.some((name) => name === "" || name === "..")
    ? null
    : names;
}

async function readText(path: string, bytesMax: number): Promise<string | null> {
  const file = await open(path, FILE_FLAGS);
  try {
    const stats = await file.stat();
    // A second name elsewhere could make a protected file look like a free one.
    if (!stats.isFile() || stats.nlink > 1 || stats.size > bytesMax) return null;
    const bytes = Buffer.alloc(stats.size + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      ({ bytesRead: count } = await file.read(bytes, length, bytes.length - length, null));
    }
    // It grew while it was read.
    if (length > stats.size) return null;
    const text = decodeText(bytes.subarray(0, length));
    return text === null || text.includes("\0") ? null : text;
  } finally {
    await file.close();
  }
}
