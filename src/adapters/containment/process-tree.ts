// The processes of a box, as the machine outside sees them. Who left its parent inside belongs to the box's first process.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const PROCESSES_MAX = 4096;
/** Pages that belong to nobody else, and shared ones without a file behind them. */
const COUNTED = /^(?:RssAnon|RssShmem):\s+(\d+) kB$/gm;

export function residentBytes(procDir: string, rootPid: number): number {
  let kib = 0;
  for (const pid of treeOf(procDir, rootPid))
    for (const [, count] of read(join(procDir, `${pid}/status`)).matchAll(COUNTED))
      kib += Number(count);
  return kib * 1024;
}

function treeOf(procDir: string, rootPid: number): readonly number[] {
  const found = [rootPid];
  for (let index = 0; index < found.length && found.length < PROCESSES_MAX; index += 1) {
    const pid = found[index] ?? 0;
    const children = read(join(procDir, `${pid}/task/${pid}/children`));
    found.push(...children.split(" ").filter(Boolean).map(Number));
  }
  return found;
}

/** Tells a process from a later one with the same number; null when it is gone. */
export function startedAt(procDir: string, pid: number): string | null {
  // The name, in brackets, may hold anything.
  const fields =
    read(join(procDir, `${pid}/stat`))
      .split(") ")
      .at(-1)
      ?.split(" ") ?? [];
  const [state] = fields;
  return state === undefined || state === "" || state === "Z" || state === "X"
    ? null
    : (fields[19] ?? null);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
