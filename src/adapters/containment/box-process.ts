// One box from start to end: its descriptors, its limits, its record of what became of the program, and that nothing of it
// is left. What goes into the command line is decided before.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { Clock } from "../../ports/clock.ts";
import type { ContainedCommand, ProcessFacts } from "../../ports/containment.ts";
import { DESCRIPTORS } from "./box-command.ts";
import { coverInherited, inheritedDescriptors } from "./inherited.ts";
import { keepOutput } from "./kept-output.ts";
import type { GuardedBox } from "./memory-guard.ts";
import { startedAt } from "./process-tree.ts";

export type BoxStart = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly command: ContainedCommand;
  /** Its descriptor. */
  readonly workspace: number;
  /** It is the working folder of the start instead of a descriptor. */
  readonly isStaged: boolean;
  readonly filter: Uint8Array;
  readonly memory: GuardedBox;
  /** Whether the workspace grew too much; asked while the box runs. */
  readonly isDiskOver: () => boolean;
};

export type BoxDeps = { readonly clock: Clock; readonly procDir: string };

type End = ProcessFacts["ended"];
type Inside = { readonly pid: number; readonly startedAt: string };

/** What is known of a box so far; written by its streams, read at its end. */
type Box = {
  readonly child: ChildProcess;
  cause: End | null;
  /** The first process inside: it takes all others with it. */
  inside: Inside | null;
  status: string;
  outputBytes: number;
  resultBytes: number;
  readonly result: Buffer[];
  readonly stdout: ReturnType<typeof keepOutput>;
  readonly stderr: ReturnType<typeof keepOutput>;
};

const WATCH_MS = 50;
/** Then whoever still holds its pipes, stuck in the kernel, is let go: ten seconds. */
const KILLS_MAX = 200;
const STATUS_CHARACTERS_MAX = 64 * 1024;
const GONE_ATTEMPTS = 2500;
const GONE_PAUSE_MS = 2;
/** What is made of SIGXCPU: the limit of CPU time. */
const CPU_LIMIT_EXIT = 128 + 24;

export async function runBox(
  deps: BoxDeps,
  start: BoxStart,
  signal: AbortSignal,
): Promise<ProcessFacts> {
  const startedMs = deps.clock.monotonic();
  const box = startBox(start);
  const closed = whenClosed(box.child);
  const kill = (cause: End): void => killBox(deps, box, cause);
  takeStreams(deps, { box, start, kill });
  const over = new AbortController();
  const onAbort = (): void => kill("aborted");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const watching = watch(deps, { box, start, kill, over: over.signal });
  await closed;
  signal.removeEventListener("abort", onAbort);
  over.abort();
  await watching;
  await allGone(deps, box);
  // Where the kernel counts, the program may have ended by its own hand after one of its own was killed.
  if (start.memory.isOver(null)) box.cause ??= "memory-limit";
  return factsOf(box, deps.clock.monotonic() - startedMs);
}

function startBox({ argv, env, command, workspace, isStaged }: BoxStart): Box {
  const [program = "", ...rest] = argv;
  const nothing = openSync("/dev/null", constants.O_RDWR);
  let child: ChildProcess;
  try {
    const inherited = inheritedDescriptors("/proc/self/fdinfo", DESCRIPTORS.gate);
    child = spawn(program, rest, {
      // By the descriptor: what lies at the workspace's path by now does not matter.
      cwd: isStaged ? `/proc/${process.pid}/fd/${workspace}` : "/",
      env,
      // A session of its own: what is typed at the terminal is not for the box.
      detached: true,
      stdio: [
        ...coverInherited<"pipe" | number>(
          [
            "pipe",
            "pipe",
            "pipe",
            isStaged ? nothing : workspace,
            "pipe",
            "pipe",
            command.resultBytesMax > 0 ? "pipe" : nothing,
            "pipe",
            "pipe",
          ],
          inherited,
          nothing,
        ),
      ],
    });
  } finally {
    closeSync(nothing);
  }
  return {
    child,
    cause: null,
    inside: null,
    status: "",
    outputBytes: 0,
    resultBytes: 0,
    result: [],
    stdout: keepOutput(),
    stderr: keepOutput(),
  };
}

/** All its streams are closed: nobody holds an end of them any more. */
const whenClosed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("close", () => resolve());
    // It was not even started; nothing else is heard then.
    child.once("error", () => resolve());
  });

/** The first cause counts. */
function killBox(deps: BoxDeps, box: Box, cause: End): void {
  box.cause ??= cause;
  endAll(deps, box);
}

/**
 * Until bubblewrap gives it a session of its own, the first process inside belongs to the group; before that it was
 * recorded, though the record may be read only later.
 */
function endAll({ procDir }: BoxDeps, { child, inside }: Box): void {
  if (inside !== null && startedAt(procDir, inside.pid) === inside.startedAt) killPid(inside.pid);
  if (child.pid !== undefined) killPid(-child.pid);
}

/** A negative number names a group. */
function killPid(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It went by itself.
  }
}

type Streams = {
  readonly box: Box;
  readonly start: BoxStart;
  readonly kill: (cause: End) => void;
};

function takeStreams(deps: BoxDeps, { box, start, kill }: Streams): void {
  const { child } = box;
  const { command, filter } = start;
  const isOver = (): boolean =>
    box.cause !== null || child.exitCode !== null || child.signalCode !== null;
  // However it ended: what it built does not outlive it, and the lifeline's keeper is still there.
  child.once("exit", () => endAll(deps, box));
  // Who ends early does not read on.
  for (const stream of child.stdio) stream?.on("error", () => {});
  for (const kept of ["stdout", "stderr"] as const) {
    child[kept]?.on("data", (chunk: Buffer) => {
      box.outputBytes += chunk.length;
      box[kept].add(chunk);
      if (box.outputBytes > command.limits.outputBytesMax) kill("output-limit");
    });
  }
  streamOf(child, DESCRIPTORS.status)?.on("data", (chunk: Buffer) => {
    if (box.status.length < STATUS_CHARACTERS_MAX) box.status += chunk.toString("utf8");
    const pid = box.inside === null ? recordOf(box.status, "child-pid") : null;
    if (pid === null) return;
    box.inside = { pid, startedAt: startedAt(deps.procDir, pid) ?? "" };
    if (isOver()) endAll(deps, box);
  });
  streamOf(child, DESCRIPTORS.result)?.on("data", (chunk: Buffer) => {
    box.resultBytes += chunk.length;
    if (box.resultBytes > command.resultBytesMax) kill("output-limit");
    else box.result.push(chunk);
  });
  const gate = streamOf(child, DESCRIPTORS.gate);
  gate?.once("data", () => gate.end("\n"));
  streamOf(child, DESCRIPTORS.filter)?.end(filter);
  child.stdin?.end(command.stdin);
}

/** Node's pipes of a child lead both ways. */
const streamOf = (child: ChildProcess, descriptor: number): Duplex | null =>
  (child.stdio[descriptor] ?? null) as Duplex | null;

/** Records are JSON objects, one a line; only bubblewrap has the other end of this stream. */
function recordOf(text: string, key: string): number | null {
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      const value = (JSON.parse(line) as Readonly<Record<string, unknown>> | null)?.[key];
      if (typeof value === "number") return value;
    } catch {
      // Not a record.
    }
  }
  return null;
}

type Watching = Streams & { readonly over: AbortSignal };

/** Kills again until all is closed: what a limit or an abort met half-built must not be left for want of a second try. */
async function watch({ clock }: BoxDeps, { box, start, kill, over }: Watching): Promise<void> {
  const { wallMs } = start.command.limits;
  const startedMs = clock.monotonic();
  let kills = 0;
  while (!over.aborted) {
    const leftMs = wallMs - (clock.monotonic() - startedMs);
    const cause = box.cause ?? (leftMs <= 0 ? "timeout" : null);
    if (cause !== null) {
      kill(cause);
      kills += 1;
      if (kills > KILLS_MAX) for (const stream of box.child.stdio) stream?.destroy();
    }
    await clock.sleep(cause === null ? Math.min(WATCH_MS, leftMs) : WATCH_MS, over);
    if (over.aborted || box.cause !== null) continue;
    if (start.memory.isOver(box.inside?.pid ?? null)) kill("memory-limit");
    else if (start.isDiskOver()) kill("disk-limit");
  }
}

/** The first process inside is gone only after every other one is. */
async function allGone({ clock, procDir }: BoxDeps, { inside }: Box): Promise<void> {
  if (inside === null || inside.startedAt === "") return;
  for (let attempt = 0; attempt < GONE_ATTEMPTS; attempt += 1) {
    if (startedAt(procDir, inside.pid) !== inside.startedAt) return;
    killPid(inside.pid);
    await clock.sleep(GONE_PAUSE_MS);
  }
}

function factsOf(box: Box, wallMs: number): ProcessFacts {
  const exitCode = recordOf(box.status, "exit-code");
  const ended = box.cause ?? (exitCode === null ? "box-error" : naturalEnd(exitCode));
  return {
    ended,
    exitCode: ended === "exited" ? exitCode : null,
    stdout: box.stdout.text(),
    stderr: box.stderr.text(),
    result: Buffer.concat(box.result).toString("utf8"),
    wallMs,
  };
}

const naturalEnd = (exitCode: number): End => (exitCode === CPU_LIMIT_EXIT ? "timeout" : "exited");
