// What an engine leaves on the machine when it is killed: processes, mounts, bridges and control groups. Each is told by
// the engine's own folder, so that nothing of another engine is touched.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Ends the engine's helpers and all that they started; gives how many there were. */
export function endProcessesOf(folder: string): number {
  const all = processes();
  const ended = new Set(
    all.filter(({ command }) => command.includes(`${folder}/`)).map(({ pid }) => pid),
  );
  for (let before = -1; before !== ended.size;) {
    before = ended.size;
    for (const { pid, parent } of all) if (ended.has(parent)) ended.add(pid);
  }
  ended.delete(process.pid);
  for (const pid of ended) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      ended.delete(pid);
    }
  }
  return ended.size;
}

type Process = { readonly pid: number; readonly parent: number; readonly command: string };

const HELPERS = /^(?:\S*\/)?(?:dockerd|containerd(?:-shim[^\0]*)?|docker-proxy|runc)\0/;

function processes(): readonly Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        if (state === "Z") return [];
        const told = HELPERS.test(command) ? command : "";
        return [{ pid: Number(name), parent: Number(parent), command: told }];
      } catch {
        return []; // ended while we looked
      }
    });
}

export function removeTracesOf(folder: string, cgroup: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.toReversed()) spawnSync("umount", ["--lazy", path]);
  for (const bridge of bridgesOf(folder)) spawnSync("ip", ["link", "delete", bridge]);
  for (const path of globSync(`/sys/fs/cgroup/{${cgroup},*/${cgroup}}`)) removeGroups(path);
}

/** A bridge is named after the first digits of its network's id, and the engine keeps these in one file. */
function bridgesOf(folder: string): readonly string[] {
  const kept = join(folder, "data/network/files/local-kv.db");
  if (!existsSync(kept)) return [];
  const text = readFileSync(kept, "latin1");
  return readdirSync("/sys/class/net").filter(
    (name) => /^br-[0-9a-f]{12}$/.test(name) && text.includes(name.slice(3)),
  );
}

function removeGroups(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroups(join(path, entry.name));
    rmdirSync(path);
  } catch {
    // A process in it has not ended yet, or somebody else removed it.
  }
}
