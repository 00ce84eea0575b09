import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Sandbox, SandboxState, ServiceFacts } from "./sandbox.ts";
import {
  canMove,
  decideSandboxMove,
  expiryOf,
  healthStep,
  illnessOf,
  isExpired,
  isReusable,
  isUp,
  MISSES_MAX,
  SANDBOX_STATES,
  SANDBOX_TTL_MS,
} from "./sandbox.ts";

const MOVES = [
  "creating running",
  "creating unhealthy",
  "creating failed",
  "creating stopping",
  "running unhealthy",
  "running failed",
  "running stopping",
  "unhealthy running",
  "unhealthy failed",
  "unhealthy stopping",
  "failed stopping",
  "stopping failed",
  "stopping deleted",
];

test("a sandbox makes exactly the moves of the table; each other one is refused with both states", () => {
  const pairs = SANDBOX_STATES.flatMap((from) => SANDBOX_STATES.map((to) => ({ from, to })));
  assert.deepEqual(
    pairs.filter(({ from, to }) => canMove(from, to)).map(({ from, to }) => `${from} ${to}`),
    MOVES,
  );
  for (const { from, to } of pairs) {
    const decided = decideSandboxMove({ id: "sandbox-a", state: from }, to);
    if (decided.ok) assert.equal(decided.value, to);
    else {
      assert.equal(decided.error.code, "SANDBOX_STATE");
      assert.deepEqual(decided.error.details, { sandbox: "sandbox-a", from, to });
    }
  }
});

test("R-54 an id is free when its sandbox is deleted, or failed and holds no ports", () => {
  const free = SANDBOX_STATES.flatMap((state) =>
    [null, 1].filter((block) => isReusable({ state, block })).map((block) => `${state} ${block}`),
  );
  assert.deepEqual(free, ["failed null", "deleted null", "deleted 1"]);
  assert.deepEqual(
    SANDBOX_STATES.filter((state) => isUp({ state })),
    ["running", "unhealthy"],
  );
});

test("a sandbox lives a day from its last use", () => {
  const usedMs = Date.parse("2026-03-01T10:00:00.000Z");
  const expiresAt = expiryOf(usedMs);
  assert.equal(expiresAt, "2026-03-02T10:00:00.000Z");
  assert.equal(isExpired({ expiresAt }, usedMs + SANDBOX_TTL_MS - 1), false);
  assert.equal(isExpired({ expiresAt }, usedMs + SANDBOX_TTL_MS), true);
});

const running = (service: string, health: ServiceFacts["health"] = null): ServiceFacts => ({
  service,
  state: "running",
  health,
});

test("R-56 healthy is at least one service, each of the stack running and not failing its check", () => {
  assert.equal(illnessOf(["api"], []), "none of its services is there");
  assert.equal(illnessOf([], []), "none of its services is there");
  assert.equal(illnessOf(["api", "db"], [running("api"), running("db", "healthy")]), null);
  assert.equal(illnessOf(["api"], [running("api", "starting")]), null);
  assert.equal(illnessOf(["api", "db"], [running("api")]), "db is missing");
  const ill = [running("api", "unhealthy"), { ...running("db"), state: "exited" }];
  assert.equal(illnessOf(["api", "db"], ill), "api fails its check, db is exited");
});

test("the third bad check in a row makes it unhealthy, a good one heals it, and one that is unhealthy stays so", () => {
  const well = { state: "running", misses: 0, reason: null } as const;
  const one = healthStep(well, "down");
  const two = healthStep(one, "down");
  const three = healthStep(two, "down");
  assert.deepEqual(
    [one, two, three].map(({ state, misses, reason }) => [state, misses, reason]),
    [
      ["running", 1, null],
      ["running", 2, null],
      ["unhealthy", MISSES_MAX, "down"],
    ],
  );
  assert.deepEqual(healthStep(three, "gone"), { state: "unhealthy", misses: 3, reason: "gone" });
  assert.deepEqual(healthStep(two, null), well);
  assert.deepEqual(healthStep(three, null), well);
  assert.equal(healthStep({ ...three, misses: 0 }, "down").state, "unhealthy");
});

/** What the registry must hold whatever happens, and the world as commands see it. */
type Model = { readonly there: Map<string, Pick<Sandbox, "id" | "state" | "block">> };
type World = Model;

const IDS = ["sandbox-a", "sandbox-b", "sandbox-c"];
const BLOCKS_MAX = 2;

const lowest = ({ there }: Model): number | null => {
  const held = new Set([...there.values()].map(({ block }) => block));
  return [1, 2].find((block) => block <= BLOCKS_MAX && !held.has(block)) ?? null;
};

const holds = ({ there }: World): void => {
  const blocks = [...there.values()].flatMap(({ block }) => block ?? []);
  assert.equal(new Set(blocks).size, blocks.length, "two sandboxes share a block");
  for (const { state, block } of there.values()) {
    assert.ok(state !== "deleted" || block === null, "a deleted one holds its ports");
    assert.ok(!isUp({ state }) || block !== null, "one that is up holds no ports");
  }
};

const create = (id: string): fc.Command<Model, World> => ({
  check: ({ there }) => {
    const known = there.get(id);
    return known === undefined || isReusable(known);
  },
  run: (model, world) => {
    const block = lowest(model);
    if (block !== null) world.there.set(id, { id, state: "creating", block });
    holds(world);
  },
  toString: () => `create ${id}`,
});

const move = (id: string, to: SandboxState): fc.Command<Model, World> => ({
  check: ({ there }) => there.has(id),
  run: (_model, world) => {
    const known = world.there.get(id);
    if (known === undefined) return;
    const decided = decideSandboxMove(known, to);
    const before = known.state;
    if (decided.ok) {
      const block = to === "deleted" ? null : known.block;
      world.there.set(id, { id, state: decided.value, block });
    }
    assert.equal(decided.ok, MOVES.includes(`${before} ${to}`));
    holds(world);
  },
  toString: () => `${id} to ${to}`,
});

/** After a failed creation was taken down. */
const release = (id: string): fc.Command<Model, World> => ({
  check: ({ there }) => there.get(id)?.state === "failed",
  run: (_model, world) => {
    world.there.set(id, { id, state: "failed", block: null });
    holds(world);
  },
  toString: () => `release ${id}`,
});

test("whatever is created, moved and released in whatever order, no two share a block and none keeps one that is deleted", () => {
  const id = fc.constantFrom(...IDS);
  const commands = fc.commands([
    id.map(create),
    fc.tuple(id, fc.constantFrom(...SANDBOX_STATES)).map(([name, to]) => move(name, to)),
    id.map(release),
  ]);
  fc.assert(
    fc.property(commands, (list) => {
      const world: World = { there: new Map() };
      fc.modelRun(() => ({ model: world, real: world }), list);
    }),
    { numRuns: 300 },
  );
});
