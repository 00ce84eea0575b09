// Sessions and tickets as time passes and as their number grows.
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createSimulatedClock } from "../adapters/clock/simulated.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { createSessionFile } from "./session-file.ts";
import { createTokens } from "./tokens.ts";

const keyNamed = (id: string) => ({ id, digest: "0".repeat(64) });
const KEY = keyNamed("key");

const scene = (tokensMax = 3) => {
  const clock = createSimulatedClock(0);
  let count = 0;
  const randomToken = (): string => `token-${(count += 1)}`;
  return { clock, tokens: createTokens({ clock, randomToken, lifeMs: 1000, tokensMax }) };
};

test("a token stands for its key until its time is over, whatever the clock on the wall does", async () => {
  const { clock, tokens } = scene();
  const token = tokens.issue(KEY);
  await clock.advance(999);
  clock.jumpTo(9_999_999);
  assert.equal(tokens.find(token), KEY);
  await clock.advance(1);
  assert.equal(tokens.find(token), null);
  assert.equal(tokens.take(token), null);
});

test("a token that was taken is no token any more", () => {
  const { tokens } = scene();
  const [one, other] = [tokens.issue(KEY), tokens.issue(KEY)];
  assert.deepEqual([tokens.take(one), tokens.take(one), tokens.find(one)], [KEY, null, null]);
  assert.equal(tokens.find(other), KEY);
  assert.equal(tokens.find("token-9"), null);
});

test("with too many out the oldest ends", () => {
  const { tokens } = scene(2);
  const keys = ["a", "b", "c"].map(keyNamed);
  assert.deepEqual(keys.map(tokens.issue).map(tokens.find), [null, keys[1], keys[2]]);
});

test("kept tokens outlive a restart, and neither their time nor their end is forgotten", async (context) => {
  const path = join(await tempFolder(context), "state", "sessions.json");
  const clock = createSimulatedClock(0);
  let count = 0;
  const open = () =>
    createTokens({
      clock,
      randomToken: () => `token-${(count += 1)}`,
      lifeMs: 1000,
      tokensMax: 3,
      shelf: createSessionFile(path),
    });
  const first = open();
  const [one, other] = [first.issue(KEY), first.issue(keyNamed("other"))];
  first.take(other);
  await clock.advance(600);
  const second = open();
  assert.deepEqual([second.find(one), second.find(other)], [KEY, null]);
  await clock.advance(399);
  assert.deepEqual(open().find(one), KEY);
  await clock.advance(1);
  assert.equal(second.find(one), null);
  assert.equal(open().find(one), null);

  const text = await readFile(path, "utf8");
  assert.ok(!text.includes("token-"));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  // A clock set back does not make a session longer than a new one.
  clock.jumpTo(-9_999_999);
  const late = open();
  await clock.advance(1000);
  assert.equal(late.find(one), null);
  await writeFile(path, "no list");
  assert.equal(open().find(one), null);
});
