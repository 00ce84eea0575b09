// What a contender is asked and what it answers. One durable step is the same for all: the model is asked once, and its reply
// and the result of the one tool call in it are on the disk, by the contender's own store, before the model is asked again.

/**
 * `long`: one piece of work in which the model is asked `size` times, one after another, and sees what it did so far: an
 * agent that works on one thing. `many`: `size` pieces of work in which it is asked once each.
 */
export type Work = "long" | "many";

/** What is varied about a contender besides the work: how many pieces at once, and the variants that it names itself. */
export type Task = {
  readonly work: Work;
  readonly size: number;
  readonly atOnce: number;
  readonly variant: Variant;
  /** A folder of its own; the store lies in `dir/.orket` and nothing else does. */
  readonly dir: string;
  /** When the process was started, in milliseconds of the machine's clock. */
  readonly startedMs: number;
};

/** `last-reply`: the state holds no conversation. `full`: the peer's store is set to synchronous=FULL by us. */
export type Variant = "default" | "last-reply" | "full";

export type Report = {
  readonly size: number;
  /** Steps that were found in the store after it was closed; a report with fewer than `size` is a failure. */
  readonly stored: number;
  readonly stepsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPerStep: number;
  /** From the start of the process to its first durable step. */
  readonly coldStartMs: number;
  readonly peakMiB: number;
  /** What the closed store takes on the disk. */
  readonly diskBytes: number;
  /** What the process handed to the system to be written, from its first durable step to its last. */
  readonly writtenBytesPerStep: number;
  /** As the open database answers, not as somebody believes. */
  readonly journalMode: string;
  readonly synchronous: string;
};

const NUMBERS = [
  "size",
  "stored",
  "stepsPerSecond",
  "p50Ms",
  "p99Ms",
  "cpuMsPerStep",
  "coldStartMs",
  "peakMiB",
  "diskBytes",
  "writtenBytesPerStep",
] as const;
const TEXTS = ["journalMode", "synchronous"] as const;

export type Answer = { readonly report: Report } | { readonly failed: string };

/** The last line of a contender's output; whatever does not hold together is a failure with its reason. */
export function readReport(output: string, task: Pick<Task, "size">): Answer {
  const line = output.trim().split("\n").at(-1) ?? "";
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { failed: "it printed no report" };
  }
  if (typeof value !== "object" || value === null) return { failed: "it printed no report" };
  const members = value as Readonly<Record<string, unknown>>;
  const badNumber = NUMBERS.find((name) => !isAmount(members[name]));
  if (badNumber !== undefined) return { failed: `its report has no ${badNumber}` };
  const badText = TEXTS.find((name) => typeof members[name] !== "string" || members[name] === "");
  if (badText !== undefined) return { failed: `its report has no ${badText}` };
  const report = members as unknown as Report;
  if (report.size !== task.size) return { failed: `it did ${report.size} of ${task.size} steps` };
  if (report.stored < task.size)
    return { failed: `only ${report.stored} of ${task.size} steps are in its store` };
  return { report };
}

const isAmount = (value: unknown): boolean =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
