// Times as people say them: how long ago, with the moment and its zone on hover and for the reader of screens.
import { useSyncExternalStore } from "react";
import { spanOf } from "./span.ts";

export { spanOf };

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

const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export const momentOf = (at: string): string => ABSOLUTE.format(new Date(at));

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** `14:02`, by the clock of whoever looks. */
export const clockOf = (at: string): string => CLOCK.format(new Date(at));

/** How long ago it was. */
export function Since({ at }: { readonly at: string }) {
  const span = spanOf(useNow() - Date.parse(at));
  return (
    <time dateTime={at} title={momentOf(at)}>
      {span}
    </time>
  );
}
