// The stop watch inside a contender's process: told of each durable step, it makes the report and prints it.
import { DatabaseSync } from "node:sqlite";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { quantile } from "./statistics.ts";
import type { Report, Task } from "./report.ts";

export type Meter = {
  /** A step is durable now. */
  readonly step: () => void;
  /** To be called when the store is closed. */
  readonly print: (facts: Facts) => void;
};

export type Facts = {
  readonly stored: number;
  readonly journalMode: unknown;
  /** SQLite answers with a number. */
  readonly synchronous: unknown;
};

type Mark = { readonly cpuMs: number; readonly writtenBytes: number };

const SYNCHRONOUS = ["OFF", "NORMAL", "FULL", "EXTRA"];

/** Rates are taken from the first durable step to the last: what comes before the first is the cold start. */
export function createMeter(task: Task): Meter {
  const times: number[] = [];
  let first: Mark | null = null;
  let last: Mark | null = null;
  return {
    step: () => {
      times.push(performance.now());
      first ??= mark();
      // Reading the counters costs some microseconds, so it is not done at each step.
      if (times.length === task.size) last = mark();
    },
    print: (facts) => console.log(JSON.stringify(reportOf(task, { times, first, last }, facts))),
  };
}

type Measured = {
  readonly times: readonly number[];
  readonly first: Mark | null;
  readonly last: Mark | null;
};

function reportOf(task: Task, { times, first, last }: Measured, facts: Facts): Report {
  const [start = 0] = times;
  const steps = Math.max(times.length - 1, 1);
  // Of three at once each takes three times as long as it is from one end to the next.
  const took = times.slice(task.atOnce).map((time, place) => time - (times[place] ?? 0));
  return {
    size: times.length,
    stored: facts.stored,
    stepsPerSecond: (steps * 1000) / ((times.at(-1) ?? 0) - start),
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    cpuMsPerStep: ((last?.cpuMs ?? 0) - (first?.cpuMs ?? 0)) / steps,
    coldStartMs: performance.timeOrigin + start - task.startedMs,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    diskBytes: sizeOf(storeFolder(task)),
    writtenBytesPerStep: ((last?.writtenBytes ?? 0) - (first?.writtenBytes ?? 0)) / steps,
    journalMode: String(facts.journalMode),
    synchronous: SYNCHRONOUS[Number(facts.synchronous)] ?? String(facts.synchronous),
  };
}

export const storeFolder = ({ dir }: Pick<Task, "dir">): string => join(dir, ".orket");

export const readTask = (): Task => JSON.parse(process.argv[2] ?? "null") as Task;

function mark(): Mark {
  const { user, system } = process.cpuUsage();
  const written = /^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"));
  return { cpuMs: (user + system) / 1000, writtenBytes: Number(written?.[1]) };
}

/**
 * Opens the store again when the contender has closed it, asks it one number, and moves what is left in the write-ahead
 * log into the database, so that the same is measured of all.
 */
export function askStore(path: string, question: string): number {
  const database = new DatabaseSync(path);
  const [answer] = Object.values(database.prepare(question).get() ?? {});
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return Number(answer);
}

const sizeOf = (dir: string): number =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
