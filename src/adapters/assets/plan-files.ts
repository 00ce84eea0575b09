// The files of a plan on disk: read, put in place, taken back. Each folder on the way is opened inside of the one before and
// no link is followed, so there is no moment in which a path could come to mean something else.
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { link, mkdir, open, rename, rm, rmdir, unlink } from "node:fs/promises";
import type { FileChange } from "../../domain/driver-plan.ts";
import { EngineError } from "../../domain/errors.ts";
import { FILE_BYTES_MAX } from "./parse-text.ts";
import { assetFileOf, codeOf } from "./project-files.ts";

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: opening a FIFO for reading would wait for its writer for ever. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const WRITE_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const NEW_FILE_MODE = 0o644;

/** What stands at a place: the text and the mode of a file, or nothing. */
type Present = { readonly text: string; readonly mode: number } | null;

/** The text of an asset file of a department, byte for byte; null when there is none. Links and the like are FILE_UNFIT. */
export async function readPlanned(projectDir: string, file: string): Promise<string | null> {
  const { names, name } = placeOf(file);
  const folder = await openFolder(projectDir, names);
  if (folder === null) return null;
  return closing(folder, async () => (await presentIn(folder, name, file))?.text ?? null);
}

export type Step = {
  readonly change: FileChange;
  /** Name of the unfinished file; known in advance, so that whoever comes after a crash can remove it. */
  readonly temporary: string;
  /** Told when the unfinished file is written and not in its place yet. */
  readonly onWritten: () => void;
};

/** Puts `after` where `before` stands. False when something else stands there; then nothing was done. */
export async function putInPlace(projectDir: string, step: Step): Promise<boolean> {
  const { change, temporary } = step;
  const { names, name } = placeOf(change.file);
  const folder = await openFolder(projectDir, names, change.after !== null);
  if (folder === null) return change.before === null && change.after === null;
  return closing(folder, async () => {
    await rm(inside(folder, temporary), { force: true });
    const present = await presentIn(folder, name, change.file);
    if ((present?.text ?? null) === change.after) return true;
    if ((present?.text ?? null) !== change.before) return false;
    const isDone = await replace(folder, { ...step, name, mode: present?.mode ?? NEW_FILE_MODE });
    await folder.sync();
    return isDone;
  });
}

/** Folders that exist only for files that are gone again. A folder with anything in it stays. */
export async function removeEmptyFolders(projectDir: string, file: string): Promise<void> {
  const { names } = placeOf(file);
  for (let depth = names.length; depth > 1; depth -= 1) {
    const folder = await openFolder(projectDir, names.slice(0, depth - 1));
    if (folder === null) continue;
    await closing(folder, async () => {
      await rmdir(inside(folder, names[depth - 1] ?? "")).catch(() => {});
    });
  }
}

/** Removes what a crash left beside a file. */
export async function removeTemporary(
  projectDir: string,
  file: string,
  temporary: string,
): Promise<void> {
  const folder = await openFolder(projectDir, placeOf(file).names);
  if (folder === null) return;
  await closing(folder, async () => rm(inside(folder, temporary), { force: true }));
}

export async function isFolderMissing(projectDir: string, file: string): Promise<boolean> {
  const folder = await openFolder(projectDir, placeOf(file).names);
  await folder?.close();
  return folder === null;
}

type Replacement = Step & { readonly name: string; readonly mode: number };

async function replace(folder: FileHandle, replacement: Replacement): Promise<boolean> {
  const { change, temporary, name, mode, onWritten } = replacement;
  const place = inside(folder, name);
  if (change.after === null) {
    await unlink(place);
    return true;
  }
  const written = inside(folder, temporary);
  const file = await open(written, WRITE_FLAGS, mode);
  await closing(file, async () => {
    await file.chmod(mode);
    await file.writeFile(change.after ?? "");
    await file.sync();
  });
  onWritten();
  if (change.before !== null) {
    await rename(written, place);
    return true;
  }
  try {
    // A name that somebody took meanwhile is not overwritten.
    await link(written, place);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(written);
  }
}

type Place = { readonly names: readonly string[]; readonly name: string };

/** A second line: plans are checked before, but what is read back from a journal is not trusted either. */
function placeOf(file: string): Place {
  if (assetFileOf(file) === null)
    throw new EngineError("PATH_ESCAPE", `${file} is no asset file of a department.`, {
      details: { file },
    });
  const names = file.split("/");
  return { names: names.slice(0, -1), name: names.at(-1) ?? "" };
}

const inside = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

async function openFolder(
  projectDir: string,
  names: readonly string[],
  create = false,
): Promise<FileHandle | null> {
  // The project's folder is the person's own choice: a link to it is followed.
  let folder = await open(projectDir, constants.O_RDONLY | constants.O_DIRECTORY);
  for (const name of names) {
    const path = inside(folder, name);
    try {
      if (create) await makeFolder(folder, path);
      const next: FileHandle = await open(path, FOLDER_FLAGS);
      await folder.close();
      folder = next;
    } catch (error) {
      await folder.close();
      const code = codeOf(error);
      if (code === "ENOENT") return null;
      if (code !== "ELOOP" && code !== "ENOTDIR") throw error;
      throw unfit(names.join("/"), "lies behind a link, or behind something that is no folder");
    }
  }
  return folder;
}

async function makeFolder(parent: FileHandle, path: string): Promise<void> {
  try {
    await mkdir(path);
    await parent.sync();
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

async function presentIn(folder: FileHandle, name: string, shown: string): Promise<Present> {
  const file = await open(inside(folder, name), READ_FLAGS).catch((error: unknown) => {
    const code = codeOf(error);
    if (code === "ENOENT") return null;
    if (code === "ELOOP") throw unfit(shown, "is a link");
    if (code === "ENXIO") throw unfit(shown, "is no file");
    throw error;
  });
  if (file === null) return null;
  return closing(file, async () => {
    const facts = await file.stat();
    if (!facts.isFile()) throw unfit(shown, "is no file");
    if (facts.nlink > 1) throw unfit(shown, "has a second name elsewhere");
    if (facts.size > FILE_BYTES_MAX) throw unfit(shown, `has more than ${FILE_BYTES_MAX} bytes`);
    const bytes = await file.readFile();
    const text = exactText(bytes);
    if (text === null) throw unfit(shown, "is no text in UTF-8");
    return { text, mode: facts.mode & 0o777 };
  });
}

/** With the byte order mark, so that the same bytes can be written again. */
function exactText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const unfit = (file: string, why: string): EngineError =>
  new EngineError("FILE_UNFIT", `${file} ${why}; the driver does not touch it.`, {
    details: { file },
  });

async function closing<Value>(file: FileHandle, use: () => Promise<Value>): Promise<Value> {
  try {
    return await use();
  } finally {
    await file.close();
  }
}
