// Folders reached component by component, so that a link on the way is met and not followed. On Linux each step starts at the
// descriptor of the one before: what is swapped meanwhile changes nothing.
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { lstat, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "../../domain/errors.ts";
import type { FolderKind } from "../../domain/product.ts";

export type Folder = {
  /** As a person would name it. */
  readonly path: string;
  /** Path of a name in exactly this folder. */
  readonly inside: (name: string) => string;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type Opened = { readonly kind: "folder"; readonly folder: Folder } | NotFolder;
type NotFolder = { readonly kind: Exclude<FolderKind, "folder"> };

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** A name that stands for nothing but an entry of a folder; those that begin with a dot are never products. */
export const isPlainName = (name: string): boolean =>
  name !== "" && !name.startsWith(".") && !/[/\\\0\r\n]/.test(name);

/** `root` is trusted and may be reached by a link; what lies below it is not. */
export async function openRoot(root: string): Promise<Folder> {
  const path = await realpath(root);
  return asFolder(path, await open(path, FLAGS));
}

/** Closes `from`. */
export async function openBelow(from: Folder, names: readonly string[]): Promise<Opened> {
  let folder = from;
  for (const name of names) {
    const next = await openChild(folder, name);
    await folder.close();
    if (next.kind !== "folder") return next;
    folder = next.folder;
  }
  return { kind: "folder", folder };
}

async function openChild(folder: Folder, name: string): Promise<Opened> {
  if (!isPlainName(name)) return { kind: "outside" };
  try {
    const handle = await open(folder.inside(name), FLAGS);
    return { kind: "folder", folder: asFolder(join(folder.path, name), handle) };
  } catch (error) {
    return { kind: await kindOfFailure(folder.inside(name), error) };
  }
}

async function kindOfFailure(path: string, error: unknown): Promise<NotFolder["kind"]> {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "missing";
  if (code !== "ELOOP" && code !== "ENOTDIR")
    throw new EngineError("WORKSPACE_FAILED", "A folder of the products cannot be opened.", {
      details: { code },
      cause: error,
    });
  const found = await lstat(path);
  return found.isSymbolicLink() ? "link" : "file";
}

const asFolder = (path: string, handle: FileHandle): Folder => ({
  path,
  inside: (name) =>
    process.platform === "linux" ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name),
  sync: async () => handle.sync(),
  close: async () => handle.close(),
});
