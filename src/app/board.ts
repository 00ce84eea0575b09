// The board: the tree rock → epic → issue out of the assets, with the state of each stored card; orphans and alerts.
import type { AssetProblem, Epic, ProjectAssets } from "../domain/assets.ts";
import type { Card, CardStatus, WaitReason } from "../domain/card.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import { criticalPathScores } from "../domain/critical-path.ts";
import { isClosed, slugOf } from "../domain/card.ts";
import type { Assets } from "../ports/assets.ts";
import type { Store } from "../ports/store.ts";

export type BoardIssue = {
  readonly id: string;
  readonly summary: string;
  readonly status: CardStatus;
  readonly waitReason: WaitReason | null;
  readonly waitDetail: string | null;
  readonly verified: boolean;
  readonly seat: string | null;
  readonly priority: number;
  readonly score: number;
  readonly dependsOn: readonly string[];
  /** null while no run has stored the card. */
  readonly build: string | null;
};

export type BoardEpic = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly department: string;
  readonly status: CardStatus;
  readonly build: string | null;
  readonly issues: readonly BoardIssue[];
};

export type BoardRock = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: CardStatus;
  readonly epics: readonly BoardEpic[];
};

export type BoardAlert = { readonly code: string; readonly message: string };

export type Board = {
  readonly rocks: readonly BoardRock[];
  readonly orphanedEpics: readonly BoardEpic[];
  readonly orphanedIssues: readonly BoardIssue[];
  readonly alerts: readonly BoardAlert[];
  readonly asOfSeq: number;
};

type Deps = { readonly store: Store; readonly assets: Assets };

export async function readBoard(
  { store, assets }: Deps,
  { department }: { readonly department: string | null },
): Promise<Result<Board, readonly AssetProblem[]>> {
  const loaded = await assets.load();
  if (!loaded.ok) return loaded;
  const { stored, asOfSeq } = await store.read(async ({ cards, events }) => ({
    stored: await cards.list({}),
    asOfSeq: await events.lastSeq(),
  }));
  return ok({ ...assemble(loaded.value, byBuild(stored), department), asOfSeq });
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

function assemble(
  assets: ProjectAssets,
  stored: Stored,
  department: string | null,
): Omit<Board, "asOfSeq"> {
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
        return [boardEpic(epic, stored, `${base}/${slugOf(epic.stem)}`)];
      });
      const status = stored.get(base)?.get(rock.id)?.status ?? "ready";
      return { id: rock.id, name: rock.summary, description: rock.description, status, epics };
    });
  const orphanedEpics = Object.entries(assets.epics)
    .filter(([key, epic]) => inScope(epic) && !used.has(key))
    .map(([, epic]) => boardEpic(epic, stored, `build-${slugOf(epic.stem)}`));
  const lost = [...stored.values()]
    .flatMap((build) => [...build.values()])
    .filter((card) => card.orphaned);
  return {
    rocks,
    orphanedEpics,
    orphanedIssues: lost.map((card) => boardIssue(card, 0)),
    alerts: alertsOf(orphanedEpics, lost),
  };
}

function boardEpic(epic: Epic, stored: Stored, build: string): BoardEpic {
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
    ...fromAsset.map((issue): BoardIssue => {
      const { id, summary, seat, priority, dependsOn } = issue;
      const fresh = {
        status: "ready",
        waitReason: null,
        waitDetail: null,
        verified: false,
        build: null,
      } as const;
      return { id, summary, seat, priority, dependsOn, score: scores.get(id) ?? 0, ...fresh };
    }),
  ];
  const status = cards?.get(epic.id)?.status ?? "ready";
  const { id, summary, description, department } = epic;
  return {
    id,
    name: summary,
    description,
    department,
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
  seat: card.seat,
  priority: card.priority,
  score,
  dependsOn: card.dependsOn,
  build: card.build,
});

const alertsOf = (
  orphanedEpics: readonly BoardEpic[],
  lost: readonly Card[],
): readonly BoardAlert[] => [
  ...orphanedEpics.map((epic) => ({
    code: "epic-orphaned",
    message: `The epic ${epic.id} belongs to no rock.`,
  })),
  ...lost.map((card) => ({
    code: "card-orphaned",
    message: `${card.id} is stored, but its asset no longer defines it.`,
  })),
];
