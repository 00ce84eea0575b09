// Sessions and tickets as time passes and as their number grows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulatedClock } from "../adapters/clock/simulated.ts";
import { createTokens } from "./tokens.ts";

const scene = (tokensMax = 3) => {
  const clock = createSimulatedClock(0);
  let count = 0;
  const randomToken = (): string => `token-${(count += 1)}`;
  return { clock, tokens: createTokens({ clock, randomToken, lifeMs: 1000, tokensMax }) };
};

test("a token stands for its key until its time is over, whatever the clock on the wall does", async () => {
  const { clock, tokens } = scene();
  const token = tokens.issue("key");
  await clock.advance(999);
  clock.jumpTo(9_999_999);
  assert.equal(tokens.find(token), "key");
  await clock.advance(1);
  assert.equal(tokens.find(token), null);
  assert.equal(tokens.take(token), null);
});

test("a token that was taken is no token any more", () => {
  const { tokens } = scene();
  const [one, other] = [tokens.issue("key"), tokens.issue("key")];
  assert.deepEqual([tokens.take(one), tokens.take(one), tokens.find(one)], ["key", null, null]);
  assert.equal(tokens.find(other), "key");
  assert.equal(tokens.find("token-9"), null);
});

test("with too many out the oldest ends", () => {
  const { tokens } = scene(2);
  const issued = ["a", "b", "c"].map(tokens.issue);
  assert.deepEqual(issued.map(tokens.find), [null, "b", "c"]);
});
