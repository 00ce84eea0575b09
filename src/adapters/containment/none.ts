// Commands on the host itself: time and output have limits, walls there are none. Only for somebody who says in so many words
// that it is understood, at a place where nobody else is let in.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isAbsolute, join, normalize } from "node:path";
import type { Readable } from "node:stream";
import { ok, refuse } from "../../domain/result.ts";
import type { ContainedCommand, Containment, ProcessFacts } from "../../ports/containment.ts";
import { attend, toExitCode } from "./attend.ts";
import type { Attended } from "./attend.ts";
import type { Missing } from "./unavailable.ts";
import { createUnavailableContainment } from "./unavailable.ts";

const UNSANDBOXED_WORD = "i-understand";
const RESULT_FD = 3;

/** Where Orket stands, as far as it says whether it may go without walls. */
export type Surroundings = {
  readonly word: string | null;
  readonly environment: "local" | "ci" | "production";
  readonly uid: number;
  readonly serverHost: string;
  readonly path: string;
};

/** Why commands may not run without walls here; null when they may. */
export function whyNotUnsandboxed(around: Omit<Surroundings, "path">): Missing | null {
  if (around.word !== UNSANDBOXED_WORD) {
    const remedy = `Install bubblewrap, or set ORKET_ALLOW_UNSANDBOXED=${UNSANDBOXED_WORD} where a model may do all that you may.`;
    return { reason: "the backend none needs a word of its own", remedy };
  }
  if (around.environment === "production")
    return missingWalls("ORKET_ENV is production", "Install bubblewrap.");
  if (around.uid === 0)
    return missingWalls("Orket runs as root", "Start Orket as a user of its own.");
  if (!isLoopback(around.serverHost))
    return missingWalls("the API is open to other machines", "Set ORKET_HOST=127.0.0.1.");
  return null;
}

const missingWalls = (because: string, remedy: string): Missing => ({
  reason: `the backend none is refused: ${because}`,
  remedy,
});

// A name may lead anywhere, `localhost` alone is defined (RFC 6761); `127.1` and the like are left out on purpose.
const isLoopback = (host: string): boolean =>
  host === "localhost" ||
  host === "::1" ||
  host === "[::1]" ||
  /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);

export function createHostContainment(around: Surroundings): Containment {
  const missing = whyNotUnsandboxed(around);
  if (missing !== null) return createUnavailableContainment(missing);
  return {
    probe: async () => ({
      available: true,
      backend: "none",
      memory: "none",
      detail: "commands run without walls, as you",
    }),
    run: async (command, signal) => {
      const cwd = folderInside(command);
      if (cwd === null)
        return refuse("PATH_ESCAPE", "the folder of the command lies outside the workspace");
      return ok(await runOnHost({ command, cwd, path: around.path }, signal));
    },
  };
}

/** Null for a folder that the words alone lead out of the workspace. Links are followed: there are no walls here. */
function folderInside({ workspaceDir, cwd }: ContainedCommand): string | null {
  const inside = normalize(cwd);
  if (isAbsolute(inside) || inside === ".." || inside.startsWith("../")) return null;
  return join(workspaceDir, inside);
}

type HostCommand = {
  readonly command: ContainedCommand;
  readonly cwd: string;
  readonly path: string;
};

async function runOnHost(
  { command, cwd, path }: HostCommand,
  signal: AbortSignal,
): Promise<ProcessFacts> {
  const [file = "", ...args] = command.argv;
  const channel = command.resultBytesMax > 0;
  try {
    const child = spawn(file, args, {
      cwd,
      env: {
        PATH: path,
        HOME: command.workspaceDir,
        LANG: "C.UTF-8",
        TZ: "UTC",
        ...(channel ? { ORKET_RESULT_FD: String(RESULT_FD) } : {}),
        ...command.env,
      },
      detached: true,
      stdio: ["pipe", "pipe", "pipe", channel ? "pipe" : "ignore"],
    });
    const attended = await attend(child, {
      stdin: command.stdin,
      ...command.limits,
      resultBytesMax: command.resultBytesMax,
      result: channel ? (child.stdio[RESULT_FD] as Readable) : null,
      end: () => endGroup(child.pid),
      signal,
    });
    return toFacts(attended);
  } catch (error) {
    // An argument with NUL in it throws before there is a child.
    return notStarted(error instanceof Error ? error.message : String(error));
  }
}

function toFacts({ cause, code, signal, ...rest }: Attended): ProcessFacts {
  if (cause === "not-started") return { ...rest, ended: "box-error", exitCode: null };
  if (cause !== "exited") return { ...rest, ended: cause, exitCode: null };
  const signalNumber = signal === null ? 0 : constants.signals[signal];
  return { ...rest, ended: "exited", exitCode: toExitCode(code, signalNumber) };
}

const EMPTY = { head: "", tail: "", omittedBytes: 0 };
const notStarted = (why: string): ProcessFacts => ({
  ended: "box-error",
  exitCode: null,
  stdout: EMPTY,
  stderr: { ...EMPTY, head: why },
  result: "",
  wallMs: 0,
});

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
