// Ends what an earlier `compose up` left running: after a kill of Orket its compose goes on and would make containers that
// were just removed. Told by its arguments; a machine without /proc has no such list, and there the removal is repeated.
import { readFile, readdir } from "node:fs/promises";

export async function endEarlierUp(project: string): Promise<void> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  await Promise.all(pids.map(async (pid) => endIfUp(pid, project)));
}

async function endIfUp(pid: string, project: string): Promise<void> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const words = text.split("\0");
  const named = words.indexOf("--project-name");
  if (named < 0 || words[named + 1] !== project) return;
  if (!words.includes("compose") || !words.includes("up")) return;
  try {
    process.kill(Number(pid), "SIGKILL");
  } catch {
    // It ended meanwhile, or belongs to somebody else.
  }
}
