// Runs a command an agent wrote, where it can do no harm.
import type { Result } from "../domain/result.ts";

export type ContainedCommand = {
  readonly argv: readonly string[];
  readonly workspaceDir: string;
  readonly cwd: string;
  readonly timeoutMs: number;
};

export type ProcessFacts = {
  readonly ended: "exited" | "timeout" | "output-limit" | "aborted";
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Contract:
 * - Without working walls the answer is CONTAINMENT_UNAVAILABLE; the command is never run outside them.
 * - Every process it started is gone when the promise resolves, also after an abort.
 */
export type Containment = {
  readonly run: (command: ContainedCommand, signal: AbortSignal) => Promise<Result<ProcessFacts>>;
};
