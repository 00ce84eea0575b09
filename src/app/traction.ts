// The traction loop: scan, prepare, execute, govern, persist. There is no barrier: when a turn ends its slot takes the
// next candidate at once. One card's failure is that card's business; the loop ends only with a stated reason.
import type { Candidate } from "../domain/decision.ts";
import { PLAN_WINDOW } from "../domain/decision.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { RunReason } from "../domain/run.ts";
import type { Turn } from "../domain/turn.ts";
import type { WaitingTurn } from "./approval-waits.ts";
import { lookAtWaits, openQuestions, waitForPeople } from "./approval-waits.ts";
import { askNode } from "./ask-node.ts";
import { turnsReached } from "./budget.ts";
import { CANCELED } from "./end-run.ts";
import type { RunEnd } from "./end-run.ts";
import { finishTurn } from "./finish-turn.ts";
import type { TurnEffect } from "./finish-turn.ts";
import { keepDependencies, promoteTesting, routeCard } from "./keep-backlog.ts";
import { refreshLane } from "./lane.ts";
import { needsProof, proveWork } from "./prove-work.ts";
import { playTurn, reopenTurn, startTurn } from "./run-turn.ts";
import type { SandboxJobs } from "./sandboxes/jobs.ts";
import { createSandboxJobs } from "./sandboxes/jobs.ts";
import type { Lane, Session } from "./session.ts";
import { isStopping } from "./session.ts";
import { stallLines, stallReport } from "./stall-report.ts";
import type { LiveTurn } from "./turn-outcome.ts";

/** Gives the lanes that may run now; called again whenever a turn has ended, so that a rock can open the next epic. */
export type LaneSource = {
  readonly open: () => Promise<readonly Lane[]>;
  /** Those whose epic is done. */
  readonly finished: () => readonly Lane[];
  /** What cannot start any more, one line each. */
  readonly stuck: () => readonly string[];
};

const CONNECTION_FAILURES_MAX = 3;

type Loop = {
  readonly session: Session;
  readonly source: LaneSource;
  /** By `<build>/<card>`. */
  readonly live: Map<string, Promise<void>>;
  /** When a card that failed may be tried again, in monotonic milliseconds. */
  readonly rests: Map<
    string,
    { readonly lane: Lane; readonly card: string; readonly untilMs: number }
  >;
  /** Turns that wait for a person, by `<build>/<card>`. */
  readonly waits: Map<string, WaitingTurn>;
  readonly jobs: SandboxJobs;
  lanes: readonly Lane[];
  connection: { readonly code: ErrorCode; count: number } | null;
  end: RunEnd | null;
  failure: unknown;
};

/** `left` are turns another process left open; they are taken up before anything new starts. */
export async function runLoop(
  session: Session,
  source: LaneSource,
  left: readonly Turn[],
): Promise<RunEnd> {
  const loop: Loop = {
    session,
    source,
    live: new Map(),
    rests: new Map(),
    waits: new Map(),
    jobs: createSandboxJobs(session),
    lanes: [],
    connection: null,
    end: null,
    failure: null,
  };
  try {
    await takeUp(loop, left);
    while (loop.end === null && loop.failure === null) {
      const lanes = await scan(loop);
      const started = (await wake(loop)) + (await dispatch(loop, lanes));
      if (loop.end !== null || loop.failure !== null || started > 0) continue;
      if (isStopping(session)) loop.end = stopped(session);
      else if (isIdle(loop)) loop.end = await finished(loop, lanes);
      else await nextChange(loop);
    }
  } finally {
    await Promise.all([...loop.live.values(), loop.jobs.stop()]);
  }
  if (loop.failure !== null) throw loop.failure;
  // What is done by then is done; anything else gives way to the cancel.
  if (session.cancel.aborted && loop.end?.status !== "done") return CANCELED;
  return loop.end ?? stopped(session);
}

const isIdle = ({ live, rests, jobs }: Loop): boolean =>
  live.size === 0 && rests.size === 0 && jobs.working.size === 0;

function stopped({ signal, cancel }: Session): RunEnd {
  if (cancel.aborted) return CANCELED;
  return signal.aborted
    ? {
        status: "paused",
        reason: "interrupted",
        detail: "Stopped in the middle; every finished turn is kept.",
      }
    : {
        status: "paused",
        reason: "requested",
        detail: "Paused on request; unfinished turns go on where they are.",
      };
}

async function takeUp(loop: Loop, left: readonly Turn[]): Promise<void> {
  if (left.length === 0) return;
  const lanes = await loop.source.open();
  const questions = await openQuestions(loop.session, left);
  for (const turn of left) {
    const lane = lanes.find((one) => one.build === turn.build);
    const approval = questions.get(turn.id);
    if (lane === undefined) continue;
    if (approval === undefined) launch(loop, await reopenTurn(loop.session, lane, turn));
    else wait(loop, { lane, turn, approval });
  }
}

/** Keeps the turn's card out of the candidates without holding a slot. */
function wait({ waits }: Loop, waiting: WaitingTurn): void {
  const { lane, turn } = waiting;
  lane.backlog.hold(turn.card);
  waits.set(`${lane.build}/${turn.card}`, waiting);
}

/** Lets turns go on whose question a person answered, as far as there are slots; gives how many something became of. */
async function wake(loop: Loop): Promise<number> {
  const { session, waits, live } = loop;
  if (waits.size === 0 || isStopping(session)) return 0;
  const { answered, dropped } = await lookAtWaits(session, [...waits.values()]);
  for (const { lane, turn } of dropped) {
    waits.delete(`${lane.build}/${turn.card}`);
    await refreshLane(session, lane);
    lane.backlog.free(turn.card);
  }
  const free = Math.max(0, session.engine.settings.concurrency - live.size);
  const going = answered.slice(0, free);
  for (const { lane, turn } of going) {
    waits.delete(`${lane.build}/${turn.card}`);
    launch(loop, await reopenTurn(session, lane, turn));
  }
  return dropped.length + going.length;
}

/** Brings the backlogs level with the store, and moves what the engine itself must move. */
async function scan(loop: Loop): Promise<readonly Lane[]> {
  const { session, rests } = loop;
  const nowMs = session.engine.clock.monotonic();
  for (const [key, rest] of rests) {
    if (rest.untilMs > nowMs) continue;
    rests.delete(key);
    rest.lane.backlog.free(rest.card);
  }
  // First what is open already: whether the next epic of a rock may start shows in the one before it.
  for (const lane of loop.lanes) await refreshLane(session, lane);
  loop.lanes = await loop.source.open();
  for (const lane of loop.lanes) await keepDependencies(session, lane);
  for (const lane of loop.source.finished()) loop.jobs.afterEpic(lane);
  return loop.lanes;
}

/** Fills the free slots; gives how many cards were taken in hand. */
async function dispatch(loop: Loop, lanes: readonly Lane[]): Promise<number> {
  const { session } = loop;
  const { concurrency, limits } = session.engine.settings;
  let taken = 0;
  for (const lane of lanes) {
    const slots = concurrency - loop.live.size;
    // A turn may have ended the run since the loop last looked.
    if (slots <= 0 || isStopping(session) || loop.end !== null || loop.failure !== null) break;
    const candidates = lane.backlog
      .candidates(PLAN_WINDOW)
      .filter((one) => lane.only === null || one.id === lane.only)
      // What a review of a pull request sends back is worked on where the pull request comes from.
      .filter((one) => session.pullRequest === null || one.class === "review");
    if (candidates.length === 0) continue;
    const turnsMax = Math.min(limits.turnsPerRunMax, session.run.budget.turnsMax ?? Infinity);
    const left = turnsMax - session.turns;
    if (left <= 0) {
      if (loop.live.size === 0) loop.end = turnsUsed(session);
      return taken;
    }
    const origin = { run: session.run.id, build: lane.build };
    const live = [...loop.live.keys()];
    const plan = askNode(session.engine, "plan", { input: { candidates, live, slots }, origin });
    const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
    const wanted = plan.answer
      .map((id) => byId.get(id))
      .filter((candidate) => candidate !== undefined);
    const chosen = lane.backlog.admit(wanted).slice(0, Math.min(slots, left));
    // Started side by side, so that they share what they wait for; the first carries the plan's decision.
    const takings = await Promise.allSettled(
      chosen.map(async (candidate, place) =>
        take(loop, lane, { candidate, events: place === 0 ? plan.events : [] }),
      ),
    );
    // All of them are waited for, also when one fails: a run that ended starts nothing any more.
    const failed = takings.find((taking) => taking.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    taken += chosen.length;
  }
  return taken;
}

function turnsUsed({ engine, run, turns }: Session): RunEnd {
  const budget = turnsReached(run.budget, turns);
  if (budget !== null) return { status: "blocked", reason: "budget", detail: budget };
  const detail = `The run used all its ${engine.settings.limits.turnsPerRunMax} turns and work is left.`;
  return { status: "blocked", reason: "turn-limit", detail };
}

type Taking = {
  readonly candidate: Candidate;
  readonly events: Parameters<typeof startTurn>[2]["events"];
};

/** Gives the card to its seat, and lets the turn go. The turn records the decisions that led to it. */
async function take(loop: Loop, lane: Lane, { candidate, events }: Taking): Promise<void> {
  const { session } = loop;
  const card = lane.backlog.get(candidate.id);
  if (card === undefined) return;
  if (candidate.class === "testing") {
    await promoteTesting(session, card);
    return;
  }
  if (candidate.class === "review" && (await loop.jobs.waitsFor(lane, card))) return;
  if (candidate.class === "review" && (await needsProof(session, lane, card))) {
    occupy(loop, { lane, card }, async () => {
      await proveWork(session, lane, { card, events });
      lane.backlog.free(card.id);
    });
    return;
  }
  const routed = await routeCard(session, lane, {
    card,
    kind: candidate.class === "review" ? "review" : "work",
  });
  if (routed === null) return;
  const started = await startTurn(session, lane, {
    card,
    ...routed,
    events: [...events, ...routed.events],
  });
  if (started.kind !== "live") return;
  launch(loop, started.live);
}

/** Lets a turn go. Whatever becomes of it is seen: no promise of a turn is left without an observer. */
function launch(loop: Loop, live: LiveTurn): void {
  const { session } = loop;
  const { lane, card } = live;
  // In progress from now on, so that the next choice of this scan counts it for its seat.
  lane.backlog.apply(card);
  occupy(loop, live, async () => {
    const outcome = await playTurn(session, live);
    const effect = await finishTurn(session, live, outcome);
    afterTurn(loop, live, effect);
  });
}

type Place = Pick<LiveTurn, "lane" | "card">;

/** Takes a slot for work on the card, which no other work has meanwhile. */
function occupy(loop: Loop, { lane, card }: Place, task: () => Promise<void>): void {
  const key = `${lane.build}/${card.id}`;
  lane.backlog.hold(card.id);
  const work = task()
    .catch((error: unknown) => {
      loop.failure ??= error;
    })
    .finally(() => {
      loop.live.delete(key);
    });
  loop.live.set(key, work);
}

function afterTurn(loop: Loop, { lane, card, turn }: LiveTurn, effect: TurnEffect): void {
  const { clock } = loop.session.engine;
  if (effect.waitsFor !== null) {
    wait(loop, { lane, turn, approval: effect.waitsFor });
    return;
  }
  // A turn that is still open holds its card: it is taken up again, and no other may begin beside it.
  if (effect.backoffMs === null && !effect.kept) lane.backlog.free(card.id);
  if (effect.backoffMs !== null)
    loop.rests.set(`${lane.build}/${card.id}`, {
      lane,
      card: card.id,
      untilMs: clock.monotonic() + effect.backoffMs,
    });
  if (effect.runFailure !== null) loop.end ??= endOf(effect.runFailure);
  countConnection(loop, effect.connectionFailure);
}

const endOf = ({ reason, detail }: NonNullable<TurnEffect["runFailure"]>): RunEnd => ({
  status: reason === "budget" ? "blocked" : "failed",
  reason,
  detail,
});

/** Three cards in a row that fail in the same way say that the provider is down, not the cards. */
function countConnection(loop: Loop, code: ErrorCode | null): void {
  if (code === null) loop.connection = null;
  else if (loop.connection?.code === code) loop.connection.count += 1;
  else loop.connection = { code, count: 1 };
  if (loop.connection === null || loop.connection.count < CONNECTION_FAILURES_MAX) return;
  const detail = `${CONNECTION_FAILURES_MAX} turns in a row failed with ${loop.connection.code}; the provider seems to be down.`;
  loop.end ??= { status: "failed", reason: "provider", detail };
}

async function nextChange({ session, live, rests, waits, jobs }: Loop): Promise<void> {
  const { clock, settings } = session.engine;
  const lookMs = waits.size === 0 ? Infinity : clock.monotonic() + settings.limits.decisionMs;
  const soonest = Math.min(lookMs, ...[...rests.values()].map((rest) => rest.untilMs));
  const waiting = new AbortController();
  const signal = AbortSignal.any([session.signal, session.pause, waiting.signal]);
  const timer = Number.isFinite(soonest)
    ? [clock.sleep(Math.max(1, soonest - clock.monotonic()), signal)]
    : [];
  await Promise.race([...live.values(), ...jobs.working.values(), ...timer]);
  waiting.abort();
}

/** Nothing is live, nothing rests, nothing can be dispatched: either all is done, or it is said what is missing. */
async function finished({ session, source, waits }: Loop, lanes: readonly Lane[]): Promise<RunEnd> {
  const open = lanes.flatMap((lane) =>
    lane.backlog
      .open()
      .filter((card) => lane.only === null || card.id === lane.only)
      .filter((card) => session.pullRequest === null || card.status !== "in_progress")
      .map((card) => ({ lane, card })),
  );
  const stuck = source.stuck();
  if (waits.size > 0) {
    const others = open.filter(({ lane, card }) => !waits.has(`${lane.build}/${card.id}`));
    return waitForPeople(session, [...stallLines(session, others), ...stuck]);
  }
  if (open.length === 0 && stuck.length === 0)
    return { status: "done", reason: "complete", detail: null };
  const onlyDependencies = open.every(
    ({ lane, card }) => lane.only !== null && lane.backlog.unmet(card).length > 0,
  );
  const reason: RunReason = stuck.length > 0 || onlyDependencies ? "dependency" : "stalled";
  return {
    status: "blocked",
    reason,
    detail: [...(await stallReport(session, open)), ...stuck].join("\n"),
  };
}
