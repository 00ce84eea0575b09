// The machine's clock against the contract, and delays longer than a timer can take.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { testClock } from "../../../test/contract/clock.suite.ts";
import { createSystemClock } from "./system.ts";

testClock("system", () => {
  const clock = createSystemClock();
  return { clock, pass: (durationMs) => clock.sleep(durationMs) };
});

test("does not wake at once from a sleep of a hundred days, and leaves no listener on the signal", async () => {
  const clock = createSystemClock();
  const stopper = new AbortController();
  let isAwake = false;
  const sleeping = clock.sleep(100 * 86_400_000, stopper.signal).then(() => (isAwake = true));
  await clock.sleep(30, stopper.signal);
  assert.equal(isAwake, false);
  stopper.abort();
  await sleeping;
  const calm = new AbortController();
  await clock.sleep(5, calm.signal);
  assert.equal(getEventListeners(calm.signal, "abort").length, 0);
});
