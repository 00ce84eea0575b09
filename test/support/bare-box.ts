// For tests of what lies around a box, with programs of the test's own: they run as they are, with the box's channels and
// its time limit, and with no walls at all.
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import type { Containment, ContainedCommand, ProcessFacts } from "../../src/ports/containment.ts";
import { ok } from "../../src/domain/result.ts";

export type BareBox = Containment & {
  /** What went in, so that a test can see what did not. */
  readonly commands: ContainedCommand[];
};

export function createBareBox(): BareBox {
  const commands: ContainedCommand[] = [];
  return {
    commands,
    probe: async () => ({ available: true, backend: "none", memory: "none", detail: "no walls" }),
    run: async (command, signal) => {
      commands.push(command);
      return ok(await run(command, signal));
    },
  };
}

const run = (command: ContainedCommand, signal: AbortSignal): Promise<ProcessFacts> =>
  new Promise((resolve, reject) => {
    const places = Object.entries({ ...command.folders, "/ws": command.workspaceDir });
    const outside = (text: string): string =>
      places.reduce(
        (words, [inside, dir]) => words.replaceAll(new RegExp(`${inside}(?=/|"|$)`, "g"), dir),
        text,
      );
    const [file = "", ...argv] = command.argv.map(outside);
    const child = spawn(file, argv, {
      cwd: `${command.workspaceDir}/${command.cwd}`,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        ORKET_RESULT_FD: "3",
        ...command.env,
      },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      detached: true,
    });
    let ended: ProcessFacts["ended"] = "exited";
    const kill = (why: ProcessFacts["ended"]): void => {
      if (child.exitCode !== null || child.pid === undefined) return;
      ended = why;
      process.kill(-child.pid, "SIGKILL");
    };
    const texts = ["", "", ""];
    for (const [place, stream] of [child.stdout, child.stderr, child.stdio[3]].entries()) {
      (stream as NodeJS.ReadableStream).on("data", (chunk: Buffer) => {
        texts[place] += chunk.toString();
        if ((texts[place] ?? "").length > command.limits.outputBytesMax) kill("output-limit");
      });
    }
    const timer = setTimeout(() => kill("timeout"), command.limits.wallMs);
    const stop = (): void => kill("aborted");
    signal.addEventListener("abort", stop);
    child.on("error", reject);
    child.stdin.on("error", () => {});
    child.stdin.end(outside(command.stdin));
    child.on("close", (code, name) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      const [stdout = "", stderr = "", result = ""] = texts;
      const text = (head: string) => ({ head, tail: "", omittedBytes: 0 });
      const exitCode = ended === "exited" ? (code ?? (name === null ? null : 128)) : null;
      resolve({ ended, exitCode, stdout: text(stdout), stderr: text(stderr), result, wallMs: 0 });
    });
  });
