// The process of a run is killed at each kind of moment, and the run goes on. The long loop is killed-mid-turn.long.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KIND_COUNT, killLoop } from "../support/kill-loop.ts";
import { disasterSeed } from "../support/seeds.ts";

const seed = disasterSeed(20_260_202);

test(`R-12 R-85 a run that is killed is resumed and does all of its work once (seed ${seed})`, async (context) => {
  const { resumed, kills, phases } = await killLoop(seed, KIND_COUNT);
  context.diagnostic(`${resumed} runs finished after ${kills} kills: ${JSON.stringify(phases)}`);
  assert.ok(kills >= KIND_COUNT / 2, `${kills} kills`);
});
