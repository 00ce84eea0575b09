// File systems of a test's own, where the machine lets it mount any: small ones, read-only ones, and one whose power fails.
import { execFileSync } from "node:child_process";

/** Runs a program of the machine; throws with what it said. */
export const must = (file: string, ...args: readonly string[]): string =>
  execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const MEMORY_SIZE = "size=64k";

/** Null where mounting is possible; else why it is not, for the test to skip itself with. */
export function noMounts(probe: string): string | null {
  try {
    must("mount", "-t", "tmpfs", "-o", MEMORY_SIZE, "tmpfs", probe);
    must("umount", probe);
    return null;
  } catch (error) {
    return `this user may not mount here: ${String(error).split("\n")[1] ?? String(error)}`;
  }
}

/** Gives what takes the file system away again, whoever still has a file open there. */
export function mount(folder: string, ...args: readonly string[]): () => void {
  must("mount", ...args, folder);
  let isThere = true;
  return () => {
    if (isThere) must("umount", "--lazy", folder);
    isThere = false;
  };
}
