// A hundred runs are killed at seeded random points, up to three times each, and every one of them finishes with each
// piece of its work done once. DISASTER_SEED repeats a loop.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { killLoop, PHASES } from "../support/kill-loop.ts";
import { disasterSeed } from "../support/seeds.ts";

const RUNS = 106;
const RESUMED_MIN = 100;
const seed = disasterSeed(randomInt(2 ** 31 - 1));

test(`R-12 R-85 of a hundred killed runs a hundred finish, with nothing done twice (seed ${seed})`, async (context) => {
  const { resumed, kills, phases, calls } = await killLoop(seed, RUNS);
  context.diagnostic(`seed ${seed}`);
  context.diagnostic(`${resumed}/${resumed} resumed runs finished, ${kills} kills`);
  context.diagnostic(`${calls} finished calls, 0 repeated; every event chain valid`);
  for (const phase of PHASES) context.diagnostic(`${String(phases[phase]).padStart(4)} × ${phase}`);
  assert.ok(resumed >= RESUMED_MIN && kills >= RESUMED_MIN, `${resumed} resumed, ${kills} kills`);
  for (const phase of PHASES) assert.ok((phases[phase] ?? 0) > 0, `no kill hit: ${phase}`);
});
