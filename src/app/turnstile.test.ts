// The turnstile: one answer after another in the order of the questions, time only when nothing else can go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulatedClock } from "../adapters/clock/simulated.ts";
import type { Engine } from "./engine.ts";
import { createTurnstile } from "./turnstile.ts";

/** The parts that a test asks, and nothing else of an engine. */
function open(load: () => Promise<unknown>) {
  const clock = createSimulatedClock(0);
  const port = {};
  const engine = {
    store: port,
    workspaces: { open: async (build: string) => ({ dir: build, digest: async () => build }) },
    assets: { load },
    model: port,
    containment: port,
    stateFiles: port,
    watcher: { onEvents: () => {}, onText: () => {} },
  } as unknown as Engine;
  return { clock, ...createTurnstile(engine, clock) };
}

const asked = (engine: Engine): Promise<unknown> => engine.assets.load();

test("answers come in the order of the questions, however long each takes", async () => {
  const waits = [30, 1, 10];
  const order: number[] = [];
  const { engine, drive } = open(async () => {
    const place = 3 - waits.length;
    await new Promise((resolve) => setTimeout(resolve, waits.shift()));
    return place;
  });
  await drive(async () => {
    await Promise.all([0, 1, 2].map(async () => order.push((await asked(engine)) as number)));
  });
  assert.deepEqual(order, [0, 1, 2]);
});

test("what follows from an answer happens before the next one", async () => {
  const seen: string[] = [];
  const { engine, drive } = open(async () => seen.push("answer"));
  const one = async (name: string): Promise<void> => {
    await asked(engine);
    for (let step = 0; step < 20; step += 1) await Promise.resolve();
    seen.push(name);
  };
  await drive(async () => Promise.all([one("a"), one("b")]));
  assert.deepEqual(seen, ["answer", "a", "answer", "b"]);
});

test("time passes when nothing else can go on, and a workspace waits for its turn like the rest", async () => {
  const { engine, drive, clock } = open(async () => null);
  const digest = await drive(async () => {
    await engine.clock.sleep(60_000);
    const workspace = await engine.workspaces.open("build-a");
    return workspace.digest();
  });
  assert.deepEqual([digest, clock.monotonic()], ["build-a", 60_000]);
});

test("a failure of a part and one of the work are the caller's", async () => {
  const { engine, drive } = open(async () => {
    throw new Error("no assets");
  });
  await assert.rejects(
    drive(async () => asked(engine)),
    /no assets/,
  );
  await assert.rejects(
    drive(async () => {
      throw new Error("at once");
    }),
    /at once/,
  );
});

test("work that waits for what never comes is ended, asleep or not", async () => {
  const first = open(async () => null);
  const never = async (): Promise<never> => new Promise(() => {});
  await assert.rejects(first.drive(never), { code: "INTERNAL" });
  const second = open(async () => null);
  const upkeep = async (): Promise<void> => {
    for (;;) await second.engine.clock.sleep(1000);
  };
  void upkeep();
  await assert.rejects(second.drive(never), { code: "INTERNAL" });
});
