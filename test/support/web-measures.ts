// How hard a page is to the machine it is shown on: the longest time it held everything up, how much there is in it, and what
// it keeps.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

export type Bounds = {
  readonly taskMs?: number;
  readonly nodes?: number;
  readonly heapBytes?: number;
};

export type Measures = {
  readonly taskMs: number;
  readonly nodes: number;
  readonly heapBytes: number;
};

/** From here on each task of the page counts; a page that is loaded anew must be watched anew. */
export const watchTasks = async (page: Page): Promise<void> =>
  page.evaluate(`
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    }).observe({ type: "longtask" });
  `);

/** What it comes to; fails above a bound. The heap is taken after the garbage is gone. */
export async function measure(page: Page, bounds: Bounds): Promise<Measures> {
  const taskMs = Number(await page.evaluate("globalThis.longest ?? 0"));
  const nodes = Number(await page.evaluate(`document.querySelectorAll("*").length`));
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize: heapBytes } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  const { taskMs: most = Infinity, nodes: many = Infinity, heapBytes: heap = Infinity } = bounds;
  assert.ok(taskMs <= most, `a task of ${taskMs} ms`);
  assert.ok(nodes < many, `${nodes} nodes`);
  assert.ok(heapBytes < heap, `${heapBytes} bytes of heap`);
  return { taskMs, nodes, heapBytes };
}

export const measuresText = ({ taskMs, nodes, heapBytes }: Measures): string =>
  `longest task ${taskMs} ms, ${nodes} nodes, ${(heapBytes / 1e6).toFixed(1)} MB of heap`;
