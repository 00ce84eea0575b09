// The bug-fix phase of a rock: begun in the transaction that ends its run, and brought up to date whenever somebody looks
// at it. All state is in the store; whoever looks first writes the step, and the others find it done.
import type { Bug, Phase, PhaseMetrics, PhaseRules, PhaseStep } from "../domain/bug-fix-phase.ts";
import {
  createPhase,
  decidePhase,
  measurePhase,
  nextRockOf,
  phaseIdOf,
} from "../domain/bug-fix-phase.ts";
import type { Event, NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import type { StoreTransaction } from "../ports/store.ts";
import type { Engine } from "./engine.ts";
import type { Session } from "./session.ts";

/** A phase as a person wants to see it. */
export type PhaseReport = {
  readonly id: string;
  readonly rock: string;
  readonly department: string;
  readonly status: Phase["status"];
  readonly days: number;
  readonly startedAt: string;
  readonly endsAt: string;
  readonly completedAt: string | null;
  readonly bugs: PhaseMetrics & { readonly open: readonly string[] };
};

const PHASES_MAX = 10_000;
const OPEN_BUGS_NAMED_MAX = 20;

/** Called as a run ends done; a run of something else than a rock, or a rock with unfinished epics, starts nothing. */
export async function startBugFixPhase(
  { engine, run, assets }: Session,
  { cards, phases, events }: StoreTransaction,
): Promise<void> {
  const first = run.builds[0];
  if (run.kind !== "rock" || first === undefined) return;
  const build = first.slice(0, first.lastIndexOf("/"));
  const rock = await cards.get(build, run.card);
  if (rock?.status !== "done") return;
  const { department } = rock;
  const fresh = createPhase(
    { rock: rock.id, build, builds: run.builds, department },
    assets.organization.process,
    engine.clock.now(),
  );
  const { phase, isNew } = await phases.start(fresh);
  if (!isNew) return;
  const { days, endsAt } = phase;
  const origin = { actor: "engine", run: run.id, build, card: rock.id } as const;
  const data = { phase: phaseIdOf(rock.id), rock: rock.id, days, endsAt };
  await events.append([
    { ...origin, type: "rock-phase-changed", data: { rock: rock.id, phase: "bug_fix" } },
    { ...origin, type: "phase-started", data },
  ]);
}

type Deps = Pick<Engine, "store" | "clock" | "watcher">;

/**
 * The newest phase of each rock, brought up to date first. `rules` null = only looked at: without assets that load it is
 * not known how long a phase may become.
 */
export async function checkPhases(
  { store, clock, watcher }: Deps,
  rules: PhaseRules | null,
): Promise<readonly PhaseReport[]> {
  const nowMs = clock.now();
  const seen = await store.read(async (transaction) => newestPhases(transaction));
  const due =
    rules === null
      ? []
      : seen.filter(({ phase, bugs }) => stepsOf({ phase, bugs, rules }, nowMs).length > 0);
  if (rules === null || due.length === 0) return seen.map((one) => reportOf(one, nowMs));
  const written: Event[] = [];
  for (const { phase } of due) {
    const events = await store.transaction(async (transaction) =>
      advance(transaction, { phase, rules, nowMs }),
    );
    written.push(...events);
  }
  if (written.length > 0) watcher.onEvents(written);
  const now = await store.read(async (transaction) => newestPhases(transaction));
  return now.map((one) => reportOf(one, nowMs));
}

/** The same for one rock; also where the assets do not load. */
export async function phaseOfRock(
  engine: Deps & Pick<Engine, "assets">,
  rock: string,
): Promise<PhaseReport | null> {
  const assets = await engine.assets.load();
  const rules = assets.ok ? assets.value.organization.process : null;
  const phases = await checkPhases(engine, rules);
  return phases.find((one) => one.rock === rock) ?? null;
}

type Seen = { readonly phase: Phase; readonly bugs: readonly Bug[] };

async function newestPhases({ phases }: StoreTransaction): Promise<readonly Seen[]> {
  const byRock = new Map<string, Phase>();
  for (const phase of await phases.list({ limit: PHASES_MAX }))
    if (!byRock.has(phase.rock)) byRock.set(phase.rock, phase);
  const seen: Seen[] = [];
  for (const phase of byRock.values()) seen.push({ phase, bugs: await phases.bugs(phase.builds) });
  return seen;
}

const stepsOf = (
  { phase, bugs, rules }: Seen & { readonly rules: PhaseRules },
  nowMs: number,
): readonly PhaseStep[] =>
  phase.status === "active"
    ? decidePhase({ phase, metrics: measurePhase(phase, bugs, nowMs), rules }, nowMs)
    : [];

type Advance = { readonly phase: Phase; readonly rules: PhaseRules; readonly nowMs: number };

/** Decided again on what this transaction sees: another process may have been quicker. */
async function advance(
  { phases, events }: StoreTransaction,
  { phase: known, rules, nowMs }: Advance,
): Promise<readonly Event[]> {
  const active = await phases.list({ status: "active", limit: PHASES_MAX });
  const phase = active.find((one) => one.number === known.number);
  if (phase === undefined) return [];
  const bugs = await phases.bugs(phase.builds);
  const steps = stepsOf({ phase, bugs, rules }, nowMs);
  const after = steps.reduce((one, step) => applyStep(one, step, nowMs), phase);
  if (steps.length === 0 || !(await phases.change(phase, after))) return [];
  const metrics = measurePhase(phase, bugs, nowMs);
  return events.append(steps.map((step) => stepEvent(step, { phase, bugs, metrics })));
}

const applyStep = (phase: Phase, step: PhaseStep, nowMs: number): Phase => {
  if (step.kind === "completed")
    return { ...phase, status: "completed", completedAt: new Date(nowMs).toISOString() };
  const { days, endsAt, extendableFrom } = step;
  return { ...phase, days, endsAt, extendableFrom };
};

function stepEvent(
  step: PhaseStep,
  { phase, bugs, metrics }: Seen & { readonly metrics: PhaseMetrics },
): NewEvent {
  const origin = { actor: "engine", build: phase.build, card: phase.rock } as const;
  const facts: JsonObject = { phase: phaseIdOf(phase.rock), rock: phase.rock, ...metrics };
  if (step.kind === "extended") {
    const { days, endsAt, reason } = step;
    return { ...origin, type: "phase-extended", data: { ...facts, days, endsAt, reason } };
  }
  const open = openIds(bugs);
  const proposed = open.length === 0 ? null : nextRockOf(phase.rock);
  const data = { ...facts, open: open.length, proposed };
  return { ...origin, type: "phase-completed", data };
}

const openIds = (bugs: readonly Bug[]): readonly string[] =>
  bugs.filter((bug) => bug.open).map((bug) => bug.id);

function reportOf({ phase, bugs }: Seen, nowMs: number): PhaseReport {
  const { rock, department, status, days, startedAt, endsAt, completedAt } = phase;
  const untilMs = completedAt === null ? nowMs : Date.parse(completedAt);
  const metrics = measurePhase(phase, bugs, untilMs);
  const facts = { department, status, days, startedAt, endsAt, completedAt };
  return { id: phaseIdOf(rock), rock, ...facts, bugs: { ...metrics, open: openIds(bugs) } };
}

/** What is proposed for the bugs that are open at the end; nothing is created before a person confirms the plan. */
export function proposalOf({ rock, department, bugs }: PhaseReport): string {
  const named = bugs.open.slice(0, OPEN_BUGS_NAMED_MAX).join(", ");
  const more = bugs.open.length - OPEN_BUGS_NAMED_MAX;
  const ids = more > 0 ? `${named} and ${more} more` : named;
  const count = bugs.open.length === 1 ? "an open bug" : `${bugs.open.length} open bugs`;
  return (
    `The bug-fix phase of ${rock} ended with ${count}. Plan the next one with: ` +
    `orket drive "Create the rock ${nextRockOf(rock)} in the department ${department} to fix the open bugs of ${rock}: ${ids}."`
  );
}
