// Containment without walls, for tests of what is around it: the commands are the tests' own.
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Containment, OutputText } from "../../src/ports/containment.ts";
import { ok } from "../../src/domain/result.ts";

const whole = (chunks: readonly Buffer[]): OutputText => ({
  head: Buffer.concat(chunks).toString(),
  tail: "",
  omittedBytes: 0,
});

export type PlainBox = Containment & {
  /** What was asked for, in order. */
  readonly asked: Parameters<Containment["run"]>[0][];
};

export function createPlainBox(): PlainBox {
  const asked: Parameters<Containment["run"]>[0][] = [];
  return {
    asked,
    probe: async () => ({ available: true, backend: "none", memory: "none", detail: "a test" }),
    run: async (command, signal) => {
      asked.push(command);
      const [program = "", ...args] = command.argv;
      const child = spawn(program, args, {
        cwd: join(command.workspaceDir, command.cwd),
        stdio: ["ignore", "pipe", "pipe"],
        signal,
        timeout: command.limits.wallMs,
      });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      const exitCode = await new Promise<number | null>((resolve) => {
        child.once("error", () => resolve(null));
        child.once("close", resolve);
      });
      return ok({
        ended: exitCode === null ? "timeout" : "exited",
        exitCode,
        stdout: whole(stdout),
        stderr: whole(stderr),
        result: "",
        wallMs: 0,
      });
    },
  };
}
