// The arithmetic of the table: medians with their spread, what a step adds to the disk, and ratios within a round.
import type { Answer, Report } from "./report.ts";

/** The value below which the given part of the values lies; 0 of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const place = Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * part) - 1));
  return sorted[place] ?? 0;
}

export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error("Nothing was measured.");
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** One contender at one size, an answer for each round. */
export type Measured = { readonly size: number; readonly answers: readonly Answer[] };

export type Row = {
  readonly size: number;
  readonly stepsPerSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly cpuMsPerStep: Spread;
  readonly coldStartMs: Spread;
  readonly peakMiB: Spread;
  readonly writtenBytesPerStep: Spread;
  /** What each step beyond those of the next smaller size added; what an empty store takes is left out so. */
  readonly diskBytesPerStep: number | null;
  readonly durability: string;
};

export type Figures =
  | { readonly rows: readonly Row[]; readonly failed: null }
  | { readonly rows: readonly Row[]; readonly failed: string };

/** The sizes in ascending order. A size of which one round failed has no row; the first failure is told. */
export function figuresOf(sizes: readonly Measured[]): Figures {
  const rows: Row[] = [];
  let failed: string | null = null;
  let smaller: { readonly size: number; readonly diskBytes: number } | null = null;
  for (const { size, answers } of sizes) {
    const reports = answers.flatMap((answer) => ("report" in answer ? [answer.report] : []));
    const failure = answers.find((answer) => "failed" in answer);
    if (failure !== undefined || reports.length === 0) {
      failed ??= `${size} steps: ${failure !== undefined && "failed" in failure ? failure.failed : "not measured"}`;
      continue;
    }
    const diskBytes = spreadOf(reports.map((report) => report.diskBytes)).median;
    const diskBytesPerStep =
      smaller === null ? null : (diskBytes - smaller.diskBytes) / (size - smaller.size);
    rows.push({ ...rowOf(size, reports), diskBytesPerStep });
    smaller = { size, diskBytes };
  }
  return { rows, failed };
}

function rowOf(size: number, reports: readonly Report[]): Omit<Row, "diskBytesPerStep"> {
  const spread = (pick: (report: Report) => number): Spread => spreadOf(reports.map(pick));
  const settings = reports.map((report) => `${report.journalMode}, ${report.synchronous}`);
  return {
    size,
    stepsPerSecond: spread((report) => report.stepsPerSecond),
    p50Ms: spread((report) => report.p50Ms),
    p99Ms: spread((report) => report.p99Ms),
    cpuMsPerStep: spread((report) => report.cpuMsPerStep),
    coldStartMs: spread((report) => report.coldStartMs),
    peakMiB: spread((report) => report.peakMiB),
    writtenBytesPerStep: spread((report) => report.writtenBytesPerStep),
    durability: [...new Set(settings)].join(" or "),
  };
}

/**
 * How often the one goes into the other, in steps/s. The two ran one after the other in each round, so the machine's
 * moods meet both; null where a round is missing.
 */
export function ratioOf(one: Measured | undefined, other: Measured | undefined): Spread | null {
  const rates = (measured: Measured | undefined): readonly number[] =>
    (measured?.answers ?? []).flatMap((answer) =>
      "report" in answer ? [answer.report.stepsPerSecond] : [],
    );
  const [left, right] = [rates(one), rates(other)];
  if (left.length === 0 || left.length !== right.length) return null;
  if (left.length !== one?.answers.length || right.length !== other?.answers.length) return null;
  return spreadOf(left.map((rate, round) => rate / (right[round] ?? 0)));
}
