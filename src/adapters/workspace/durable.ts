// Brings files and folders that others have made onto the disk. A name that stands in a folder, and the folder's own name in
// the one above it, can each be lost with the power when nobody asks for them to be kept.
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Nothing of ours is deeper or larger; a folder that is belongs to somebody else. */
const ENTRIES_MAX = 1000;

/** A file, or the names in a folder. */
export function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Everything below, what is in a folder before the folder. */
export function syncTree(dir: string): void {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).slice(0, ENTRIES_MAX);
  const deepestFirst = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted((one, other) => other.length - one.length);
  for (const path of deepestFirst) sync(path);
  sync(dir);
}

/** Makes the folder with those above it, and keeps the name of each. */
export function makeDurableFolder(dir: string): void {
  const first = mkdirSync(dir, { recursive: true });
  if (first === undefined) return;
  for (let made = dir; made.length >= first.length; made = dirname(made)) sync(dirname(made));
}
