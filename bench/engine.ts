// The engine's own cost per turn, counted in durable transactions, beside the same number of plain commits.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openTestEngine } from "../test/support/project.ts";
import { makeBenchProject, NO_OP_MODEL } from "./project.ts";

const TURNS = 90;

export type EngineRow = {
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

/** The sizes take turns within each round, so that a drift of the machine meets all of them alike; medians are given. */
export async function benchEngine({
  backlogs,
  rounds,
}: {
  backlogs: readonly number[];
  rounds: number;
}): Promise<readonly EngineRow[]> {
  const samples = new Map<number, Sample[]>(backlogs.map((cards) => [cards, []]));
  for (let number = 0; number < rounds; number += 1) {
    for (const cards of backlogs) samples.get(cards)?.push(await sampleOf(cards));
  }
  const rows = backlogs.map((cards) => rowOf(cards, samples.get(cards) ?? []));
  const smallest = rows[0]?.msPerTurn ?? 1;
  return rows.map((row) => ({ ...row, versusSmallest: row.msPerTurn / smallest }));
}

async function sampleOf(cards: number): Promise<Sample> {
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
  const opened = await openTestEngine(dir, { limits, replace: { model: NO_OP_MODEL, watcher } });
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

function rowOf(cards: number, samples: readonly Sample[]): EngineRow {
  const turns = Math.min(TURNS, cards);
  return {
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
