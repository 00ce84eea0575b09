// How long something lasts, as people say it.

const STEPS = [
  [60_000, 1000, "s"],
  [3_600_000, 60_000, "min"],
  [86_400_000, 3_600_000, "h"],
  [Number.POSITIVE_INFINITY, 86_400_000, "d"],
] as const;

/** `18 s`, `4 min`, `2 h`, `3 d`. */
export function spanOf(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  const [, unit, word] = STEPS.find(([below]) => span < below) ?? STEPS[3];
  return `${Math.floor(span / unit)} ${word}`;
}
