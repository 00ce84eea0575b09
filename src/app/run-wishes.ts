// What other processes ask of a run this one works on: the wish lies in the store, and its owner looks for it.
import { EngineError } from "../domain/errors.ts";
import type { Fence } from "../ports/store.ts";
import type { Engine } from "./engine.ts";

export type Wishes = {
  readonly pause: AbortSignal;
  readonly cancel: AbortSignal;
  /** Aborted with RUN_LOST when the run has another owner. */
  readonly lost: AbortSignal;
  readonly stop: () => void;
};

const lostRun = (run: string): EngineError =>
  new EngineError("RUN_LOST", `Run ${run} has a newer owner; nothing more was written.`, {
    details: { run },
  });

/** A store that cannot be read right now is asked again: the run's own writes say soon enough whether it is lost. */
export function watchWishes(
  { store, clock, log, settings }: Pick<Engine, "store" | "clock" | "log" | "settings">,
  { run, epoch }: Fence,
): Wishes {
  const pause = new AbortController();
  const cancel = new AbortController();
  const lost = new AbortController();
  const ended = new AbortController();
  const look = async (): Promise<void> => {
    const wanted = await store.read(async ({ runs }) => runs.wanted(run));
    if (wanted?.epoch !== epoch) lost.abort(lostRun(run));
    else if (wanted.wish === "pause") pause.abort();
    else if (wanted.wish === "cancel") cancel.abort();
  };
  const watch = async (): Promise<void> => {
    while (!ended.signal.aborted && !cancel.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(settings.limits.wishMs, ended.signal);
      if (ended.signal.aborted) return;
      await look().catch((error: unknown) => {
        log.warn({ run, error: String(error) }, "the run's wishes could not be read");
      });
    }
  };
  void watch();
  return {
    pause: pause.signal,
    cancel: cancel.signal,
    lost: lost.signal,
    stop: () => ended.abort(),
  };
}
