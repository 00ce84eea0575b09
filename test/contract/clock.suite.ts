// What every clock must do, line by line of the contract in src/ports/clock.ts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Clock } from "../../src/ports/clock.ts";

/** `pass` lets the given time go by, in whatever way the clock has. */
export type ClockScene = {
  readonly clock: Clock;
  readonly pass: (durationMs: number) => Promise<void>;
};

export function testClock(name: string, openClock: () => ClockScene): void {
  describe(`${name} clock`, () => {
    test("rises with the time that passes", async () => {
      const { clock, pass } = openClock();
      const [now, monotonic] = [clock.now(), clock.monotonic()];
      await pass(30);
      assert.ok(clock.monotonic() - monotonic >= 29);
      assert.ok(clock.now() - now >= 28);
    });

    test("wakes a sleeper when its time is over and not before", async () => {
      const { clock, pass } = openClock();
      let wokeAt = Number.NaN;
      const startedAt = clock.monotonic();
      const sleeping = clock.sleep(60).then(() => (wokeAt = clock.monotonic()));
      await pass(15);
      assert.ok(Number.isNaN(wokeAt));
      await pass(60);
      await sleeping;
      assert.ok(wokeAt - startedAt >= 60);
    });

    test("ends a sleep at once and without an error when it is aborted, before or meanwhile", async () => {
      const { clock, pass } = openClock();
      await clock.sleep(1e12, AbortSignal.abort());
      const stopper = new AbortController();
      const sleeping = clock.sleep(1e12, stopper.signal);
      await pass(5);
      stopper.abort();
      await sleeping;
    });

    test("does not sleep for nothing, less than nothing or nonsense", async () => {
      const { clock } = openClock();
      for (const durationMs of [0, -5, Number.NaN]) await clock.sleep(durationMs);
    });
  });
}
