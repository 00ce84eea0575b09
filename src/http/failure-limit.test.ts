// How many guesses one address has, and when it has them again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulatedClock } from "../adapters/clock/simulated.ts";
import { createFailureLimit, FAILURES_MAX } from "./failure-limit.ts";

test("guesses of one address are limited for a minute, those of others and good keys are not", async () => {
  const clock = createSimulatedClock(0);
  const limit = createFailureLimit({ clock });
  const address = "10.0.0.1";
  limit.note({ address, key: "good", isGood: true });
  for (let count = 0; count < FAILURES_MAX; count += 1) {
    assert.ok(limit.mayTry(address, "guess"));
    limit.note({ address, key: "guess", isGood: false });
  }
  assert.ok(!limit.mayTry(address, "guess"));
  assert.ok(!limit.mayTry(address, "another"));
  assert.ok(limit.mayTry(address, "good"));
  assert.ok(limit.mayTry("10.0.0.2", "guess"));
  await clock.advance(59_999);
  assert.ok(!limit.mayTry(address, "guess"));
  await clock.advance(1);
  assert.ok(limit.mayTry(address, "guess"));
});

test("addresses are forgotten before they fill the memory", () => {
  const limit = createFailureLimit({ clock: createSimulatedClock(0) });
  const guess = (address: string): void => limit.note({ address, key: "guess", isGood: false });
  for (let count = 0; count < FAILURES_MAX; count += 1) guess("first");
  assert.ok(!limit.mayTry("first", "guess"));
  for (let count = 0; count < 10_000; count += 1) guess(`address-${count}`);
  assert.ok(limit.mayTry("first", "guess"));
});
