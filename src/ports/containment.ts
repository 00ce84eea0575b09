// Runs a program an agent wrote or asked for, where it can do no harm.
import type { Result } from "../domain/result.ts";

/** Every one is enforced; none can be left out. */
export type BoxLimits = {
  readonly wallMs: number;
  readonly cpuSec: number;
  readonly memoryMiB: number;
  readonly processesMax: number;
  /** Of stdout and stderr together; the box is ended at it. */
  readonly outputBytesMax: number;
  readonly fileMiB: number;
  /** By how much a writable workspace may grow. */
  readonly diskMiB: number;
  /** The folder for temporary files, in memory. */
  readonly temporaryMiB: number;
};

export type ContainedCommand = {
  readonly argv: readonly string[];
  /** A folder of the host; inside it is `/ws`. */
  readonly workspaceDir: string;
  readonly workspace: "writable" | "read-only";
  /** Relative to the workspace. */
  readonly cwd: string;
  /** Beside the fixed short list: PATH, HOME, LANG, TZ. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** More folders of the host, read-only, by their absolute path inside. */
  readonly folders: Readonly<Record<string, string>>;
  readonly network: boolean;
  /**
   * Above 0 a result channel of its own is open to the program, named by ORKET_RESULT_FD (a descriptor) or by
   * ORKET_RESULT_FILE (a path); what is written there beyond this many bytes ends the box as `output-limit`.
   */
  readonly resultBytesMax: number;
  readonly limits: BoxLimits;
};

/** `head` and `tail` are kept, what lay between is counted. */
export type OutputText = {
  readonly head: string;
  readonly tail: string;
  readonly omittedBytes: number;
};

export type ProcessFacts = {
  /** Only `exited` says something about the program; `box-error` is a failure of the walls. */
  readonly ended:
    | "exited"
    | "timeout"
    | "output-limit"
    | "memory-limit"
    | "disk-limit"
    | "aborted"
    | "box-error";
  /** Of the program inside, by the walls' own record; null unless `exited`. A signal n counts as 128 + n. */
  readonly exitCode: number | null;
  readonly stdout: OutputText;
  readonly stderr: OutputText;
  readonly result: string;
  readonly wallMs: number;
};

/** What there is on this machine, found by trying. */
export type ContainmentReport =
  | {
      readonly available: true;
      readonly backend: "bwrap" | "docker" | "none";
      /** How memory is held: by a cgroup, by watching, or by nobody. */
      readonly memory: "cgroup" | "watchdog" | "engine" | "none";
      readonly detail: string;
    }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/**
 * Contract:
 * - Without walls that passed their self-test the answer is CONTAINMENT_UNAVAILABLE; nothing is ever run outside them.
 * - Every process it started is gone when the promise resolves, also after an abort.
 * - The workspace may be hostile: it is opened once, and a link in its place is refused.
 * - `probe` tries real escapes once and remembers the answer; it starts nothing that outlives it.
 */
export type Containment = {
  readonly probe: () => Promise<ContainmentReport>;
  readonly run: (command: ContainedCommand, signal: AbortSignal) => Promise<Result<ProcessFacts>>;
};
