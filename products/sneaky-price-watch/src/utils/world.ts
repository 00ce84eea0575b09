// What the program needs from the world besides network and disk, so that a test can be the world.
import { setTimeout as pause } from "node:timers/promises";

export type Clock = {
  readonly now: () => number;
  /** Resolves early when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** A number from 0 up to, but not with, 1. */
export type Chance = () => number;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => {}),
};
