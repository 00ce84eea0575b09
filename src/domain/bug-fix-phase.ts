// The bug-fix phase of a rock: how its bugs are counted, when it is made longer, when it ends. Arithmetic over times that
// are handed in; who asks, and what is stored, is the application's business.
//
//   start ──▶ active ──(now ≥ end)──▶ completed
//               │ ▲
//               └─┘  too many bugs: a week more, up to the most days there are
import type { ProcessRules } from "./assets.ts";

export type PhaseStatus = "active" | "completed";

export type Phase = {
  /** The store's own number; a rock that is done again later has a later phase. */
  readonly number: number;
  /** Card id of the rock. */
  readonly rock: string;
  /** What the names of the rock's builds begin with, and the builds themselves. */
  readonly build: string;
  readonly builds: readonly string[];
  readonly department: string;
  readonly status: PhaseStatus;
  /** From the start; the end is the start and so many days. */
  readonly days: number;
  readonly startedAt: string;
  readonly endsAt: string;
  /** An extension is weighed from then on: at once the first time, later when the time before it is used up. */
  readonly extendableFrom: string;
  readonly completedAt: string | null;
};

export type NewPhase = Omit<Phase, "number" | "status" | "completedAt">;

/** A card of the rock's builds whose type or label is `bug`. */
export type Bug = { readonly id: string; readonly priority: number; readonly open: boolean };

export type PhaseMetrics = {
  readonly total: number;
  readonly critical: number;
  /** Bugs a day, over whole days and at least one. */
  readonly rate: number;
};

export type PhaseRules = Pick<
  ProcessRules,
  "bugFixInitialDays" | "bugFixMaxDays" | "bugDiscoveryHighRate" | "bugCriticalThreshold"
>;

export type PhaseStep =
  | {
      readonly kind: "extended";
      readonly days: number;
      readonly endsAt: string;
      readonly extendableFrom: string;
      readonly reason: string;
    }
  | { readonly kind: "completed" };

const DAY_MS = 24 * 60 * 60_000;
const EXTENSION_DAYS = 7;
const CRITICAL_PRIORITY = 4;

export const phaseIdOf = (rock: string): string => `phase-${rock}`;

/** The rock that takes over what is still open when the phase ends. */
export const nextRockOf = (rock: string): string => `${rock}-phase2`;

const endOf = (startedAt: string, days: number): string =>
  new Date(Date.parse(startedAt) + days * DAY_MS).toISOString();

export function createPhase(
  of: Pick<Phase, "rock" | "build" | "builds" | "department">,
  { bugFixInitialDays: days }: PhaseRules,
  nowMs: number,
): NewPhase {
  const startedAt = new Date(nowMs).toISOString();
  const endsAt = endOf(startedAt, days);
  return { ...of, days, startedAt, endsAt, extendableFrom: startedAt };
}

export function measurePhase(
  { startedAt }: Pick<Phase, "startedAt">,
  bugs: readonly Bug[],
  nowMs: number,
): PhaseMetrics {
  const wholeDays = Math.floor((nowMs - Date.parse(startedAt)) / DAY_MS);
  return {
    total: bugs.length,
    critical: bugs.filter((bug) => bug.priority >= CRITICAL_PRIORITY).length,
    rate: bugs.length / Math.max(wholeDays, 1),
  };
}

/** Why the phase should be longer; null when it should not. Both limits are strict. */
export function extensionReason(
  { critical, rate }: PhaseMetrics,
  { bugDiscoveryHighRate, bugCriticalThreshold }: PhaseRules,
): string | null {
  const reasons = [
    ...(rate > bugDiscoveryHighRate ? [`High rate (${rate.toFixed(1)}/d)`] : []),
    ...(critical > bugCriticalThreshold ? [`${critical} critical bugs`] : []),
  ];
  return reasons.length === 0 ? null : reasons.join("; ");
}

export type PhaseView = {
  readonly phase: Phase;
  readonly metrics: PhaseMetrics;
  readonly rules: PhaseRules;
};

/**
 * What has become of an active phase by now. Asking twice changes nothing: the next extension is weighed only when the
 * time before the last one is used up. Whoever asks late gets all the steps that time has brought.
 */
export function decidePhase(
  { phase, metrics, rules }: PhaseView,
  nowMs: number,
): readonly PhaseStep[] {
  const steps: PhaseStep[] = [];
  const reason = extensionReason(metrics, rules);
  let { days, endsAt, extendableFrom } = phase;
  while (reason !== null && days < rules.bugFixMaxDays && Date.parse(extendableFrom) <= nowMs) {
    extendableFrom = endsAt;
    days = Math.min(days + EXTENSION_DAYS, rules.bugFixMaxDays);
    endsAt = endOf(phase.startedAt, days);
    steps.push({ kind: "extended", days, endsAt, extendableFrom, reason });
  }
  if (nowMs >= Date.parse(endsAt)) steps.push({ kind: "completed" });
  return steps;
}
