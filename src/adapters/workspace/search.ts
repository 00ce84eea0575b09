// Finding lines within limits: the search runs in a thread of its own, which is ended at the time limit or on abort.
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { EngineError } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { refuse } from "../../domain/result.ts";
import type { SearchMatch } from "../../ports/workspace.ts";
import type { SearchTask } from "./find-lines.ts";

const MEMORY_MB_MAX = 256;

/** The same file in a checkout (.ts) and in the published package (.js). */
const WORKER_FILE = new URL(`./search-worker${extname(import.meta.url)}`, import.meta.url);

type Matches = Result<readonly SearchMatch[]>;

export type SearchLimits = { readonly timeMs: number };

export function searchInThread(
  task: SearchTask,
  limits: SearchLimits,
  signal: AbortSignal,
): Promise<Matches> {
  if (signal.aborted) return Promise.resolve(aborted());
  // Descriptors that an ended thread held are closed by Node, which tracks them per thread.
  const worker = new Worker(WORKER_FILE, {
    workerData: task,
    env: {},
    execArgv: [],
    trackUnmanagedFds: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
  });
  return new Promise((resolve, reject) => {
    const finish = (end: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      // Not before the thread is gone: nothing of a search goes on after its answer.
      worker.terminate().then(end, reject);
    };
    const onAbort = (): void => finish(() => resolve(aborted()));
    const timer = setTimeout(() => finish(() => resolve(tooSlow(limits))), limits.timeMs);
    signal.addEventListener("abort", onAbort, { once: true });
    worker.once("message", (matches: Matches) => finish(() => resolve(matches)));
    worker.once("error", (cause) =>
      finish(() => (isOutOfMemory(cause) ? resolve(tooSlow(limits)) : reject(failed(cause)))),
    );
  });
}

const isOutOfMemory = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";

const failed = (cause: unknown): EngineError =>
  new EngineError("WORKSPACE_FAILED", "The search failed.", { cause });

const aborted = (): Matches => refuse("INTERRUPTED", "The search was stopped.");

/** Half of the matches would be taken for all of them. */
const tooSlow = ({ timeMs }: SearchLimits): Matches =>
  refuse(
    "TOOL_ARGUMENT",
    `The search was stopped after ${timeMs} ms or for its need of memory. Use a simpler pattern, literal: true, or a narrower path or glob.`,
  );
