// Polls what is due, one page at a time, until it is stopped.
import type { Clock } from "../utils/world.ts";
import type { Polled, WatchManager } from "./watch-manager.ts";

type ScheduleDeps = {
  readonly watches: Pick<WatchManager, "pollNext" | "deliverAlerts">;
  readonly clock: Clock;
  readonly tell: (polled: Polled) => void;
  readonly fail: (error: unknown) => void;
};

/** Also how soon a watch that another process added is seen. */
const LOOK_MAX_MS = 5000;
const AFTER_FAILURE_MS = 30_000;

/** Resolves when the signal is aborted. A failure of one pass is told and does not end the rest. */
export async function runSchedule(
  { watches, clock, tell, fail }: ScheduleDeps,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { polled, waitMs } = await watches.pollNext(signal);
      if (polled !== null) tell(polled);
      else await watches.deliverAlerts(signal);
      await clock.sleep(Math.min(waitMs, LOOK_MAX_MS), signal);
    } catch (error) {
      fail(error);
      await clock.sleep(AFTER_FAILURE_MS, signal);
    }
  }
}
