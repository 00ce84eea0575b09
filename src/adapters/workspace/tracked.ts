// What of a workspace belongs to its history: regular files with one link, up to a size. Names are taken as they are on
// disk, whatever characters they hold; a contained command may have made them. Knows nothing of git but its blob ids.
import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import { isReadProtected } from "../../domain/governance.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Components } from "./names.ts";
import { isOwnName, pathOf } from "./names.ts";
import type { Folder } from "./safe-files.ts";
import { closeFolder, openFile, openFolder, readBytes } from "./safe-files.ts";
import { walkFiles } from "./walk.ts";

export type TrackedFile = {
  readonly bytes: Buffer;
  readonly blob: string;
  readonly mode: FileMode;
};
export type FileMode = "100644" | "100755";
export type TrackedEntry = {
  readonly blob: string;
  readonly mode: string;
  readonly sizeBytes: number;
};
export type TrackedEntries = ReadonlyMap<string, TrackedEntry>;

const TRACKED_BYTES_MAX = 32 * 1024 * 1024;
const EXECUTABLE = 0o100;
/** Between so many files other work gets its turn. */
const FILES_AT_ONCE = 200;

export function trackedComponents(path: string): Components {
  const components = path.split("/");
  const isBad = components.some(
    (name) =>
      name === "" || name === "." || name === ".." || name.includes("\0") || isOwnName(name),
  );
  if (isBad)
    throw new EngineError("INTERNAL", "A path to commit is not in normal form.", {
      details: { path },
    });
  return components;
}

/** Null when nothing that can be tracked is there; a link in the place of a file counts as its absence. */
export function readTracked(root: string, components: Components): TrackedFile | null {
  const parent = openFolder(root, components.slice(0, -1));
  if (!parent.ok) return null;
  try {
    return readTrackedIn(parent.value, components);
  } finally {
    closeFolder(parent.value);
  }
}

function readTrackedIn(parent: Folder, components: Components): TrackedFile | null {
  const file = openFile(parent, components);
  if (!file.ok) return null;
  try {
    const bytes = readBytes(file.value, TRACKED_BYTES_MAX);
    if (bytes === null) return null;
    const mode = (file.value.stats.mode & EXECUTABLE) === 0 ? "100644" : "100755";
    return { bytes, blob: blobOf(bytes), mode };
  } finally {
    closeSync(file.value.descriptor);
  }
}

const blobOf = (bytes: Buffer): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

export const isSame = (file: TrackedFile | null, entry: TrackedEntry | undefined): boolean =>
  file === null ? entry === undefined : entry?.blob === file.blob && entry.mode === file.mode;

/** Sorted. What was never committed and no agent may read (keys, `.env`) is not named, so that it stays out of histories. */
export async function changedPaths(
  root: string,
  entries: TrackedEntries,
): Promise<readonly string[]> {
  const missing = new Set(entries.keys());
  const changed: string[] = [];
  const enters = (components: Components): boolean => !isOwnName(components.at(-1) ?? "");
  const files = walkFiles({ root, from: [], enters });
  let count = 0;
  try {
    for (let next = files.next(); ; next = files.next()) {
      if (next.done) {
        if (!next.value.ok) throw new EngineError("WORKSPACE_FAILED", next.value.error.message);
        break;
      }
      const { parent, components } = next.value;
      const path = pathOf(components);
      if (entries.has(path) || !isReadProtected(path)) {
        const file = readTrackedIn(parent, components);
        if (file !== null) missing.delete(path);
        if (file !== null && !isSame(file, entries.get(path))) changed.push(path);
      }
      count += 1;
      if (count % FILES_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    files.return({ ok: true, value: null });
  }
  return [...changed, ...missing].sort();
}
