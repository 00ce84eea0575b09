// Lets something work in the workspace that keeps no rules, such as a command, and sets right what it may not have done:
// protected paths are put back as they were, links, special files and names that nobody can write down are taken away.
// Says which other files changed. While it looks, nothing else that keeps no rules is at work: one at a time.
import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import { isWriteProtected } from "../../domain/governance.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Workspace, WorkspaceChanges } from "../../ports/workspace.ts";
import type { Components } from "./names.ts";
import { isOwnName, isTemporary, pathOf, shownName, temporaryName } from "./names.ts";
import { createQueue } from "./queue.ts";
import type { Folder } from "./safe-files.ts";
import {
  closeFolder,
  openFolder,
  openNext,
  readEntry,
  replaceFile,
  statEntry,
  tooLarge,
} from "./safe-files.ts";

/** Kept in memory while the command runs. */
const PROTECTED_BYTES_MAX = 32 * 1024 * 1024;
const ENTRIES_MAX = 200_000;
const DEPTH_MAX = 63;
const CHANGED_MAX = 500;
/** The loop of events gets its turn after so many entries. */
const BREATH_ENTRIES = 2000;

/** Made by machines out of other files: never a card's work, so not looked at for what changed. */
const MADE_FOLDERS: ReadonlySet<string> = new Set([
  "node_modules",
  "__pycache__",
  ".venv",
  ".pytest_cache",
  ".mypy_cache",
]);

export function createGuard(root: string): Pick<Workspace, "guarded"> {
  const inOrder = createQueue();
  return {
    guarded: (work) =>
      inOrder(async () => {
        const before = await takeNotes(root);
        if (!before.ok) return before;
        const notes = before.value;
        try {
          const value = await work();
          return ok({ value, changes: await setRight(root, notes) });
        } catch (error) {
          await setRight(root, notes);
          throw error;
        }
      }),
  };
}

type Notes = {
  /** Path → content; null for a folder. */
  readonly protectedPaths: Map<string, Buffer | null>;
  /** Path → what changes when the file does. */
  readonly marks: Map<string, Mark>;
};

/** A program that changes a file can set back the one time; `changedNs` is the kernel's. */
type Mark = {
  readonly content: string;
  readonly changedNs: bigint;
  readonly owner: bigint;
};

/** The box gives the files to the user it runs as before it begins, which counts as a change of the file to the kernel. */
const isSameMark = (now: Mark, before: Mark | undefined): boolean =>
  now.content === before?.content &&
  (now.changedNs === before.changedNs || now.owner !== before.owner);

async function takeNotes(root: string): Promise<Result<Notes>> {
  const notes: Notes = { protectedPaths: new Map(), marks: new Map() };
  const refused: Refused[] = [];
  let bytes = 0;
  await visit(root, (entry) => {
    if (refused.length > 0 || entry.isOdd) return false;
    if (notes.marks.size + notes.protectedPaths.size >= ENTRIES_MAX) {
      const why = `has more than ${ENTRIES_MAX} files, so no command is run in it`;
      refused.push(tooLarge([], why));
    } else if (!entry.isProtected) {
      if (entry.mark !== null) notes.marks.set(entry.path, entry.mark);
    } else {
      const content = entry.isFolder ? null : contentOf(entry, PROTECTED_BYTES_MAX - bytes);
      bytes += content?.length ?? 0;
      if (content === undefined)
        refused.push(tooLarge(entry.components, "cannot be kept safe from a command"));
      else notes.protectedPaths.set(entry.path, content);
    }
    return true;
  });
  return refused[0] ?? ok(notes);
}

/** Undefined for what cannot be kept or compared. */
function contentOf({ parent, components }: Entry, bytesMax: number): Buffer | undefined {
  const read = readEntry(parent, components, bytesMax);
  return read.ok && read.value !== null ? read.value : undefined;
}

async function setRight(root: string, before: Notes): Promise<WorkspaceChanges> {
  const restored = new Set<string>();
  const removed: string[] = [];
  const changed: string[] = [];
  const kept = new Set<string>();
  const missing = new Set(before.marks.keys());
  await visit(root, (entry) => {
    if (entry.isProtected && isAsBefore(entry, before.protectedPaths.get(entry.path))) {
      kept.add(entry.path);
      return true;
    }
    if (entry.isProtected || entry.isOdd) {
      if (entry.isProtected) restored.add(entry.path);
      else removed.push(entry.path);
      removeTree(entry.parent, entry.name);
      return false;
    }
    missing.delete(entry.path);
    if (entry.mark !== null && !isSameMark(entry.mark, before.marks.get(entry.path)))
      changed.push(entry.path);
    return true;
  });
  for (const [path, content] of before.protectedPaths) {
    if (kept.has(path)) continue;
    restored.add(path);
    await putBack(root, path.split("/"), content);
  }
  const all = [...changed, ...missing].sort();
  return {
    restored: [...restored].sort(),
    removed: removed.sort(),
    changed: all.slice(0, CHANGED_MAX),
    omitted: Math.max(0, all.length - CHANGED_MAX),
  };
}

/** Several links: another name for it would be a way around its protection. */
function isAsBefore(entry: Entry, known: Buffer | null | undefined): boolean {
  if (known === undefined || entry.isOdd) return false;
  if (known === null || entry.isFolder) return known === null && entry.isFolder;
  const now = contentOf(entry, known.length);
  return now !== undefined && now.equals(known);
}

async function putBack(
  root: string,
  components: Components,
  content: Buffer | null,
): Promise<void> {
  const folders = content === null ? components : components.slice(0, -1);
  clearWay(root, folders);
  const parent = openFolder(root, folders, true);
  const written =
    parent.ok && content !== null ? await replaceFile(parent.value, components, content) : parent;
  if (parent.ok) closeFolder(parent.value);
  if (written.ok) return;
  throw new EngineError("WORKSPACE_FAILED", `${pathOf(components)} could not be put back.`);
}

/** What stands where a folder was is the command's work. */
function clearWay(root: string, folders: Components): void {
  for (let depth = 1; depth <= folders.length; depth += 1) {
    const parent = openFolder(root, folders.slice(0, depth - 1));
    if (!parent.ok) return;
    const name = folders[depth - 1] ?? "";
    const stats = statEntry(parent.value, name);
    if (stats !== null && !stats.isDirectory()) removeTree(parent.value, Buffer.from(name));
    closeFolder(parent.value);
    if (stats === null) return;
  }
}

type Entry = {
  readonly parent: Folder;
  readonly components: Components;
  readonly path: string;
  readonly name: Buffer;
  readonly isFolder: boolean;
  readonly isProtected: boolean;
  /** A link, a special file, too deep, or of a name that is no text. */
  readonly isOdd: boolean;
  /** Of a regular file with one name that is somebody's work; null for all else. */
  readonly mark: Mark | null;
};

/** Every entry; `enters` is asked of each, and a folder is gone into when it says so. */
async function visit(root: string, enters: (entry: Entry) => boolean): Promise<void> {
  const folder = openFolder(root, []);
  if (!folder.ok) return;
  const seen = { entries: 0 };
  await visitFolder({ folder: folder.value, at: [], made: false, seen }, enters);
}

type Level = {
  readonly folder: Folder;
  readonly at: Components;
  /** Below one of the made folders. */
  readonly made: boolean;
  readonly seen: { entries: number };
};

async function visitFolder(level: Level, enters: (entry: Entry) => boolean): Promise<void> {
  const { folder, at, seen } = level;
  try {
    for (const name of readdirSync(folder.path, { encoding: "buffer" })) {
      seen.entries += 1;
      if (seen.entries % BREATH_ENTRIES === 0) await breathe();
      const entry = toEntry(level, name);
      if (entry === null || !enters(entry) || !entry.isFolder || entry.isOdd) continue;
      const next = openNext(folder, entry.components);
      if (!next.ok) continue;
      const made = level.made || MADE_FOLDERS.has(entry.components.at(-1) ?? "");
      await visitFolder(
        { folder: next.value, at: [...at, entry.components.at(-1) ?? ""], made, seen },
        enters,
      );
    }
  } finally {
    closeFolder(folder);
  }
}

/** Null for what is gone, and for Orket's own writes that are under way. */
function toEntry({ folder, at, made }: Level, name: Buffer): Entry | null {
  const text = name.toString("utf8");
  const isText = Buffer.from(text).equals(name);
  const components = [...at, text];
  const stats = statRaw(folder, name);
  if (stats === null || (isTemporary(text) && stats.isFile())) return null;
  const isFolder = stats.isDirectory();
  const isWork = stats.isFile() && stats.nlink === 1n && !made;
  return {
    parent: folder,
    components,
    path: isText ? pathOf(components) : shownName(pathOf(components)),
    name,
    isFolder,
    isProtected: isWriteProtected(pathOf(components)) || isOwnName(text),
    isOdd: !isText || !(isFolder || stats.isFile()) || components.length > DEPTH_MAX,
    mark: isWork ? markOf(stats) : null,
  };
}

const markOf = (stats: BigIntStats): Mark => ({
  content: `${stats.ino}:${stats.size}:${stats.mtimeNs}`,
  changedNs: stats.ctimeNs,
  owner: stats.uid,
});

const rawPath = (path: string, name: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${path}/`), name]);

const OWNER_ALL = 0o700;

/** Kind and times; a folder its owner may not enter is opened, and nothing keeps a set-user-id bit. */
function statRaw(folder: Folder, name: Buffer): BigIntStats | null {
  const path = rawPath(folder.path, name);
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return null;
  const mode = Number(stats.mode) & 0o7777;
  const plain = stats.isDirectory() ? (mode | OWNER_ALL) & 0o777 : mode & 0o777;
  if (plain === mode || !(stats.isDirectory() || stats.isFile())) return stats;
  chmodSync(path, plain);
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}

/**
 * Without recursion and without long paths, however deep it is: what is in a folder is moved up beside it, under one of the
 * names that no reader sees, and taken from there.
 */
function removeTree(parent: Folder, name: Buffer): void {
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const stats = statRaw(parent, next);
    if (stats === null) continue;
    const path = rawPath(parent.path, next);
    if (!stats.isDirectory()) {
      unlinkSync(path);
      continue;
    }
    for (const inner of readdirSync(path, { encoding: "buffer" })) {
      const innerPath = Buffer.concat([path, Buffer.from("/"), inner]);
      if (lstatSync(innerPath).isDirectory()) {
        const moved = temporaryName(randomBytes(12).toString("hex"));
        chmodSync(innerPath, OWNER_ALL);
        renameSync(innerPath, `${parent.path}/${moved}`);
        open.push(Buffer.from(moved));
      } else unlinkSync(innerPath);
    }
    rmdirSync(path);
  }
}
