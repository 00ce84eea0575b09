// Kills a run of the product with `kill -9` at seeded points and goes on with it, again and again, until it is done. What a
// kill hit is read from what it left: database, model server, git.
import assert from "node:assert/strict";
import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { createSeededIds } from "../../src/adapters/ids/seeded.ts";
import type { Ids } from "../../src/ports/ids.ts";
import type { Figures, Scene, Survey } from "./disaster-project.ts";
import { assertDoneOnce, openScene, survey } from "./disaster-project.ts";
import type { CommitMoment } from "./git-shim.ts";
import type { Ended } from "./orket.ts";

/** What the run was doing when it was killed. */
export const PHASES = [
  "before the first turn",
  "model call",
  "tool call",
  "event write",
  "git commit",
  "inside a turn",
  "between turns",
] as const;
type Phase = (typeof PHASES)[number];

/** When the kill comes: at the n-th of something the run does, and a little later. */
type Trigger =
  | { readonly at: "request" | "stream"; readonly count: number; readonly delayMs: number }
  | { readonly at: "line"; readonly type: string; readonly count: number; readonly delayMs: number }
  | { readonly at: "log-write"; readonly count: number }
  | { readonly at: "commit"; readonly moment: CommitMoment }
  | { readonly at: "time"; readonly delayMs: number };

/** Which rock of the scene is worked off, with how many turns at once. */
type Work = { readonly rock: "together" | "chained"; readonly concurrency: number };

type Survived = { readonly phases: readonly Phase[]; readonly figures: Figures };

const LINES = [
  "tool-called",
  "model-called",
  "turn-finished",
  "tool-finished",
  "card-moved",
] as const;
const STREAM_DRIP_MS = 2;

type Chance = Pick<Ids, "random">;

const below = ({ random }: Chance, limit: number): number => Math.floor(random() * limit);
const oneOf = <Item>(chance: Chance, [first, ...rest]: readonly [Item, ...Item[]]): Item =>
  [first, ...rest][below(chance, rest.length + 1)] ?? first;

/** The kinds come in turn, so that a short loop meets each of them. */
const KINDS = [
  "request",
  "tool",
  "commit",
  "log",
  "gap",
  "stream",
  "line",
  "start",
  "time",
] as const;
export const KIND_COUNT = KINDS.length;

function chooseTrigger(chance: Chance, place: number): Trigger {
  const delayMs = oneOf(chance, [0, 0, 1, 2, 4]);
  const kind = KINDS[place % KIND_COUNT];
  switch (kind) {
    case "request":
    case "stream":
      return { at: kind, count: 1 + below(chance, 8), delayMs };
    case "line":
      return { at: "line", type: oneOf(chance, LINES), count: 1 + below(chance, 6), delayMs };
    case "tool":
      return { at: "line", type: "tool-called", count: 1 + below(chance, 6), delayMs: 0 };
    case "gap":
      return { at: "line", type: "turn-finished", count: 1 + below(chance, 5), delayMs };
    case "log":
      return { at: "log-write", count: 1 + below(chance, 600) };
    case "commit":
      return { at: "commit", moment: oneOf(chance, ["before", "while", "after"]) };
    case "start":
      return { at: "time", delayMs: 100 + below(chance, 300) };
    default:
      return { at: "time", delayMs: 300 + below(chance, 700) };
  }
}

/** The whole loop is settled before it begins: which run is killed when, up to three times. */
function planOf(seed: number, runs: number): readonly Planned[] {
  const chance = createSeededIds(seed);
  return Array.from({ length: runs }, (_, place) => ({
    work: {
      rock: oneOf(chance, ["together", "chained"]),
      // One turn at a time half of the time: only then does anything lie between turns.
      concurrency: oneOf(chance, [1, 3]),
    },
    triggers: Array.from({ length: oneOf(chance, [1, 2, 3]) }, (_more, later) =>
      chooseTrigger(chance, later === 0 ? place : below(chance, KIND_COUNT)),
    ),
  }));
}

type Planned = { readonly work: Work; readonly triggers: readonly Trigger[] };

export type LoopFigures = {
  /** Runs that were killed at least once; all of them finished. */
  readonly resumed: number;
  readonly kills: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly calls: number;
};

/** Two runs at a time. The first that does not survive ends the loop, with what it was. */
export async function killLoop(seed: number, runs: number): Promise<LoopFigures> {
  const plan = planOf(seed, runs).entries();
  const survived: Survived[] = [];
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [place, { work, triggers }] of plan) {
      if (failed) return;
      survived.push(
        await killAndResume(work, triggers).catch((cause: unknown) => {
          failed = true;
          const what = JSON.stringify({ seed, place, work, triggers });
          throw new Error(`This run did not survive: ${what}: ${String(cause)}`, { cause });
        }),
      );
    }
  };
  await Promise.all([worker(), worker()]);
  const killed = survived.filter(({ phases }) => phases.length > 0);
  const phases = killed.flatMap((one) => one.phases);
  return {
    resumed: killed.length,
    kills: phases.length,
    phases: Object.fromEntries(
      PHASES.map((phase) => [phase, phases.filter((one) => one === phase).length]),
    ),
    calls: killed.reduce((sum, { figures }) => sum + figures.calls, 0),
  };
}

/** Kills a run at each of the triggers in turn, as far as they come about, and lets it finish. */
async function killAndResume(work: Work, triggers: readonly Trigger[]): Promise<Survived> {
  const { concurrency, rock } = work;
  const scene = await openScene({ files: { "orket.yaml": { concurrency } } });
  const phases: Phase[] = [];
  try {
    await mkdir(scene.stateDir);
    for (const trigger of triggers) {
      const phase = await live(scene, rock, trigger);
      if (phase === null) break;
      phases.push(phase);
    }
    if (phases.length === triggers.length) await live(scene, rock, null);
    return { phases, figures: await assertDoneOnce(scene) };
  } finally {
    await scene.remove();
  }
}

/** One process of the run: it is killed, and the phase it was killed in is given; or it ends well, and null is. */
async function live(
  scene: Scene,
  rock: Work["rock"],
  trigger: Trigger | null,
): Promise<Phase | null> {
  const before = await survey(scene.stateDir);
  const run = before?.runs[0];
  // The last kill came after the run had written its end.
  if (run?.status === "done") return null;
  const args = run === undefined ? ["run", rock, "--json"] : ["resume", run.id, "--json"];
  const askedBefore = scene.asked.length;
  let told = 0;
  let onLine: (type: string) => void = () => {};
  const process = scene.start(args, {
    onLine: (line) => {
      const { seq = told, type } = JSON.parse(line) as { seq?: number; type: string };
      told = seq;
      onLine(type);
    },
  });
  let sent = false;
  const kill = (): void => {
    sent = true;
    process.signal("SIGKILL");
  };
  const disarm =
    trigger === null ? () => {} : arm(scene, trigger, { kill, onLine: (next) => (onLine = next) });
  const ended = await process.ended;
  disarm();
  scene.onRequest(() => null);
  const inGit = scene.shim.wentOff();
  scene.shim.disarm();
  if (!sent && !inGit) return endedWell(ended);
  // It was quicker than the kill.
  if (ended.code === 0) return null;
  assert.equal(ended.code, null, `${ended.code}: ${ended.err}`);
  await quiet(scene);
  const left = await survey(scene.stateDir);
  return inGit ? "git commit" : phaseOf({ left, told, asked: scene.asked.slice(askedBefore) });
}

function endedWell({ code, err, out }: Ended): null {
  assert.equal(code, 0, `${err}${out.slice(-2000)}`);
  return null;
}

type Arming = {
  readonly kill: () => void;
  readonly onLine: (listen: (type: string) => void) => void;
};

/** Gives what takes the trigger away again. */
function arm(scene: Scene, trigger: Trigger, { kill, onLine }: Arming): () => void {
  const timers: NodeJS.Timeout[] = [];
  const killIn = (delayMs: number): void => {
    if (delayMs === 0) kill();
    else timers.push(setTimeout(kill, delayMs));
  };
  const disarm = (): void => timers.forEach((timer) => clearTimeout(timer));
  let count = 0;
  switch (trigger.at) {
    case "request":
    case "stream":
      scene.onRequest(() => {
        count += 1;
        if (count === trigger.count) killIn(trigger.delayMs);
        return trigger.at === "stream" ? { kind: "answer", dripMs: STREAM_DRIP_MS } : null;
      });
      return disarm;
    case "line":
      onLine((type) => {
        if (type === trigger.type) count += 1;
        if (type === trigger.type && count === trigger.count) killIn(trigger.delayMs);
      });
      return disarm;
    case "log-write": {
      const watcher = watch(scene.stateDir, (_event, name) => {
        if (name === "orket.db-wal") count += 1;
        if (name === "orket.db-wal" && count === trigger.count) kill();
      });
      return () => watcher.close();
    }
    case "commit":
      scene.shim.arm(trigger.moment);
      return () => {};
    case "time":
      killIn(trigger.delayMs);
      return disarm;
  }
}

/** What a killed process had sent arrives before anybody looks. */
async function quiet({ server }: Scene): Promise<void> {
  for (let waits = 0; server.openSockets() > 0 && waits < 1000; waits += 1) await pause(1);
}

type Remains = {
  readonly left: Survey | null;
  /** The last event that the process told of. */
  readonly told: number;
  readonly asked: Scene["asked"];
};

const OF_THE_START = new Set(["run-queued", "run-started", "run-continued"]);

function phaseOf({ left, told, asked }: Remains): Phase {
  if (left === null || left.turns.length === 0) return "before the first turn";
  const live = left.turns.filter((turn) => turn.status === "live");
  const last = left.events.at(-1);
  // Written, and killed before it could be told.
  if (last !== undefined && last.seq > told && !OF_THE_START.has(last.type)) return "event write";
  const results = live.flatMap((turn) => turn.steps.flatMap((step) => step.results));
  if (results.some((one) => one.begun && one.result === null)) return "tool call";
  const stored = new Set(left.turns.flatMap((turn) => turn.steps.map((step) => step.text)));
  if (asked.some(({ reply }) => !stored.has(reply))) return "model call";
  return live.length === 0 ? "between turns" : "inside a turn";
}
