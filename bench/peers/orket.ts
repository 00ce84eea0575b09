// Orket as it is published: the engine put together by its own composition root from `dist`, its store on the disk, its
// gate, journal and event log at work. Only the model is ours.
//
// `long` is one card whose turn takes as many replies as asked for; `many` is as many cards of one turn and one reply each.
// A card is more than a step of the others: it is planned, routed, prompted, evaluated and moved, each with its event.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type * as Assemble from "../../src/assemble.ts";
import type * as ExecuteRun from "../../src/app/execute-run.ts";
import type * as StartRun from "../../src/app/start-run.ts";
import type * as Config from "../../src/config.ts";
import type { Result } from "../../src/domain/result.ts";
import type * as Run from "../../src/domain/run.ts";
import type { Model } from "../../src/ports/model.ts";
import { askStore, createMeter, readTask, storeFolder } from "./meter.ts";
import { replyOf } from "./reply.ts";

const FACTS = { provider: "bench", name: "no-op", nativeTools: true, contextWindow: null };
const FREE = { inputUsdPerMillion: 0, outputUsdPerMillion: 0 };
const USAGE = { inputTokens: 10, outputTokens: 10, truncated: false };
const WAIT_FOR_A_PERSON = {
  tool: "update_issue_status",
  args: { status: "blocked", wait_reason: "input" },
};

const task = readTask();
const meter = createMeter(task);
const published = async (path: string): Promise<unknown> =>
  import(new URL(`../../dist/${path}`, import.meta.url).href);
const { assembleEngine } = (await published("assemble.js")) as typeof Assemble;
const { loadConfig } = (await published("config.js")) as typeof Config;
const { NO_BUDGET } = (await published("domain/run.js")) as typeof Run;
const { startRun } = (await published("app/start-run.js")) as typeof StartRun;
const { executeRun } = (await published("app/execute-run.js")) as typeof ExecuteRun;

const valueOf = <Value>(result: Result<Value, unknown>): Value => {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};

// The store keeps its connection to itself, and what it is set to is to be read from it and from no other.
const connections = new Set<DatabaseSync>();
Reflect.set(
  DatabaseSync.prototype,
  "prepare",
  new Proxy(Reflect.get(DatabaseSync.prototype, "prepare"), {
    apply: (prepare, connection: DatabaseSync, args: unknown[]) => {
      connections.add(connection);
      return Reflect.apply(prepare, connection, args) as unknown;
    },
  }),
);

let asked = 0;
/** Says something about its card, and at the end of its work on it moves it. */
const model: Model = {
  describe: async () => ({ ok: true, value: { ...FACTS, price: FREE } }),
  reply: async () => {
    asked += 1;
    const { text, tool, args } = replyOf(asked);
    const isLast = task.work === "many" || asked === task.size;
    const call = isLast ? WAIT_FOR_A_PERSON : { tool, args };
    return { kind: "reply", text, calls: [{ id: "call", ...call }], ...USAGE };
  },
};

const stepEnd = task.work === "long" ? "tool-finished" : "turn-finished";
mkdirSync(storeFolder(task));
const assembled = valueOf(
  await assembleEngine({
    dir: task.dir,
    stateDir: storeFolder(task),
    config: valueOf(loadConfig({ env: {} })),
    secrets: [],
    env: process.env,
    owner: "bench",
    watcher: {
      onText: () => {},
      onEvents: (events) => events.forEach(({ type }) => type === stepEnd && meter.step()),
    },
  }),
);
const { settings } = assembled;
const limits = { ...settings.limits, turnsPerRunMax: task.size, stepsMax: task.size + 1 };
const engine = {
  ...assembled,
  model,
  settings: { ...settings, limits, concurrency: task.atOnce },
};
const request = { build: null, department: null, restart: false, model: null };
const { id } = valueOf(await startRun(engine, { ...request, card: "epic-0", budget: NO_BUDGET }));
const go = { run: id, resume: false, isOwnerGone: () => true };
valueOf(await executeRun(engine, go, new AbortController().signal));

const [connection] = [...connections].filter((one) => one.isOpen);
const journalMode = connection?.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
const synchronous = connection?.prepare("PRAGMA synchronous").get()?.["synchronous"];
await engine.store.close();
const kept = "SELECT count(*) FROM turn_calls WHERE result IS NOT NULL";
const stored = askStore(join(storeFolder(task), "orket.db"), kept);
meter.print({ stored, journalMode, synchronous });
