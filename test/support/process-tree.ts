// A process and what it has started, as the kernel knows them: git is a child in a group of its own, so that a signal to the
// process or to its group does not reach it.
import { readdirSync, readFileSync } from "node:fs";

const LOOKS_MAX = 100_000;

type Status = { readonly state: string; readonly parent: number };

function statusOf(pid: number): Status | null {
  try {
    const [, state, parent] = /\) (\w) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return state === undefined ? null : { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

const childrenOf = (pid: number): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => statusOf(other)?.parent === pid);

/** Waits until a stop that was sent is felt; false for a process that has ended. */
export function isStopped(pid: number): boolean {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const state = statusOf(pid)?.state ?? "Z";
    if (state === "T") return true;
    if (state === "Z") return false;
  }
  return false;
}

/** The parent first, so that it starts nothing more. */
export function stopTree(pid: number): void {
  send(pid, "SIGSTOP");
  isStopped(pid);
  for (const child of childrenOf(pid)) stopTree(child);
}

export function killTree(pid: number): void {
  send(pid, "SIGSTOP");
  for (const child of childrenOf(pid)) killTree(child);
  send(pid, "SIGKILL");
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
