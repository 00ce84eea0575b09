// Patterns matched in a thread of their own, which is ended at the time limit.
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Patterns } from "../../ports/pattern.ts";

const TIME_MS_MAX = 2000;
const MEMORY_MB_MAX = 64;

/** The same file in a checkout (.ts) and in the published package (.js). */
const WORKER_FILE = new URL(`./match-worker${extname(import.meta.url)}`, import.meta.url);

export const createThreadPatterns = (timeMs = TIME_MS_MAX): Patterns => ({
  match: (question) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(WORKER_FILE, {
        workerData: question,
        env: {},
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
      });
      const finish = (answer: Awaited<ReturnType<Patterns["match"]>>): void => {
        clearTimeout(timer);
        worker.terminate().then(() => resolve(answer), reject);
      };
      const timer = setTimeout(() => finish("too-slow"), timeMs);
      worker.once("message", finish);
      // Out of memory, or a thread that could not begin: nothing was matched.
      worker.once("error", () => finish("too-slow"));
    }),
});
