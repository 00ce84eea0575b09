// Holds the memory of a box: by a control group of the kernel where we may make one, else by watching. Which it is is found
// by trying, once.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import { residentBytes } from "./process-tree.ts";

export type GuardedBox = {
  /** Words before the command line that put the box where it is counted; empty when it is watched instead. */
  readonly enter: readonly string[];
  /** True once the box went over its limit; asked from time to time and at the end. */
  readonly isOver: (rootPid: number | null) => boolean;
  readonly close: () => Promise<void>;
};

export type MemoryGuard = {
  readonly kind: "cgroup" | "watchdog";
  readonly open: (name: string, limitBytes: number) => GuardedBox;
};

type Group = {
  /** The folder in which groups are made. */
  readonly parent: string;
  readonly limits: (bytes: number) => Readonly<Record<string, string>>;
  /** The file that counts kills for want of memory. */
  readonly kills: string;
};

/** The shell joins the group before anything else is started, so that nothing is ever outside. */
const ENTER = ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"'];
const REMOVE_ATTEMPTS = 100;
const REMOVE_PAUSE_MS = 10;

export type GuardDeps = {
  readonly clock: Pick<Clock, "sleep">;
  readonly procDir: string;
  readonly cgroupDir: string;
};

export function createMemoryGuard(deps: GuardDeps): MemoryGuard {
  const group = [versionTwo(deps), versionOne(deps)].find((one) => one !== null && works(one));
  return group == null ? watchdog(deps) : cgroup(deps, group);
}

/** Our own group, where it was delegated to us and hands the memory controller down. */
function versionTwo({ procDir, cgroupDir }: GuardDeps): Group | null {
  const own = read(join(procDir, "self/cgroup")).match(/^0::(.*)$/m)?.[1];
  if (own === undefined || !existsSync(join(cgroupDir, "cgroup.controllers"))) return null;
  return {
    parent: join(cgroupDir, own),
    limits: (bytes) => ({ "memory.max": String(bytes), "memory.swap.max": "0" }),
    kills: "memory.events",
  };
}

function versionOne({ cgroupDir }: GuardDeps): Group | null {
  const parent = join(cgroupDir, "memory");
  if (!existsSync(join(parent, "memory.limit_in_bytes"))) return null;
  return {
    parent,
    // The second, which counts swap too, is not there on every kernel and cannot be below the first.
    limits: (bytes) => ({
      "memory.limit_in_bytes": String(bytes),
      "memory.memsw.limit_in_bytes": String(bytes),
      "memory.swappiness": "0",
    }),
    kills: "memory.oom_control",
  };
}

function works(group: Group): boolean {
  const dir = join(group.parent, `orket-try-${process.pid}`);
  try {
    makeGroup(group, dir, 64 * 1024 ** 2);
    return /^oom_kill \d+$/m.test(read(join(dir, group.kills)));
  } catch {
    return false;
  } finally {
    removeGroup(dir);
  }
}

function makeGroup(group: Group, dir: string, limitBytes: number): void {
  mkdirSync(dir);
  for (const [file, value] of Object.entries(group.limits(limitBytes)))
    if (file.includes("max") || existsSync(join(dir, file))) writeFileSync(join(dir, file), value);
}

const cgroup = ({ clock }: GuardDeps, group: Group): MemoryGuard => ({
  kind: "cgroup",
  open: (name, limitBytes) => {
    const dir = join(group.parent, `orket-${name}`);
    makeGroup(group, dir, limitBytes);
    return {
      enter: [...ENTER, join(dir, "cgroup.procs")],
      isOver: () => !/^oom_kill 0$/m.test(read(join(dir, group.kills))),
      close: async () => {
        // A group is empty a moment after its last process has gone.
        for (let attempt = 0; !removeGroup(dir) && attempt < REMOVE_ATTEMPTS; attempt += 1)
          await clock.sleep(REMOVE_PAUSE_MS);
      },
    };
  },
});

const watchdog = ({ procDir }: GuardDeps): MemoryGuard => ({
  kind: "watchdog",
  open: (_, limitBytes) => ({
    enter: [],
    isOver: (rootPid) => rootPid !== null && residentBytes(procDir, rootPid) > limitBytes,
    close: async () => {},
  }),
});

function removeGroup(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return !existsSync(dir);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
