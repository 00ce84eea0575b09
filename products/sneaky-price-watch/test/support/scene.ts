// The whole product on a clock that the test moves, with everything else real: network, Chromium, database.
import type { TestContext } from "node:test";
import type { Product } from "../../src/compose.ts";
import { openProduct } from "../../src/compose.ts";
import type { Polled } from "../../src/managers/watch-manager.ts";
import type { Settings } from "../../src/schemas/settings.ts";
import { settingsSchema } from "../../src/schemas/settings.ts";
import type { NewWatch, Watch } from "../../src/schemas/watch.ts";
import { newWatchSchema } from "../../src/schemas/watch.ts";

export const NOON = Date.UTC(2026, 4, 4, 12);
export const HOUR_MS = 60 * 60_000;

export type Scene = Product & {
  readonly time: { now: number };
  readonly said: string[];
  readonly slept: number[];
  readonly add: (watch: { url: string } & Partial<NewWatch>) => Watch;
  readonly poll: (watch: Watch) => Promise<Polled>;
};

export function openScene(context: TestContext, settings: Partial<Settings>): Scene {
  const time = { now: NOON };
  const said: string[] = [];
  const slept: number[] = [];
  let ids = 0;
  const product = openProduct(settingsSchema.parse({ database: null, ...settings }), {
    clock: {
      now: () => time.now,
      sleep: async (ms) => {
        slept.push(ms);
        time.now += ms;
      },
    },
    chance: () => 0.5,
    newId: () => `id-${(ids += 1)}`,
    isRoot: process.getuid?.() === 0,
    say: (line) => said.push(line),
  });
  context.after(() => product.close());
  return {
    ...product,
    time,
    said,
    slept,
    add: (watch) => {
      const added = product.watches.addWatch(
        newWatchSchema.parse({ target: { kind: "css", query: "#price" }, ...watch }),
      );
      if (!added.ok) throw new Error(added.error);
      return added.value;
    },
    poll: async ({ id }) => {
      const polled = await product.watches.pollNow(id, new AbortController().signal);
      if (polled === null) throw new Error(`${id} is not there`);
      return polled;
    },
  };
}
