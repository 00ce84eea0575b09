// What the box adds to a command: the same program contained and bare, in turns, so that a drift of the machine meets both.
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContainment } from "../src/adapters/containment/select.ts";
import { commandIn } from "../test/support/attack-scene.ts";
import { boxDeps } from "../test/support/box.ts";

export type BoxRow = {
  readonly backend: string;
  readonly runs: number;
  readonly boxMs: number;
  readonly bareMs: number;
};

/** No row where there is no box. */
export async function benchBoxes({ runs }: { runs: number }): Promise<readonly BoxRow[]> {
  const dir = await mkdtemp(join(tmpdir(), "orket-bench-"));
  const workspaceDir = join(dir, "ws");
  await mkdir(workspaceDir);
  const box = createContainment(boxDeps(join(dir, "scratch")));
  const report = await box.probe();
  const samples: { boxMs: number; bareMs: number }[] = [];
  for (let number = 0; report.available && number < runs; number += 1) {
    const startMs = performance.now();
    const ran = await box.run(commandIn(workspaceDir, ["true"]), new AbortController().signal);
    const boxMs = performance.now() - startMs;
    if (!ran.ok || ran.value.exitCode !== 0) throw new Error(JSON.stringify(ran));
    const bareStartMs = performance.now();
    spawnSync("true", { cwd: workspaceDir });
    samples.push({ boxMs, bareMs: performance.now() - bareStartMs });
  }
  await rm(dir, { recursive: true, force: true });
  if (!report.available) return [];
  const median = (values: readonly number[]): number =>
    values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
  const boxMs = median(samples.map((sample) => sample.boxMs));
  const bareMs = median(samples.map((sample) => sample.bareMs));
  return [{ backend: report.backend, runs, boxMs, bareMs }];
}
