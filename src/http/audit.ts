// What the event log keeps of calls: each that changes something, before it is done, and those that were refused at the
// door, as many as a flood cannot fill the log with.
import type { Engine } from "../app/engine.ts";
import type { CallRecord } from "../app/record-call.ts";
import { recordCall } from "../app/record-call.ts";

export type Audit = {
  readonly used: (call: CallRecord) => Promise<void>;
  readonly refused: (call: CallRecord) => Promise<void>;
};

export const REFUSALS_PER_MINUTE_MAX = 30;
const WINDOW_MS = 60_000;

export function createAudit(engine: Pick<Engine, "store" | "watcher" | "clock" | "log">): Audit {
  let endsAtMs = 0;
  let written = 0;
  let left = 0;
  return {
    used: async (call) => recordCall(engine, { type: "key-used", call }),
    refused: async (call) => {
      const nowMs = engine.clock.monotonic();
      if (nowMs >= endsAtMs) {
        endsAtMs = nowMs + WINDOW_MS;
        written = 0;
      }
      if (written >= REFUSALS_PER_MINUTE_MAX) {
        left += 1;
        return;
      }
      written += 1;
      const unwritten = left;
      left = 0;
      // The answer is a refusal already; a store that fails cannot make it worse.
      await recordCall(engine, { type: "key-refused", call, unwritten }).catch((error: unknown) => {
        engine.log.error({ error: String(error) }, "a refused call could not be recorded");
      });
    },
  };
}
