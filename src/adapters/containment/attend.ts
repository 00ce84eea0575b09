// One child process from start to end: output kept at head and tail, the first limit that is met ends it. Who built the walls,
// and how a whole tree is ended, is the caller's business.
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { performance } from "node:perf_hooks";
import type { ProcessFacts } from "../../ports/containment.ts";
import type { KeptOutput } from "./kept-output.ts";
import { keepOutput } from "./kept-output.ts";

/** How long pipes may stay open behind an ended program: a daemon it left behind could hold them for ever. */
const DRAIN_MS = 250;
/** Longest delay a timer of Node takes; a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export type Attended = Pick<ProcessFacts, "stdout" | "stderr" | "result" | "wallMs"> & {
  readonly cause: "exited" | "timeout" | "output-limit" | "aborted" | "not-started";
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
};

export type Attention = {
  readonly stdin: string;
  readonly wallMs: number;
  readonly outputBytesMax: number;
  readonly resultBytesMax: number;
  /** The pipe of the result channel, where the program has one. */
  readonly result: Readable | null;
  /** Ends everything the child has started; called more than once. */
  readonly end: () => void;
  readonly signal: AbortSignal;
};

export function attend(child: ChildProcess, attention: Attention): Promise<Attended> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    let cause: Attended["cause"] | undefined;
    let drain: NodeJS.Timeout | undefined;
    const giveUp = (): void => {
      attention.end();
      for (const stream of [child.stdin, child.stdout, child.stderr, attention.result])
        stream?.destroy();
    };
    const stop = (reason: "timeout" | "output-limit" | "aborted"): void => {
      cause ??= reason; // the first cause wins
      attention.end();
      drain ??= setTimeout(giveUp, DRAIN_MS);
    };
    const streams = collectStreams(child, attention, () => stop("output-limit"));
    const wall = setTimeout(() => stop("timeout"), Math.min(attention.wallMs, TIMER_MS_MAX));
    const onAbort = (): void => stop("aborted");
    attention.signal.addEventListener("abort", onAbort, { once: true });
    const finish = (last: Pick<Attended, "cause" | "code" | "signal">): void => {
      clearTimeout(wall);
      clearTimeout(drain);
      attention.signal.removeEventListener("abort", onAbort);
      attention.end();
      resolve({ ...last, ...streams(), wallMs: performance.now() - startedMs });
    };
    child.on("error", () => {
      if (child.pid === undefined) finish({ cause: "not-started", code: null, signal: null });
    });
    child.on("exit", () => {
      cause ??= "exited";
      clearTimeout(wall);
      drain ??= setTimeout(giveUp, DRAIN_MS);
    });
    child.on("close", (code, signal) => finish({ cause: cause ?? "exited", code, signal }));
    // A program that ends without reading its input breaks the pipe; that is its right.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(attention.stdin);
    if (attention.signal.aborted) onAbort();
  });
}

type Texts = () => Pick<Attended, "stdout" | "stderr" | "result">;

function collectStreams(child: ChildProcess, attention: Attention, onLimit: () => void): Texts {
  let left = attention.outputBytesMax;
  const [stdout, stderr] = [keepOutput(), keepOutput()];
  const result: Buffer[] = [];
  const listen = (stream: Readable | null, take: (chunk: Buffer) => void): void => {
    stream?.on("data", take);
    stream?.on("error", () => undefined);
  };
  const within = (keeper: KeptOutput) => (chunk: Buffer) => {
    keeper.add(chunk.subarray(0, left));
    if (chunk.length > left) onLimit();
    left = Math.max(left - chunk.length, 0);
  };
  let resultLeft = attention.resultBytesMax;
  listen(child.stdout, within(stdout));
  listen(child.stderr, within(stderr));
  listen(attention.result, (chunk) => {
    result.push(chunk.subarray(0, resultLeft));
    if (chunk.length > resultLeft) onLimit();
    resultLeft = Math.max(resultLeft - chunk.length, 0);
  });
  return () => ({
    stdout: stdout.text(),
    stderr: stderr.text(),
    result: Buffer.concat(result).toString("utf8"),
  });
}

/** The way a shell counts: a signal n is 128 + n. */
export const toExitCode = (code: number | null, signalNumber: number): number =>
  code ?? 128 + signalNumber;
