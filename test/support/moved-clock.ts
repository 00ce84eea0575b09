// The system's clock with days that a test lets pass; sleeping and durations stay real.
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import type { Clock } from "../../src/ports/clock.ts";

export type MovedClock = Clock & { readonly pass: (ms: number) => void };

export const DAY_MS = 24 * 60 * 60_000;

export function createMovedClock(): MovedClock {
  const system = createSystemClock();
  let aheadMs = 0;
  return {
    ...system,
    now: () => system.now() + aheadMs,
    pass: (ms) => {
      aheadMs += ms;
    },
  };
}
