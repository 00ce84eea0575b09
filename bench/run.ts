// `npm run bench`: what the engine costs per turn beside the floor of plain SQLite commits in the same run, whether that
// stays flat from 100 to 10,000 cards, and whole processes from outside. Prints a table, then JSON. Ratios count, absolute
// figures belong to the machine.
import { benchApi } from "./api.ts";
import { benchBoxes } from "./boxes.ts";
import { benchEngine } from "./engine.ts";
import { benchProcesses } from "./processes.ts";
import { benchWebhooks } from "./webhooks.ts";

const BACKLOGS = [100, 1000, 10_000];
/** The default, and one where turns wait for each other more. */
const CONCURRENCIES = [3, 8];
const ROUNDS = 5;

const engine = await benchEngine({
  backlogs: BACKLOGS,
  concurrencies: CONCURRENCIES,
  rounds: ROUNDS,
});
const boxes = await benchBoxes({ runs: 50 });
const webhooks = await benchWebhooks({ connections: 20, deliveries: 4000 });
const api = await benchApi({ requests: 5000, cards: 10_000, runs: 300 });
const processes = await benchProcesses({ cards: 10_000, runs: 7 });

const round = (value: number, digits = 0): string => value.toFixed(digits);
const print = (rows: readonly Record<string, string>[]): void => {
  const names = Object.keys(rows[0] ?? {});
  const widths = names.map((name) =>
    Math.max(name.length, ...rows.map((row) => (row[name] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, place) => cell.padStart(widths[place] ?? 0)).join("  ");
  console.log(
    [line(names), ...rows.map((row) => line(names.map((name) => row[name] ?? "")))].join("\n"),
    "\n",
  );
};

console.log(
  "Engine with a no-op model: one turn = one card dispatched, asked about, moved and committed; a step = one durable transaction (WAL, synchronous=FULL)\n",
);
print(
  engine.map((row) => ({
    "at once": String(row.concurrency),
    cards: String(row.cards),
    turns: String(row.turns),
    "steps/turn": round(row.stepsPerTurn, 1),
    "ms/turn": round(row.msPerTurn, 2),
    "steps/s": round(row.stepsPerSecond),
    "floor commits/s": round(row.floorPerSecond),
    "of floor": `${round(row.ofFloor * 100)} %`,
    "vs 100 cards": round(row.versusSmallest, 2),
    "peak MiB": round(row.peakMiB),
  })),
);
console.log("Whole processes, median of the runs\n");
print(
  processes.map((row) => ({
    command: row.command,
    "wall ms": round(row.wallMs),
    "node alone ms": round(row.bareMs),
    "peak MiB": round(row.peakMiB),
  })),
);
console.log(
  "A contained command beside the bare one, median of the runs; no row where there is no box\n",
);
print(
  boxes.map((row) => ({
    box: row.backend,
    runs: String(row.runs),
    "box ms": round(row.boxMs, 1),
    "bare ms": round(row.bareMs, 1),
    "box vs bare": round(row.boxMs / row.bareMs, 1),
  })),
);
console.log("Signed deliveries of the usual size, each on the disk before its answer\n");
print(
  webhooks.map((row) => ({
    receiver: row.receiver,
    connections: String(row.connections),
    deliveries: String(row.deliveries),
    "deliveries/s": round(row.perSecond),
    "p99 ms": round(row.p99Ms, 1),
  })),
);
console.log(
  "Calls of the API with a key, over eight connections; pages of the list one after the other\n",
);
print(
  api.map((row) => ({
    call: row.call,
    requests: String(row.requests),
    "requests/s": round(row.perSecond),
    "p99 ms": round(row.p99Ms, 1),
    "of bare route": round(row.ofBare, 2),
  })),
);
console.log(JSON.stringify({ v: 1, engine, processes, boxes, webhooks, api }));
