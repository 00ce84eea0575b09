// The workspace before it is bound into a box: opened once without following a link, given to the id the box runs as, and
// measured. Between opening and binding nothing can be put in its place.
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
  readdirSync,
} from "node:fs";
import type { Stats } from "node:fs";

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const ENTRIES_MAX = 1_000_000;
const DEPTH_MAX = 128;
const BLOCK_BYTES = 512;

export type Opened = { readonly descriptor: number; readonly close: () => void };

/** Throws when it is a link, no folder, or not there. */
export function openFolder(path: string): Opened {
  const descriptor = openSync(path, FOLDER_FLAGS);
  return { descriptor, close: () => closeSync(descriptor) };
}

/** Bytes that the tree takes on the disk. */
export const measureTree = (folder: number): number => {
  let bytes = 0;
  walkTree(folder, (_, stats) => {
    bytes += stats.blocks * BLOCK_BYTES;
  });
  return bytes;
};

/** What belongs to others becomes that user's, but for files with a second name: it may lie anywhere. */
export function giveTree(folder: number, owner: number): void {
  if (fstatSync(folder).uid !== owner) fchownSync(folder, owner, owner);
  walkTree(folder, (path, stats) => {
    if (stats.uid === owner || (!stats.isDirectory() && stats.nlink > 1)) return;
    // The descriptor in front of it is resolved; a link at its end is not followed.
    lchownSync(path as unknown as string, owner, owner);
  });
}

type Visit = (path: Buffer, stats: Stats) => void;

/** By descriptors, so that no link leads out of the tree. */
function walkTree(root: number, visit: Visit): void {
  let entries = 0;
  const walk = (folder: number, depth: number): void => {
    const here = `/proc/self/fd/${folder}`;
    for (const name of readdirSync(here, { encoding: "buffer" })) {
      entries += 1;
      if (entries > ENTRIES_MAX || depth > DEPTH_MAX)
        throw new Error("The workspace has too many files, or too many folders in one another.");
      const path = Buffer.concat([Buffer.from(`${here}/`), name]);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      visit(path, stats);
      if (!stats.isDirectory()) continue;
      const inner = openSync(path, FOLDER_FLAGS);
      try {
        walk(inner, depth + 1);
      } finally {
        closeSync(inner);
      }
    }
  };
  walk(root, 0);
}
