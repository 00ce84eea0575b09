// Whole processes from outside: start to exit, peak memory as the process itself reads it at the end.
import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openTestEngine } from "../test/support/project.ts";
import { makeBenchProject } from "./project.ts";

const BIN = fileURLToPath(new URL("../bin/orket", import.meta.url));
const PEAK =
  'data:text/javascript,process.on("exit",()=>process.stderr.write("\\npeak "+process.resourceUsage().maxRSS))';

export type ProcessRow = {
  readonly command: string;
  readonly wallMs: number;
  readonly bareMs: number;
  readonly peakMiB: number;
};

export async function benchProcesses({
  cards,
  runs,
}: {
  cards: number;
  runs: number;
}): Promise<readonly ProcessRow[]> {
  const dir = await makeBenchProject({ epics: 20, issues: cards / 20 });
  // One turn in each build stores all its cards.
  const opened = await openTestEngine(dir, {
    limits: { turnsPerRunMax: 1 },
  });
  for (let number = 0; number < 20; number += 1) await opened.run({ card: `epic-${number}` });
  await opened.close();
  const rows = [["--version"], ["board"], ["board", "--json"]].map((args) =>
    measure({ args, dir, runs }),
  );
  await rm(dir, { recursive: true, force: true });
  return rows;
}

function measure({
  args,
  dir,
  runs,
}: {
  args: readonly string[];
  dir: string;
  runs: number;
}): ProcessRow {
  const samples = Array.from({ length: runs + 1 }, () => {
    const bareMs = once(["-e", "0"], dir).wallMs;
    return { ...once(["--import", PEAK, BIN, ...args], dir), bareMs };
  }).slice(1);
  const median = (pick: (sample: (typeof samples)[number]) => number): number =>
    samples.map(pick).toSorted((left, right) => left - right)[Math.floor(runs / 2)] ?? 0;
  return {
    command: `orket ${args.join(" ")}`,
    wallMs: median((sample) => sample.wallMs),
    bareMs: median((sample) => sample.bareMs),
    peakMiB: median((sample) => sample.peakMiB),
  };
}

function once(args: readonly string[], cwd: string): { wallMs: number; peakMiB: number } {
  const startMs = performance.now();
  const done = spawnSync(process.execPath, [...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  const wallMs = performance.now() - startMs;
  if (done.status !== 0)
    throw new Error(`${args.join(" ")} ended ${done.status}: ${done.stderr.slice(-500)}`);
  const peak = /peak (\d+)$/.exec(done.stderr);
  return { wallMs, peakMiB: Number(peak?.[1] ?? 0) / 1024 };
}
