// What runs used, by day, by card and by model. A run counts on the day on which it was made, by the clock of whoever looks.
import type { Run } from "../../api/types.ts";

export type UsageRun = Pick<Run, "card" | "model" | "usage" | "createdAt">;

export type Sum = {
  readonly runs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of those whose price is known. */
  readonly costUsd: number;
  /** Runs that used tokens and of which no price is known. */
  readonly unpriced: number;
};
export type Named = Sum & { readonly name: string };

export const NOTHING: Sum = { runs: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, unpriced: 0 };

function add(sum: Sum, { usage }: UsageRun): Sum {
  const { inputTokens, outputTokens, costUsd } = usage;
  const isUnpriced = costUsd === 0 && inputTokens + outputTokens > 0;
  return {
    runs: sum.runs + 1,
    inputTokens: sum.inputTokens + inputTokens,
    outputTokens: sum.outputTokens + outputTokens,
    costUsd: sum.costUsd + costUsd,
    unpriced: sum.unpriced + Number(isUnpriced),
  };
}

export const sumOf = (runs: readonly UsageRun[]): Sum => runs.reduce(add, NOTHING);

const DAYS = 30;

/** `2026-11-24`, by the local clock. */
function dayOf(at: Date): string {
  const parts = [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

/** Midnight at the beginning of the first day that is shown. */
export function startOf(nowMs: number): number {
  const today = new Date(nowMs);
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() - DAYS + 1).getTime();
}

/** Thirty days with today as the last; a day without a run is there, too. */
export function byDay(runs: readonly UsageRun[], nowMs: number): readonly Named[] {
  const first = new Date(startOf(nowMs));
  const days = Array.from({ length: DAYS }, (_, place) =>
    dayOf(new Date(first.getFullYear(), first.getMonth(), first.getDate() + place)),
  );
  const sums = new Map(days.map((day) => [day, NOTHING]));
  for (const run of runs) {
    const day = dayOf(new Date(run.createdAt));
    const sum = sums.get(day);
    if (sum !== undefined) sums.set(day, add(sum, run));
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum }));
}

/** Most tokens first; equal ones by name. */
export function by(runs: readonly UsageRun[], nameOf: (run: UsageRun) => string): readonly Named[] {
  const sums = new Map<string, Sum>();
  for (const run of runs) sums.set(nameOf(run), add(sums.get(nameOf(run)) ?? NOTHING, run));
  return [...sums]
    .map(([name, sum]) => ({ name, ...sum }))
    .toSorted(
      (one, other) =>
        other.inputTokens + other.outputTokens - one.inputTokens - one.outputTokens ||
        one.name.localeCompare(other.name),
    );
}
