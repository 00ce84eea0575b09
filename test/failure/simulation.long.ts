// The simulation for a minute, from a new seed each time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSimulatedAssets } from "../support/simulation/project.ts";
import { randomSeed, tellStories } from "../support/simulation/stories.ts";

const STORIES_MS = 60_000;

const first = randomSeed();
test(`R-79 a minute of stories breaks no rule (from seed ${first})`, async () => {
  const assets = await loadSimulatedAssets();
  const { found, stories, perSecond } = await tellStories({ assets, first, forMs: STORIES_MS });
  console.log(`${stories} stories from seed ${first}, ${perSecond.toFixed(0)} a second`);
  assert.equal(found, null, found ?? "");
});
