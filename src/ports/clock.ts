// Time is handed in: the same code runs on the system's clock and on a simulated one.

/**
 * Contract:
 * - `now` is milliseconds since the epoch; it can jump.
 * - `monotonic` only rises; durations are measured with it.
 * - `sleep` resolves early, without throwing, when its signal aborts.
 */
export type Clock = {
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly sleep: (durationMs: number, signal?: AbortSignal) => Promise<void>;
};
