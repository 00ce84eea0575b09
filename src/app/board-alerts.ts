// What on the board needs a person: orphans, bottlenecks, bugs that outlived their phase.
import type { LooseIssue, ProjectAssets } from "../domain/assets.ts";
import type { Bottleneck, FlowCard } from "../domain/bottlenecks.ts";
import { findBottlenecks } from "../domain/bottlenecks.ts";
import { nextRockOf } from "../domain/bug-fix-phase.ts";
import type { Card } from "../domain/card.ts";
import type { BoardEpic, BoardRock } from "./board.ts";
import type { PhaseReport } from "./bug-fix-phase.ts";
import { proposalOf } from "./bug-fix-phase.ts";

/** Card or seat, value and limit are there where the alert is about them. */
export type BoardAlert = {
  readonly code: string;
  readonly message: string;
  readonly card?: string;
  readonly build?: string | null;
  readonly seat?: string;
  readonly team?: string;
  readonly value?: number;
  readonly limit?: number;
};

export type Alarming = {
  readonly rocks: readonly BoardRock[];
  readonly orphanedEpics: readonly BoardEpic[];
  readonly loose: readonly LooseIssue[];
  readonly lost: readonly Card[];
};

export const alertsOf = (
  { rocks, orphanedEpics, loose, lost }: Alarming,
  assets: ProjectAssets,
  nowMs: number,
): readonly BoardAlert[] => [
  ...orphanedEpics.map((epic) => ({
    code: "epic-orphaned",
    message: `The epic ${epic.id} belongs to no rock.`,
  })),
  ...loose.map(({ issue, file }) => ({
    code: "issue-orphaned",
    message: `The issue ${issue.id} in ${file} belongs to no epic.`,
  })),
  ...lost.map((card) => ({
    code: "card-orphaned",
    message: `${card.id} is stored, but its asset no longer defines it.`,
  })),
  ...rocks.flatMap(({ phase }) => (phase === null ? [] : phaseAlerts(phase, assets))),
  ...findBottlenecks(
    [...rocks.flatMap((rock) => rock.epics), ...orphanedEpics].flatMap(flowOf),
    assets.organization.thresholds,
    nowMs,
  ).map(bottleneckAlert),
];

const flowOf = ({ team, issues }: BoardEpic): readonly FlowCard[] =>
  issues.map(({ id, build, status, seat, since }) => ({ id, build, status, seat, since, team }));

/** The proposal stands until the bugs are closed or the rock that takes them over is there. */
function phaseAlerts(phase: PhaseReport, assets: ProjectAssets): readonly BoardAlert[] {
  if (phase.status !== "completed" || phase.bugs.open.length === 0) return [];
  const next = nextRockOf(phase.rock);
  const isPlanned = Object.values(assets.rocks).some((rock) => [rock.id, rock.stem].includes(next));
  if (isPlanned) return [];
  return [{ code: "bug-fix-plan", message: proposalOf(phase), card: phase.rock }];
}

const CODES = {
  blocked: "blocked-too-long",
  review: "review-too-long",
  wip: "wip-limit",
  queue: "queue-depth",
} as const satisfies Record<Bottleneck["kind"], string>;

function bottleneckAlert(one: Bottleneck): BoardAlert {
  const { value, limit } = one;
  const code = CODES[one.kind];
  if ("card" in one) {
    const { kind, card, build } = one;
    const state = kind === "blocked" ? "is blocked" : "is in review";
    const hours = Math.floor(value * 10) / 10;
    const message = `${card} ${state} for ${hours} h; the limit is ${limit} h.`;
    return { code, message, card, build, value: hours, limit };
  }
  const { kind, seat, team } = one;
  const what = kind === "wip" ? "cards in progress" : "ready cards waiting";
  const message = `The seat ${seat} of ${team} has ${value} ${what}; the limit is ${limit}.`;
  return { code, message, seat, team, value, limit };
}
