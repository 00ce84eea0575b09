// The simulated clock against the contract, and the order in which it wakes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testClock } from "../../../test/contract/clock.suite.ts";
import { createSimulatedClock } from "./simulated.ts";

testClock("simulated", () => {
  const clock = createSimulatedClock(1_000_000);
  return { clock, pass: clock.advance };
});

test("wakes sleepers in the order of their ends, each at its moment, also those that go to sleep again", async () => {
  const clock = createSimulatedClock(0);
  const wakings: string[] = [];
  const sleeper = async (name: string, durationMs: number, times: number): Promise<void> => {
    for (let round = 0; round < times; round += 1) {
      await clock.sleep(durationMs);
      wakings.push(`${name}@${clock.now()}`);
    }
  };
  const sleepers = [sleeper("slow", 100, 1), sleeper("fast", 30, 4)];
  await clock.advance(119);
  assert.deepEqual(wakings, ["fast@30", "fast@60", "fast@90", "slow@100"]);
  assert.equal(clock.sleepers(), 1);
  await clock.advance(1);
  await Promise.all(sleepers);
  assert.equal(clock.sleepers(), 0);
});

test("jumps on the wall without letting time pass", async () => {
  const clock = createSimulatedClock(5000);
  await clock.advance(10);
  clock.jumpTo(0);
  assert.deepEqual([clock.now(), clock.monotonic()], [0, 10]);
  await clock.advance(5);
  assert.deepEqual([clock.now(), clock.monotonic()], [5, 15]);
});

test("a step passes to the end of the next sleep, and to nowhere when nobody sleeps", async () => {
  const clock = createSimulatedClock(1000);
  assert.equal(await clock.step(), false);
  const woken: number[] = [];
  for (const ms of [50, 20]) void clock.sleep(ms).then(() => woken.push(ms));
  assert.deepEqual([await clock.step(), clock.monotonic(), woken], [true, 20, [20]]);
  assert.deepEqual([await clock.step(), clock.now(), woken], [true, 1050, [20, 50]]);
  assert.equal(await clock.step(), false);
});
