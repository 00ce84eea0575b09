// The board: the tree rock → epic → issue out of the assets, with the state of each stored card; orphans and alerts.
import type { Approval } from "../domain/approval.ts";
import { decideLine, waitLine } from "../domain/approval.ts";
import type { AssetProblem, Epic, Issue, ProjectAssets } from "../domain/assets.ts";
import type { Card, CardStatus, WaitReason } from "../domain/card.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import { criticalPathScores } from "../domain/critical-path.ts";
import type { Sprint } from "../domain/calendar.ts";
import { sprintAt } from "../domain/calendar.ts";
import { isClosed, slugOf } from "../domain/card.ts";
import type { BoardAlert } from "./board-alerts.ts";
import { alertsOf } from "./board-alerts.ts";
import type { PhaseReport } from "./bug-fix-phase.ts";
import { checkPhases } from "./bug-fix-phase.ts";
import type { Engine } from "./engine.ts";

export type BoardIssue = {
  readonly id: string;
  readonly summary: string;
  readonly status: CardStatus;
  readonly waitReason: WaitReason | null;
  readonly waitDetail: string | null;
  readonly verified: boolean;
  /** How often a review sent it back. */
  readonly cycle: number;
  readonly seat: string | null;
  readonly priority: number;
  readonly score: number;
  readonly dependsOn: readonly string[];
  /** null while no run has stored the card, and since when it has its status. */
  readonly build: string | null;
  readonly since: string | null;
};

export type BoardEpic = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly department: string;
  /** `<department>/<stem>` of the team it is worked on by. */
  readonly team: string;
  readonly status: CardStatus;
  readonly build: string | null;
  readonly issues: readonly BoardIssue[];
};

export type BoardRock = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: CardStatus;
  /** The newest bug-fix phase; null before the rock was first done. */
  readonly phase: PhaseReport | null;
  readonly epics: readonly BoardEpic[];
};

export type Board = {
  readonly rocks: readonly BoardRock[];
  readonly orphanedEpics: readonly BoardEpic[];
  readonly orphanedIssues: readonly BoardIssue[];
  readonly alerts: readonly BoardAlert[];
  readonly sprint: Sprint;
  readonly asOfSeq: number;
};

export type BoardDeps = Pick<Engine, "store" | "assets" | "clock" | "watcher">;

const APPROVALS_MAX = 1000;

const waitingAlert = (approval: Approval): BoardAlert => ({
  code: "approval-waiting",
  message: `${waitLine(approval)} — ${decideLine(approval)}`,
});

/** Brings the bug-fix phases up to date first: who looks is who finds that one has ended. */
export async function readBoard(
  engine: BoardDeps,
  { department }: { readonly department: string | null },
): Promise<Result<Board, readonly AssetProblem[]>> {
  const { store, assets, clock } = engine;
  const loaded = await assets.load();
  if (!loaded.ok) return loaded;
  const phases = await checkPhases(engine, loaded.value.organization.process);
  const { stored, waiting, asOfSeq } = await store.read(async ({ cards, approvals, events }) => ({
    stored: await cards.list({}),
    waiting: await approvals.list({ states: ["pending"], limit: APPROVALS_MAX }),
    asOfSeq: await events.lastSeq(),
  }));
  const nowMs = clock.now();
  const parts = { assets: loaded.value, stored: byBuild(stored), phases };
  const board = assemble(parts, department, nowMs);
  const alerts = [...waiting.map(waitingAlert), ...board.alerts];
  return ok({ ...board, alerts, sprint: sprintAt(nowMs), asOfSeq });
}

type Stored = ReadonlyMap<string, ReadonlyMap<string, Card>>;

function byBuild(cards: readonly Card[]): Stored {
  const builds = new Map<string, Map<string, Card>>();
  for (const card of cards) {
    const build = builds.get(card.build) ?? new Map<string, Card>();
    builds.set(card.build, build.set(card.id, card));
  }
  return builds;
}

type Parts = {
  readonly assets: ProjectAssets;
  readonly stored: Stored;
  readonly phases: readonly PhaseReport[];
};

function assemble(
  { assets, stored, phases }: Parts,
  department: string | null,
  nowMs: number,
): Omit<Board, "sprint" | "asOfSeq"> {
  const inScope = (asset: { readonly department: string }): boolean =>
    department === null || asset.department === department;
  const used = new Set<string>();
  const rocks = Object.values(assets.rocks)
    .filter(inScope)
    .map((rock): BoardRock => {
      const base = slugOf(rock.stem);
      const epics = rock.epics.flatMap((entry) => {
        const key = [
          `config/${entry.epic}`,
          `${entry.department}/${entry.epic}`,
          `core/${entry.epic}`,
        ].find((one) => assets.epics[one]);
        const epic = key === undefined ? undefined : assets.epics[key];
        if (key === undefined || epic === undefined) return [];
        used.add(key);
        const build = `${base}/${slugOf(epic.stem)}`;
        return [boardEpic({ epic, team: teamOf(assets, epic) }, stored, build)];
      });
      const status = stored.get(base)?.get(rock.id)?.status ?? "ready";
      const phase = phases.find((one) => one.rock === rock.id) ?? null;
      const { id, summary: name, description } = rock;
      return { id, name, description, status, phase, epics };
    });
  const orphanedEpics = Object.entries(assets.epics)
    .filter(([key, epic]) => inScope(epic) && !used.has(key))
    .map(([, epic]) => {
      const named = { epic, team: teamOf(assets, epic) };
      return boardEpic(named, stored, `build-${slugOf(epic.stem)}`);
    });
  const loose = assets.looseIssues.filter(inScope);
  const lost = [...stored.values()]
    .flatMap((build) => [...build.values()])
    .filter((card) => card.orphaned);
  return {
    rocks,
    orphanedEpics,
    orphanedIssues: [
      ...loose.map(({ issue }) => unstoredIssue(issue, issue.priority)),
      ...lost.map((card) => boardIssue(card, 0)),
    ],
    alerts: alertsOf({ rocks, orphanedEpics, loose, lost }, assets, nowMs),
  };
}

const teamOf = ({ teams }: ProjectAssets, { department, team }: Epic): string =>
  [`config/${team}`, `${department}/${team}`].find((key) => teams[key]) ?? `core/${team}`;

function boardEpic(
  { epic, team }: { readonly epic: Epic; readonly team: string },
  stored: Stored,
  build: string,
): BoardEpic {
  const cards = stored.get(build);
  const known =
    cards === undefined
      ? []
      : [...cards.values()].filter((card) => card.kind === "issue" && !card.orphaned);
  const fromAsset = epic.issues.filter((issue) => cards?.get(issue.id) === undefined);
  const path = [
    ...known.map((card) => ({
      id: card.id,
      priority: card.priority,
      dependsOn: card.dependsOn,
      open: !isClosed(card.status),
    })),
    ...fromAsset.map((issue) => ({
      id: issue.id,
      priority: issue.priority,
      dependsOn: issue.dependsOn,
      open: true,
    })),
  ];
  const scores = criticalPathScores(path);
  const issues = [
    ...known
      .sort((left, right) => left.position - right.position)
      .map((card) => boardIssue(card, scores.get(card.id) ?? 0)),
    ...fromAsset.map((issue) => unstoredIssue(issue, scores.get(issue.id) ?? 0)),
  ];
  const status = cards?.get(epic.id)?.status ?? "ready";
  const { id, summary, description, department } = epic;
  return {
    id,
    name: summary,
    description,
    department,
    team,
    status,
    build: cards === undefined ? null : build,
    issues,
  };
}

const boardIssue = (card: Card, score: number): BoardIssue => ({
  id: card.id,
  summary: card.summary,
  status: card.status,
  waitReason: card.waitReason,
  waitDetail: card.waitDetail,
  verified: card.verified,
  cycle: card.cycle,
  seat: card.seat,
  priority: card.priority,
  score,
  dependsOn: card.dependsOn,
  build: card.build,
  since: card.statusSince,
});

function unstoredIssue(
  { id, summary, seat, priority, dependsOn }: Issue,
  score: number,
): BoardIssue {
  const fresh = {
    status: "ready",
    waitReason: null,
    waitDetail: null,
    verified: false,
    cycle: 0,
    build: null,
    since: null,
  } as const;
  return { id, summary, seat, priority, dependsOn, score, ...fresh };
}

/** As interfaces.md section 5.2 has it. */
export const toBoard = ({ orphanedEpics, orphanedIssues, ...board }: Board) => ({
  sprint: board.sprint,
  rocks: board.rocks,
  orphaned_epics: orphanedEpics,
  orphaned_issues: orphanedIssues,
  artifacts: [],
  alerts: board.alerts,
  asOfSeq: board.asOfSeq,
});
