// Starts programs of the machine: git today. What agents wrote is run by the containment port, never by this one.

export type ProcessRequest = {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment of the program; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Bytes when the content is not text. */
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
  /** Ends the program like its time limit does. */
  readonly signal?: AbortSignal;
};

export type ProcessResult = {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: "exited" | "timeout" | "aborted" | "output-limit" | "not-started";
};

/** Contract: whatever the program did is an answer; at a limit the whole process group is ended. */
export type Processes = { readonly run: (request: ProcessRequest) => Promise<ProcessResult> };
