// Entry of the worker thread in which a search runs. A pattern can take for ever on one line; a thread can be ended.
import { parentPort, workerData } from "node:worker_threads";
import type { SearchTask } from "./find-lines.ts";
import { findLines } from "./find-lines.ts";

parentPort?.postMessage(findLines(workerData as SearchTask));
