// Whether a box fills the disk: asked while it runs. A file system knows no limit for a folder, so it is counted.
import { statfsSync } from "node:fs";
import type { ContainedCommand } from "../../ports/containment.ts";
import { measureTree } from "./workspace-folder.ts";

const MIB = 1024 ** 2;

/** The workspace is counted only when its file system has lost so much that it could be the cause. */
export function watchDisk(
  workspace: number,
  { workspace: access, limits }: ContainedCommand,
): () => boolean {
  if (access === "read-only") return () => false;
  const path = `/proc/self/fd/${workspace}`;
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  const limitBytes = limits.diskMiB * MIB;
  const before = measureTree(workspace);
  let free = freeBytes();
  return (): boolean => {
    const now = freeBytes();
    free = Math.max(free, now);
    if (free - now <= limitBytes) return false;
    if (measureTree(workspace) - before > limitBytes) return true;
    // Somebody else wrote: from here on only what comes after it counts.
    free = now;
    return false;
  };
}
