// Times as people say them: how long ago, with the moment and its zone on hover and for the reader of screens.
import { useSyncExternalStore } from "react";

const TICK_MS = 10_000;
const lookers = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(look: () => void): () => void {
  lookers.add(look);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const one of lookers) one();
  }, TICK_MS);
  return () => {
    lookers.delete(look);
    if (lookers.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** The same moment for the whole page; it moves on every ten seconds. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => nowMs);

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

const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export const momentOf = (at: string): string => ABSOLUTE.format(new Date(at));

/** How long ago it was. */
export function Since({ at }: { readonly at: string }) {
  const span = spanOf(useNow() - Date.parse(at));
  return (
    <time dateTime={at} title={momentOf(at)}>
      {span}
    </time>
  );
}
