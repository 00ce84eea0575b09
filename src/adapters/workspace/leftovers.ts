// Unfinished writes of a process that was killed. They are hidden from every reader; here they go.
import type { Components } from "./names.ts";
import { isOwnName, isTemporary } from "./names.ts";
import { removeFile, statEntry } from "./safe-files.ts";
import { walkFiles } from "./walk.ts";

/** Younger ones may belong to a process that writes right now. */
export const LEFTOVER_MS_MIN = 60 * 60 * 1000;
/** Opening stays quick in a huge workspace; what is not reached hurts nobody. */
const ENTRIES_MAX = 20_000;

/** Those that were last written to before that moment. */
export async function removeLeftovers(root: string, beforeMs: number): Promise<void> {
  let entries = 0;
  const enters = (components: Components, isDirectory: boolean): boolean => {
    entries += 1;
    const name = components.at(-1) ?? "";
    return entries <= ENTRIES_MAX && (isDirectory ? !isOwnName(name) : isTemporary(name));
  };
  for (const { parent, components } of walkFiles({ root, from: [], enters })) {
    const stats = statEntry(parent, components.at(-1) ?? "");
    if (stats !== null && stats.mtimeMs < beforeMs) await removeFile(parent, components);
  }
}
