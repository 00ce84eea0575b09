import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { SANDBOX_ID_PATTERN, sandboxIdFrom, sandboxIdOf } from "./sandbox-id.ts";
import type { SandboxSubject } from "./sandbox-id.ts";
import { lowestFreeBlock, PORT_BLOCKS_MAX, portBlock } from "./sandbox-ports.ts";

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
const build = (name: string): string => sandboxIdOf({ kind: "build", build: name }, digest);
const change = (repository: string, number: number): string =>
  sandboxIdOf({ kind: "pull-request", repository, number }, digest);

test("R-53 a plain name is its own slug; a name that lost something carries a hash", () => {
  assert.equal(build("build-shop"), "sandbox-build-shop");
  assert.match(build("rock/shop"), /^sandbox-rock-shop-[0-9a-f]{6}$/);
  assert.match(build("Build-Shop"), /^sandbox-build-shop-[0-9a-f]{6}$/);
  assert.match(build("…"), /^sandbox-unnamed-[0-9a-f]{6}$/);
  assert.equal(change("shop", 12), "sandbox-shop-pr12");
  assert.match(change("acme/shop", 12), /^sandbox-acme-shop-pr12-[0-9a-f]{6}$/);
});

test("R-53 names that look like one another have sandboxes of their own", () => {
  const ids = [
    ...["a/b", "a-b", "A-b", "a--b", "a-b-", "a b", "shop-pr12", "shop-abcdef"].map(build),
    change("shop", 12),
    change("a/b", 1),
    change("a-b", 1),
  ];
  assert.equal(new Set(ids).size, ids.length, ids.join());
});

test("R-53 any two subjects differ in their ids, and every id is one that an engine takes", () => {
  const name = fc.oneof(fc.string(), fc.stringMatching(/^[abAB/-]{1,5}(-pr[12])?$/));
  const subject: fc.Arbitrary<SandboxSubject> = fc.oneof(
    fc.record({ kind: fc.constant("build" as const), build: name }),
    fc.record({
      kind: fc.constant("pull-request" as const),
      repository: name,
      number: fc.integer({ min: 1, max: 99_999_999 }),
    }),
  );
  fc.assert(
    fc.property(subject, subject, (one, other) => {
      const [first, second] = [sandboxIdOf(one, digest), sandboxIdOf(other, digest)];
      assert.match(first, SANDBOX_ID_PATTERN);
      assert.equal(sandboxIdOf(one, digest), first);
      assert.equal(first === second, JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test("R-53 what a person names is an id, or a build", () => {
  assert.equal(sandboxIdFrom("sandbox-shop", digest), "sandbox-shop");
  assert.equal(sandboxIdFrom("shop", digest), "sandbox-shop");
  assert.equal(sandboxIdFrom("rock/shop", digest), build("rock/shop"));
});

test("R-55 a block has one port for each role, and no two blocks share one", () => {
  assert.deepEqual(portBlock(1), {
    n: 1,
    api: 8001,
    frontend: 3001,
    admin: 8101,
    database: 5433,
    mongo: 27_018,
  });
  const all = Array.from({ length: PORT_BLOCKS_MAX }, (_, place) => {
    const { n: _n, ...ports } = portBlock(place + 1);
    return Object.values(ports);
  }).flat();
  assert.equal(new Set(all).size, all.length);
});

test("R-55 the lowest block is taken that nobody holds and whose ports are free", async () => {
  const free = async (): Promise<boolean> => true;
  assert.equal((await lowestFreeBlock(new Set(), free))?.n, 1);
  assert.equal((await lowestFreeBlock(new Set([1, 3]), free))?.n, 2);
  const asked: number[] = [];
  const found = await lowestFreeBlock(new Set([2]), async ({ n }) => asked.push(n) > 1 && n > 3);
  assert.equal(found?.n, 4);
  assert.deepEqual(asked, [1, 3, 4]);
  assert.equal(await lowestFreeBlock(new Set(), async () => false), null);
});
