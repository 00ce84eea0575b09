// The engine's own cost per turn, counted in durable transactions, beside the same number of plain commits.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openTestEngine } from "../test/support/project.ts";
import { makeBenchProject } from "./project.ts";

const TURNS = 100;

export type EngineRow = {
  /** Turns at the same time; those that wait for the disk together share a commit. */
  readonly concurrency: number;
  readonly cards: number;
  readonly turns: number;
  readonly stepsPerTurn: number;
  readonly msPerTurn: number;
  readonly stepsPerSecond: number;
  readonly floorPerSecond: number;
  readonly ofFloor: number;
  readonly versusSmallest: number;
  readonly peakMiB: number;
};

type Sample = { readonly steps: number; readonly ms: number; readonly floorMs: number };

export type EngineBench = {
  readonly backlogs: readonly number[];
  readonly concurrencies: readonly number[];
  readonly rounds: number;
};

type Case = { readonly cards: number; readonly concurrency: number; readonly samples: Sample[] };

/** The cases take turns within each round, so that a drift of the machine meets all of them alike; medians are given. */
export async function benchEngine({
  backlogs,
  concurrencies,
  rounds,
}: EngineBench): Promise<readonly EngineRow[]> {
  const cases = concurrencies.flatMap((concurrency) =>
    backlogs.map((cards): Case => ({ cards, concurrency, samples: [] })),
  );
  for (const warm of [100, 1000]) await sampleOf({ cards: warm, concurrency: 3, samples: [] });
  for (let number = 0; number < rounds; number += 1) {
    for (const one of cases) one.samples.push(await sampleOf(one));
  }
  const rows = cases.map(rowOf);
  return rows.map((row) => {
    const smallest = rows.find((one) => one.concurrency === row.concurrency)?.msPerTurn ?? 1;
    return { ...row, versusSmallest: row.msPerTurn / smallest };
  });
}

async function sampleOf({ cards, concurrency }: Case): Promise<Sample> {
  const settings = { concurrency };
  const dir = await makeBenchProject({ epics: 1, issues: cards });
  let steps = 0;
  let firstMs = 0;
  let lastMs = 0;
  const limits = { turnsPerRunMax: TURNS };
  const watcher = {
    onText: () => {},
    onEvents: (events: readonly { readonly type: string }[]) => {
      if (firstMs === 0 && events.some((event) => event.type === "turn-started"))
        firstMs = performance.now();
      if (firstMs > 0) steps += 1;
      if (events.some((event) => event.type === "turn-finished")) lastMs = performance.now();
    },
  };
  const opened = await openTestEngine(dir, {
    limits,
    settings,
    replace: { watcher },
  });
  await opened.run({ card: "epic-0" });
  await opened.close();
  const floorMs = floor(join(dir, "floor.db"), steps);
  await rm(dir, { recursive: true, force: true });
  return { steps, ms: lastMs - firstMs, floorMs };
}

/** As many commits of one row of 1 KiB, at the same durability. */
function floor(path: string, commits: number): number {
  const database = new DatabaseSync(path);
  database.exec(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)",
  );
  const insert = database.prepare("INSERT INTO rows (body) VALUES (?)");
  const body = "x".repeat(1024);
  const startMs = performance.now();
  for (let number = 0; number < commits; number += 1) {
    database.exec("BEGIN IMMEDIATE");
    insert.run(body);
    database.exec("COMMIT");
  }
  const tookMs = performance.now() - startMs;
  database.close();
  return tookMs;
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

function rowOf({ cards, concurrency, samples }: Case): EngineRow {
  const turns = Math.min(TURNS, cards);
  return {
    concurrency,
    cards,
    turns,
    stepsPerTurn: median(samples.map((sample) => sample.steps / turns)),
    msPerTurn: median(samples.map((sample) => sample.ms / turns)),
    stepsPerSecond: median(samples.map((sample) => (sample.steps * 1000) / sample.ms)),
    floorPerSecond: median(samples.map((sample) => (sample.steps * 1000) / sample.floorMs)),
    ofFloor: median(samples.map((sample) => sample.floorMs / sample.ms)),
    versusSmallest: 1,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
}
