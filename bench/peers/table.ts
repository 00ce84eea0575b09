// The tables as text. A contender of which a round failed has a row that says so, and no figures beside it.
import type { Contender } from "./contenders.ts";
import type { Figures, Measured, Row, Spread } from "./statistics.ts";
import { ratioOf } from "./statistics.ts";

export type Outcome = {
  readonly contender: Contender;
  readonly measured: readonly Measured[];
  readonly figures: Figures;
};

/** The smallest size serves the cold start and as the base of what a step adds; its rates say nothing. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ contender: { name }, figures }): Record<string, string>[] => {
    const [smallest, ...others] = figures.rows;
    const coldStart = smallest === undefined ? "" : around(smallest.coldStartMs, 0);
    const shown = others.map((row) => ({ who: name, ...cells(row), "cold start ms": coldStart }));
    return figures.failed === null ? shown : [{ who: name, failed: `FAILED: ${figures.failed}` }];
  });
  return print(rows);
}

const cells = (row: Row): Record<string, string> => ({
  steps: String(row.size),
  "steps/s": around(row.stepsPerSecond, 0),
  "p50 ms": row.p50Ms.median.toFixed(2),
  "p99 ms": row.p99Ms.median.toFixed(2),
  "CPU ms/step": row.cpuMsPerStep.median.toFixed(2),
  "disk KiB/step": row.diskBytesPerStep === null ? "" : (row.diskBytesPerStep / 1024).toFixed(1),
  "written KiB/step": (row.writtenBytesPerStep.median / 1024).toFixed(1),
  "peak MiB": row.peakMiB.median.toFixed(0),
  durability: row.durability,
});

const around = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;

export const COLUMNS = [
  "who",
  "steps",
  "steps/s",
  "p50 ms",
  "p99 ms",
  "CPU ms/step",
  "disk KiB/step",
  "written KiB/step",
  "cold start ms",
  "peak MiB",
  "durability",
];

function print(rows: readonly Readonly<Record<string, string>>[]): string {
  const whole = rows.filter((row) => row["failed"] === undefined);
  const widths = COLUMNS.map((name) =>
    Math.max(name.length, ...whole.map((row) => (row[name] ?? "").length)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((cell, place) =>
        place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0),
      )
      .join("  ");
  return [
    line(COLUMNS),
    ...rows.map((row) =>
      row["failed"] === undefined
        ? line(COLUMNS.map((name) => row[name] ?? ""))
        : `${row["who"]}  ${row["failed"]}`,
    ),
  ].join("\n");
}

/** Orket's steps/s over each peer's at the same work and size, with the durability of both. */
export function ratios(outcomes: readonly Outcome[]): readonly string[] {
  const orkets = outcomes.filter(({ contender }) => contender.file === "orket.ts");
  return orkets.flatMap((orket) =>
    outcomes
      .filter(
        ({ contender }) => contender.file !== "orket.ts" && isSameShape(contender, orket.contender),
      )
      .flatMap((peer) => ratioLines(orket, peer)),
  );
}

const isSameShape = (one: Contender, other: Contender): boolean =>
  one.work === other.work && one.atOnce === other.atOnce;

function ratioLines(orket: Outcome, peer: Outcome): readonly string[] {
  return orket.figures.rows.slice(1).map(({ size, durability }) => {
    const of = (outcome: Outcome): Measured | undefined =>
      outcome.measured.find((one) => one.size === size);
    const ratio = ratioOf(of(orket), of(peer));
    const other = peer.figures.rows.find((row) => row.size === size);
    const who = `${orket.contender.work}, ${size} steps, ${orket.contender.name} / ${peer.contender.name}`;
    if (ratio === null || other === undefined) return `${who}: no ratio, a run failed`;
    return `${who}: ${around(ratio, 2)} × the steps/s, at ${durability} against ${other.durability}`;
  });
}

/** Any failure makes the whole run a failure, whatever the others did. */
export const exitCodeOf = (outcomes: readonly Outcome[]): 0 | 1 =>
  outcomes.length > 0 && outcomes.every(({ figures }) => figures.failed === null) ? 0 : 1;
