// Copies what a build may read of an agent's folder. Each component is opened relative to the descriptor of its parent, so
// that no link leads astray, however the folder changes meanwhile; what is no plain file or folder is passed over.
import type { FileHandle } from "node:fs/promises";
import { constants, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: opening a FIFO would wait for its writer for ever. */
const FILE_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CHUNK_BYTES = 256 * 1024;
const DEPTH_MAX = 64;
/** Git's own folder, what may hold secrets, and what compose would read. */
const UNWANTED = /^(?:\.git|\.orket|\.env.*|(?:docker-)?compose(?:[.-].*)?\.ya?ml)$/i;

export type SourceCaps = { readonly filesMax: number; readonly bytesMax: number };

export const SOURCE_CAPS: SourceCaps = { filesMax: 20_000, bytesMax: 256 * 1024 * 1024 };

type Copy = SourceCaps & {
  readonly signal: AbortSignal;
  readonly used: { files: number; bytes: number };
};

export async function copySources(
  from: string,
  to: string,
  { caps = SOURCE_CAPS, signal }: { readonly caps?: SourceCaps; readonly signal: AbortSignal },
): Promise<Result<null>> {
  const copy: Copy = { ...caps, signal, used: { files: 0, bytes: 0 } };
  const root = await openIf(from, FOLDER_FLAGS);
  if (root === null)
    return refuse("SANDBOX_FAILED", "The folder of the sources is missing or no folder.");
  return copyFolder(root, { to, depth: 0 }, copy);
}

type Place = { readonly to: string; readonly depth: number };

async function copyFolder(
  folder: FileHandle,
  { to, depth }: Place,
  copy: Copy,
): Promise<Result<null>> {
  try {
    if (depth > DEPTH_MAX) return tooMuch(`lie deeper than ${DEPTH_MAX} folders`);
    await mkdir(to, { mode: 0o755 });
    const inside = `/proc/self/fd/${folder.fd}`;
    for (const entry of await readdir(inside, { withFileTypes: true })) {
      if (copy.signal.aborted) return refuse("SANDBOX_FAILED", "The work was stopped.");
      if (UNWANTED.test(entry.name) || !(entry.isDirectory() || entry.isFile())) continue;
      copy.used.files += 1;
      if (copy.used.files > copy.filesMax) return tooMuch(`are more than ${copy.filesMax} files`);
      const isFolder = entry.isDirectory();
      const opened = await openIf(`${inside}/${entry.name}`, isFolder ? FOLDER_FLAGS : FILE_FLAGS);
      // It changed since the folder was read, or may not be read.
      if (opened === null) continue;
      const target = { to: join(to, entry.name), depth: depth + 1 };
      const copied = isFolder
        ? await copyFolder(opened, target, copy)
        : await copyFile(opened, target.to, copy);
      if (!copied.ok) return copied;
    }
    return ok(null);
  } finally {
    await folder.close();
  }
}

async function copyFile(source: FileHandle, to: string, copy: Copy): Promise<Result<null>> {
  try {
    const stats = await source.stat();
    // A second name may be that of a file outside.
    if (!stats.isFile() || stats.nlink !== 1) return ok(null);
    const target = await open(to, "wx", (stats.mode & 0o111) === 0 ? 0o644 : 0o755);
    try {
      return await copyBytes(source, target, copy);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Counted while it is read: a file can grow after it was looked at, or be larger than it occupies. */
async function copyBytes(
  source: FileHandle,
  target: FileHandle,
  copy: Copy,
): Promise<Result<null>> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return ok(null);
    copy.used.bytes += bytesRead;
    if (copy.used.bytes > copy.bytesMax)
      return tooMuch(`are larger than ${copy.bytesMax} bytes together`);
    await target.write(buffer, 0, bytesRead);
  }
}

const tooMuch = (how: string): Result<never> =>
  refuse("SANDBOX_FAILED", `The sources ${how}; nothing was started.`);

const PASSED_OVER = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES", "ENODEV"]);

async function openIf(path: string, flags: number): Promise<FileHandle | null> {
  try {
    return await open(path, flags);
  } catch (error) {
    if (PASSED_OVER.has((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}
