// The last events, without a hole: what came after a number, or that it is no longer held.
import type { WireEvent } from "../api/types.ts";

export const RING_MAX = 2000;

export type Ring = {
  /** Forgets everything; what comes next follows this number. */
  readonly begin: (seq: number) => void;
  /** Rising, each above what is held. A hole between them begins the ring anew behind it. */
  readonly push: (events: readonly WireEvent[]) => void;
  /** null when something after that number is no longer held. */
  readonly after: (seq: number) => readonly WireEvent[] | null;
  readonly last: () => number;
};

export function createRing(most = RING_MAX): Ring {
  let events: WireEvent[] = [];
  /** Everything above it, up to the last, is held. */
  let floor = 0;
  let last = 0;
  return {
    begin: (seq) => {
      events = [];
      floor = seq;
      last = seq;
    },
    push: (added) => {
      for (const event of added) {
        if (event.seq !== last + 1) {
          events = [];
          floor = event.seq - 1;
        }
        events.push(event);
        last = event.seq;
      }
      if (events.length <= most) return;
      const dropped = events.length - most;
      floor = events[dropped - 1]?.seq ?? floor;
      events = events.slice(dropped);
    },
    after: (seq) => {
      if (seq < floor) return null;
      if (seq >= last) return [];
      return events.slice(seq - floor);
    },
    last: () => last,
  };
}
