// Programs of the machine as child processes, each in a process group of its own. No shell, no inherited environment.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import type { Processes, ProcessRequest, ProcessResult } from "../../ports/process.ts";

/** How long the output of an ended program may stay open: a daemon it left behind can hold it for ever. */
const DRAIN_MS = 250;
/** Longest delay a timer of Node takes; a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function createProcesses(): Processes {
  return { run: async (request) => start(request) };
}

type Ending = Exclude<ProcessResult["ended"], "not-started">;

function start(request: ProcessRequest): Promise<ProcessResult> {
  if (request.signal?.aborted)
    return Promise.resolve({ exitCode: null, stdout: "", stderr: "", ended: "aborted" });
  const [file, ...args] = request.argv;
  try {
    const child = spawn(file, args, {
      cwd: request.cwd,
      env: { ...request.env },
      detached: true,
      shell: false,
    });
    return follow(child, request);
  } catch (error) {
    // An argument with NUL in it throws before there is a child.
    return Promise.resolve(notStarted(error));
  }
}

function follow(
  child: ChildProcessWithoutNullStreams,
  request: ProcessRequest,
): Promise<ProcessResult> {
  return new Promise((resolve) => {
    let ended: Ending | undefined;
    let drain: NodeJS.Timeout | undefined;
    const stop = (reason: Exclude<Ending, "exited">): void => {
      ended ??= reason; // the first cause wins
      endGroup(child.pid);
      drain ??= setTimeout(giveUp, DRAIN_MS);
    };
    const output = collect(child, request.outputBytesMax, () => stop("output-limit"));
    const giveUp = (): void => {
      endGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      child.stdin.destroy();
    };
    const timer = setTimeout(() => stop("timeout"), Math.min(request.timeoutMs, TIMER_MS_MAX));
    const onAbort = (): void => stop("aborted");
    request.signal?.addEventListener("abort", onAbort, { once: true });
    const finish = (result: ProcessResult): void => {
      request.signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      clearTimeout(drain);
      resolve(result);
    };
    child.on("error", (error) => {
      if (child.pid === undefined) finish(notStarted(error));
    });
    child.on("exit", () => {
      ended ??= "exited";
      clearTimeout(timer);
      drain ??= setTimeout(giveUp, DRAIN_MS);
    });
    child.on("close", (exitCode) =>
      finish({ exitCode, ...output.texts(), ended: ended ?? "exited" }),
    );
    // A program that ends without reading its input breaks the pipe; that is its right.
    child.stdin.on("error", () => undefined);
    child.stdin.end(request.stdin ?? "");
  });
}

type Output = { readonly texts: () => { readonly stdout: string; readonly stderr: string } };

/** Keeps both streams up to one common limit, then says so once. */
function collect(
  child: ChildProcessWithoutNullStreams,
  bytesMax: number,
  onLimit: () => void,
): Output {
  let left = bytesMax;
  const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      if (left > 0) kept[stream].push(chunk.subarray(0, left));
      if (chunk.length > left) onLimit();
      left = Math.max(left - chunk.length, 0);
    });
    child[stream].on("error", () => undefined);
  }
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString("utf8");
  return { texts: () => ({ stdout: text(kept.stdout), stderr: text(kept.stderr) }) };
}

/** The group, not the child alone: what the child started ends with it. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

const notStarted = (error: unknown): ProcessResult => ({
  exitCode: null,
  stdout: "",
  stderr: error instanceof Error ? error.message : String(error),
  ended: "not-started",
});
