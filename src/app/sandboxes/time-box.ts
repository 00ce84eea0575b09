// Work with an end: its signal aborts when the time is over, or when the caller's does.
import type { Clock } from "../../ports/clock.ts";

export type TimeBox = { readonly ms: number; readonly signal: AbortSignal };

/** The work itself must end when its signal aborts; how, is its answer. */
export async function timeBoxed<Value>(
  clock: Pick<Clock, "sleep">,
  { ms, signal }: TimeBox,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const over = new AbortController();
  const ended = new AbortController();
  const timer = clock.sleep(ms, ended.signal).then(() => {
    if (!ended.signal.aborted) over.abort();
  });
  try {
    return await work(AbortSignal.any([signal, over.signal]));
  } finally {
    ended.abort();
    await timer;
  }
}
