// How busy the machine was, look by look, and what a line of it says in words.
import { spanOf } from "../../kit/span.ts";

export type Sample = { readonly atMs: number; readonly cpu: number; readonly memory: number };
export type Measure = "cpu" | "memory";

/** Half an hour of looks. */
const SAMPLES_MAX = 360;

export const withSample = (samples: readonly Sample[], sample: Sample): readonly Sample[] =>
  [...samples, sample].slice(-SAMPLES_MAX);

export type Point = { readonly x: number; readonly y: number };

/** Lines on a field of 100 by 100, by their time; nothing is drawn over a time in which nobody looked. */
export function linesOf(
  samples: readonly Sample[],
  measure: Measure,
  gapMs: number,
): readonly (readonly Point[])[] {
  const from = samples[0]?.atMs ?? 0;
  const span = Math.max(1, (samples.at(-1)?.atMs ?? 0) - from);
  const lines: Point[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    const point = { x: ((sample.atMs - from) / span) * 100, y: 100 - sample[measure] };
    const line = sample.atMs - lastMs > gapMs ? undefined : lines.at(-1);
    if (line === undefined) lines.push([point]);
    else line.push(point);
    lastMs = sample.atMs;
  }
  return lines;
}

/** The same for whoever does not see it. */
export function wordsOf(samples: readonly Sample[], measure: Measure): string {
  const values = samples.map((sample) => sample[measure]);
  if (values.length < 2) return "one look so far";
  const span = spanOf((samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0));
  return `between ${Math.min(...values)} % and ${Math.max(...values)} % in ${span}`;
}
