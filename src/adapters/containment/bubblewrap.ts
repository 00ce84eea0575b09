// The box on Linux: bubblewrap, with everything that namespaces leave open closed around it. It counts as there only once
// its self-test has tried to get out and failed.
import { accessSync, constants } from "node:fs";
import { isAbsolute, join } from "node:path";
import { ok, refuse } from "../../domain/result.ts";
import type { Result } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ContainedCommand, Containment, ProcessFacts } from "../../ports/containment.ts";
import type { BoxTools } from "./box-command.ts";
import { boxArguments, boxEnvironment, checkCommand, tiedToOrket } from "./box-command.ts";
import { runBox } from "./box-process.ts";
import { watchDisk } from "./disk-watch.ts";
import type { MemoryGuard } from "./memory-guard.ts";
import { createMemoryGuard } from "./memory-guard.ts";
import { filterProgram } from "./seccomp.ts";
import type { SyscallTable } from "./syscalls.ts";
import { architectureOf, SYSCALLS } from "./syscalls.ts";
import type { Opened } from "./workspace-folder.ts";
import { giveTree, openFolder } from "./workspace-folder.ts";

export type BubblewrapDeps = {
  readonly clock: Clock;
  /** As in PATH; where the tools of the box are looked for. */
  readonly searchPath: string;
  readonly node: string;
  /** As Node names it. */
  readonly architecture: string;
  readonly uid: number;
  /** For names of control groups, unique on the machine. */
  readonly unique: () => string;
  readonly procDir?: string;
  readonly cgroupDir?: string;
};

/** Belongs to nobody on a usual system: below the ids of containers, above those of people and services. */
export const BOX_ID = 64_301;
const MIB = 1024 ** 2;

export type Box = Pick<Containment, "run"> & { readonly memory: MemoryGuard["kind"] };

/** Without the self-test; whoever puts it in force runs that first. */
export function openBubblewrap(deps: BubblewrapDeps): Result<Box> {
  const architecture = architectureOf(deps.architecture);
  if (architecture === null)
    return missing(
      `the architecture ${deps.architecture} has no table of system calls`,
      "Run Orket on x86-64 or arm64, or set ORKET_SANDBOX_BACKEND=docker.",
    );
  const tools = findTools(deps);
  if (!tools.ok) return tools;
  const { clock, procDir = "/proc", cgroupDir = "/sys/fs/cgroup" } = deps;
  const guard = createMemoryGuard({ clock, procDir, cgroupDir });
  const filter = filterProgram(SYSCALLS[architecture] satisfies SyscallTable);
  const dropTo = deps.uid === 0 ? BOX_ID : null;
  const box = { ...deps, procDir, tools: tools.value, guard, filter, dropTo };
  return ok({ memory: guard.kind, run: async (command, signal) => runIn(box, command, signal) });
}

export const missing = (reason: string, remedy: string): Result<never> =>
  refuse(
    "CONTAINMENT_UNAVAILABLE",
    `containment_unavailable: ${reason}. No command and no verification is executed without containment. ${remedy}`,
    { reason, remedy },
  );

function findTools({ searchPath, uid, node }: BubblewrapDeps): Result<BoxTools> {
  const find = (name: string): string | null =>
    searchPath
      .split(":")
      .filter(isAbsolute)
      .map((dir) => join(dir, name))
      .find(isExecutable) ?? null;
  const bwrap = find("bwrap");
  if (bwrap === null)
    return missing(
      "bubblewrap is not installed",
      "Install it: `apt install bubblewrap`, `dnf install bubblewrap` or `pacman -S bubblewrap`.",
    );
  const prlimit = find("prlimit");
  const setpriv = find("setpriv");
  const unshare = find("unshare");
  const forRoot = setpriv !== null && unshare !== null;
  if (prlimit === null || (uid === 0 && !forRoot) || !isExecutable("/usr/bin/prlimit"))
    return missing(
      "prlimit, setpriv or unshare of util-linux is not installed",
      "Install util-linux, 2.33 or newer.",
    );
  return ok({ bwrap, prlimit, setpriv: setpriv ?? "", unshare: unshare ?? "", node });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

type Ready = BubblewrapDeps & {
  readonly procDir: string;
  readonly tools: BoxTools;
  readonly guard: MemoryGuard;
  readonly filter: Uint8Array;
  readonly dropTo: number | null;
};

async function runIn(
  ready: Ready,
  command: ContainedCommand,
  signal: AbortSignal,
): Promise<Result<ProcessFacts>> {
  const flaw = checkCommand(command);
  if (flaw !== null)
    return refuse("TOOL_ARGUMENT", `The command cannot be run: ${flaw}.`, {
      program: command.argv[0] ?? "",
    });
  let workspace: Opened | null = null;
  try {
    workspace = openFolder(command.workspaceDir);
    if (ready.dropTo !== null) giveTree(workspace.descriptor, ready.dropTo);
    return ok(await runWith(ready, { command, workspace: workspace.descriptor }, signal));
  } catch (error) {
    return refuse(
      "FILE_UNFIT",
      `The folder of the command cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      {},
    );
  } finally {
    workspace?.close();
  }
}

type Places = {
  readonly command: ContainedCommand;
  readonly workspace: number;
};

async function runWith(
  ready: Ready,
  { command, workspace }: Places,
  signal: AbortSignal,
): Promise<ProcessFacts> {
  const memory = ready.guard.open(ready.unique(), command.limits.memoryMiB * MIB);
  try {
    const argv = tiedToOrket([
      ...memory.enter,
      ...boxArguments({ tools: ready.tools, command, dropTo: ready.dropTo }),
    ]);
    return await runBox(
      ready,
      {
        argv,
        env: boxEnvironment(command),
        command,
        workspace,
        isStaged: ready.dropTo !== null,
        filter: ready.filter,
        memory,
        isDiskOver: watchDisk(workspace, command),
      },
      signal,
    );
  } finally {
    await memory.close();
  }
}
