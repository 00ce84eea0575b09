// The organization loop: over all departments, the epic with the most critical card first, one run after another until it is
// stopped. No run ends it: what fails rests and is tried again, what blocks waits until its cause has changed.
import type { ApproveMode } from "../domain/approval.ts";
import type { ProjectAssets } from "../domain/assets.ts";
import { EngineError } from "../domain/errors.ts";
import type { NewEvent } from "../domain/events.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { Run } from "../domain/run.ts";
import { readBoard } from "./board.ts";
import type { Engine } from "./engine.ts";
import { executeRun } from "./execute-run.ts";
import type { LoopRules, Skip } from "./loop-skips.ts";
import { skipOf } from "./loop-skips.ts";
import type { LoopCandidate } from "./loop-targets.ts";
import { loopCandidates } from "./loop-targets.ts";
import { assetRefusal, startTarget } from "./start-run.ts";
import type { Left } from "./take-up-runs.ts";
import { leftRuns } from "./take-up-runs.ts";
import { writeTold } from "./write-told.ts";

export type LoopRequest = LoopRules & {
  readonly department: string | null;
  /** Left out: people are asked. */
  readonly approve?: ApproveMode;
  readonly isOwnerGone: (owner: string) => boolean;
  readonly watch: LoopWatch;
};

/** What whoever watches is told besides the events. */
export type LoopWatch = {
  readonly runStarts: (run: string) => Promise<void>;
  /** null when the run could not be worked on. */
  readonly runEnds: (run: Run | null) => Promise<void>;
  readonly say: (text: string) => void;
};

export const LOOP_IDLE_MS = 10_000;
const REST_MS_MAX = 10 * 60_000;
const ROUND_FAILURES_MAX = 30;

type Loop = {
  readonly engine: Engine;
  readonly request: LoopRequest;
  readonly signal: AbortSignal;
  /** By card of the target: when a failed one may be tried again, in monotonic milliseconds. */
  readonly rests: Map<string, { readonly untilMs: number; readonly count: number }>;
  /** By epic: what was last said about why it is left alone. */
  readonly skips: Map<string, string>;
  /** What was said last while nothing went on. */
  said: string | null;
  runs: number;
};

/** Gives how many runs it worked on, once stopped. Refused when the assets do not load at the start. */
export async function runOrganizationLoop(
  engine: Engine,
  request: LoopRequest,
  signal: AbortSignal,
): Promise<Result<number>> {
  const loaded = await engine.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const loop: Loop = {
    engine,
    request,
    signal,
    rests: new Map(),
    skips: new Map(),
    said: null,
    runs: 0,
  };
  const { model, department } = request;
  await record(loop, [
    { type: "loop-started", actor: "engine", data: { model, department, idleMs: LOOP_IDLE_MS } },
  ]);
  let failures = 0;
  for (let which: Left = "stopped"; !signal.aborted; which = "lost") {
    try {
      const hasWorked = await round(loop, which);
      failures = 0;
      if (hasWorked) continue;
    } catch (error) {
      failures += 1;
      if (failures >= ROUND_FAILURES_MAX) throw error;
      sayTrouble(loop, error);
    }
    await engine.clock.sleep(LOOP_IDLE_MS, signal);
  }
  return ok(loop.runs);
}

/** Said once, not every ten seconds. */
function notice(loop: Loop, text: string): false {
  if (loop.said !== text) loop.request.watch.say(text);
  loop.said = text;
  return false;
}

/** One look at everything and at most one run that is new; false when there is nothing to do. */
async function round(loop: Loop, which: Left): Promise<boolean> {
  const { engine, request, signal } = loop;
  await takeUp(loop, await leftRuns(engine, request.isOwnerGone, which));
  const loaded = await engine.assets.load();
  const board = await readBoard(engine, { department: request.department });
  if (!loaded.ok || !board.ok)
    return notice(loop, "The assets have problems; the loop waits. See them with: orket doctor");
  for (const candidate of loopCandidates(loaded.value, board.value)) {
    if (signal.aborted) return true;
    const run = await begin(loop, loaded.value, candidate);
    if (run === null) continue;
    await work(loop, { run, key: candidate.target.card, resume: false });
    return true;
  }
  const often = `looking again every ${LOOP_IDLE_MS / 1000} s`;
  return notice(loop, `Nothing to work on; ${often}. Ctrl-C ends the loop.`);
}

/** Starts the candidate's run, or says once why not. The store has the last word on whether the builds are free. */
async function begin(
  loop: Loop,
  assets: ProjectAssets,
  candidate: LoopCandidate,
): Promise<string | null> {
  const { engine, request } = loop;
  const skip =
    restOf(loop, candidate.target.card) ??
    (await skipOf(engine, { assets, candidate, rules: request }));
  if (skip !== null) return leave(loop, candidate, skip);
  const { target, epic, department, build, card, score } = candidate;
  const { model, budget, approve = "ask" } = request;
  const asked = { model, budget, approve, restart: false };
  const started = await startTarget(engine, asked, { assets, target });
  if (!started.ok) {
    const { run } = started.error.details;
    return leave(loop, candidate, {
      reason: started.error.code === "BUILD_BUSY" ? "active-run" : "refused",
      run: typeof run === "string" ? run : null,
      detail: started.error.message,
    });
  }
  loop.skips.delete(epic);
  const { id: run } = started.value;
  const data = { epic, department, score, target: target.card, kind: target.kind };
  await record(loop, [{ type: "loop-card-chosen", actor: "engine", run, build, card, data }]);
  return run;
}

function restOf({ rests, engine }: Loop, key: string): Skip | null {
  const resting = rests.get(key);
  if (resting === undefined || resting.untilMs <= engine.clock.monotonic()) return null;
  const often = resting.count === 1 ? "once" : `${resting.count} times in a row`;
  const detail = `failed ${often} and is tried again later`;
  return { reason: "resting", run: null, detail };
}

async function leave(
  loop: Loop,
  { epic, department, build, card }: LoopCandidate,
  { reason, run, detail }: Skip,
): Promise<null> {
  const words = `${reason} ${detail}`;
  if (loop.skips.get(epic) === words) return null;
  loop.skips.set(epic, words);
  const origin = run === null ? {} : { run };
  const data = { epic, department, reason, detail };
  await record(loop, [
    { type: "loop-epic-skipped", actor: "engine", ...origin, build, card, data },
  ]);
  return null;
}

type Work = { readonly run: string; readonly key: string; readonly resume: boolean };

/** Works on one run to its end; whatever becomes of it is that run's business. */
async function work(loop: Loop, { run, key, resume }: Work): Promise<void> {
  const { engine, request, signal } = loop;
  const { isOwnerGone, watch } = request;
  loop.said = null;
  loop.runs += 1;
  await watch.runStarts(run);
  let ended: Run | null = null;
  try {
    const done = await executeRun(engine, { run, resume, isOwnerGone }, signal);
    if (done.ok) ended = done.value;
    else watch.say(done.error.message);
  } catch (error) {
    sayTrouble(loop, error);
  } finally {
    await watch.runEnds(ended);
  }
  keepRest(loop, key, ended);
}

/** What failed, and what ended without a turn, would otherwise be started again at once and for ever. */
function keepRest({ rests, engine }: Loop, key: string, ended: Run | null): void {
  const isWell = ended !== null && ended.status !== "failed" && ended.turns > 0;
  if (isWell) return void rests.delete(key);
  const count = (rests.get(key)?.count ?? 0) + 1;
  const waitMs = Math.min(LOOP_IDLE_MS * 2 ** (count - 1), REST_MS_MAX);
  rests.set(key, { count, untilMs: engine.clock.monotonic() + waitMs });
}

async function takeUp(loop: Loop, left: readonly Run[]): Promise<void> {
  for (const { id, card } of left) {
    if (loop.signal.aborted) return;
    await work(loop, { run: id, key: card, resume: true });
  }
}

function sayTrouble({ engine, request }: Loop, error: unknown): void {
  const code = error instanceof EngineError ? error.code : "INTERNAL";
  const detail = error instanceof Error ? error.message : String(error);
  engine.log.error({ code, error: detail }, "the loop goes on after a failure");
  request.watch.say(`${code}: ${detail} The loop goes on.`);
}

async function record({ engine }: Loop, events: readonly NewEvent[]): Promise<void> {
  await writeTold(engine, async (transaction) => transaction.events.append(events));
}
