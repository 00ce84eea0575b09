// Opens the lane of a build: its cards brought level with the asset, its folder, its backlog in memory; and keeps the
// backlog level with the store while the run goes.
import type { Epic, Issue, Team } from "../domain/assets.ts";
import { createBacklog } from "../domain/backlog.ts";
import type { Card, CardBrief } from "../domain/card.ts";
import { isClosed, UNTOUCHED } from "../domain/card.ts";
import { createdFacts } from "../domain/card-history.ts";
import { ENGINE } from "../domain/card-moves.ts";
import { EngineError } from "../domain/errors.ts";
import { canonicalJson } from "../domain/json.ts";
import type { CardDefinition, NewCard, StoreTransaction } from "../ports/store.ts";
import type { Workspace } from "../ports/workspace.ts";
import { applyMove, cardEvent } from "./apply-move.ts";
import type { Engine } from "./engine.ts";
import { createFileLocks } from "./file-locks.ts";
import type { Lane, Session } from "./session.ts";
import { write } from "./session.ts";

export type LaneRequest = {
  readonly build: string;
  /** `<department>/<stem>` of the epic. */
  readonly epicKey: string;
  readonly rock: string | null;
  readonly only: string | null;
  /** Cards in progress that the seat of this team has in other builds of the run. */
  readonly elsewhere: (team: Team, seat: string) => number;
};

export async function openLane(session: Session, request: LaneRequest): Promise<Lane> {
  const { engine, assets } = session;
  const epic = assets.epics[request.epicKey];
  if (epic === undefined)
    throw new EngineError(
      "ASSET_UNKNOWN",
      `The run names the epic ${request.epicKey}, which its assets lack.`,
    );
  const team = lookUp(assets.teams, epic.department, epic.team);
  const environment = lookUp(assets.environments, epic.department, epic.environment);
  if (team === undefined || environment === undefined) {
    throw new EngineError(
      "ASSET_UNKNOWN",
      `The epic ${epic.stem} names team ${epic.team} and environment ${epic.environment}; one is missing.`,
    );
  }
  const workspace = await engine.workspaces.open(request.build);
  const digest = await workspace.digest();
  await write(session, async (transaction) => {
    await syncBuild(transaction, session, { request, epic });
    await noteChangedWorkspace(transaction, session, { build: request.build, digest });
  });
  const { cards, seq } = await engine.store.read(async ({ cards: store, events }) => ({
    cards: await store.list({ build: request.build }),
    seq: await events.lastSeq(),
  }));
  return {
    build: request.build,
    epic,
    team,
    environment,
    department: assets.departments[epic.department] ?? null,
    workspace,
    backlog: createBacklog(cards, {
      // A single issue was asked for by name: what else its seat holds is not worked on here and would never free it.
      wipPerSeatMax:
        request.only === null ? assets.organization.thresholds.wipLimitPerSeat : Infinity,
      elsewhere: (seat) => request.elsewhere(team, seat),
    }),
    locks: createFileLocks(),
    agentsText: await readAgentsText(engine, workspace),
    only: request.only,
    seenSeq: seq,
  };
}

/** Somebody committed to the workspace since the engine last did; the run goes on with what is there, and says so. */
async function noteChangedWorkspace(
  { runs, events }: StoreTransaction,
  session: Session,
  { build, digest }: { readonly build: string; readonly digest: string },
): Promise<void> {
  const known = await runs.build(build);
  if (known === null || known.workspaceDigest === null || known.workspaceDigest === digest) return;
  const data = { before: known.workspaceDigest, now: digest };
  await events.append([
    { type: "workspace-changed", actor: "engine", run: session.run.id, build, data },
  ]);
  await runs.saveBuild({ ...known, workspaceDigest: digest });
}

const AGENTS_BYTES_MAX = 16 * 1024;

/** The workspace's own AGENTS.md, else the project's; either is data for the model. */
export async function readAgentsText(
  { assets }: Pick<Engine, "assets">,
  workspace: Workspace,
): Promise<string | null> {
  const own = await workspace.read("AGENTS.md", AGENTS_BYTES_MAX);
  return own.ok ? own.value.text : assets.readText("AGENTS.md", AGENTS_BYTES_MAX);
}

/** The department's own asset, else the one of `core`. */
export const lookUp = <Asset>(
  assets: Readonly<Record<string, Asset>>,
  department: string,
  name: string,
): Asset | undefined =>
  assets[`config/${name}`] ?? assets[`${department}/${name}`] ?? assets[`core/${name}`];

type Sync = { readonly request: LaneRequest; readonly epic: Epic };

/** Missing cards are inserted, known ones take the new definition and keep their state; what the file lost is orphaned. */
async function syncBuild(
  transaction: StoreTransaction,
  session: Session,
  { request, epic }: Sync,
): Promise<void> {
  const { cards, runs, events } = transaction;
  const { build } = request;
  if ((await runs.build(build)) === null) {
    await runs.saveBuild({
      id: build,
      epic: epic.id,
      department: epic.department,
      rock: request.rock,
      workspaceDigest: null,
    });
  }
  const stored = new Map((await cards.list({ build })).map((card) => [card.id, card]));
  const created: NewCard[] = [];
  const epicCard = stored.get(epic.id);
  if (epicCard === undefined) created.push(newEpicCard(build, epic));
  for (const [position, issue] of epic.issues.entries()) {
    const known = stored.get(issue.id);
    if (known === undefined) created.push(newIssueCard({ build, epic, issue, position }));
    else await redefine(transaction, session, { known, issue, position });
  }
  for (const card of created) await cards.insert(card);
  const origin = { actor: "engine", run: session.run.id } as const;
  await events.append(
    created.map((card) =>
      cardEvent(card, {
        ...origin,
        type: "card-created",
        data: createdFacts(card),
      }),
    ),
  );
  await markOrphans(transaction, session, { epic, stored: [...stored.values()] });
  const current = epicCard ?? (await cards.get(build, epic.id));
  const open = (await cards.list({ build, kind: "issue" })).some(
    (card) => !card.orphaned && !isClosed(card.status),
  );
  if (current === null || current.status === "in_progress" || !open) return;
  await applyMove(transaction, current, {
    to: "in_progress",
    actor: ENGINE,
    cause: "dispatch",
    origin: { run: session.run.id },
  });
}

type Redefinition = { readonly known: Card; readonly issue: Issue; readonly position: number };

async function redefine(
  { cards, events }: StoreTransaction,
  session: Session,
  { known, issue, position }: Redefinition,
): Promise<void> {
  const definition = definitionOf(issue, position);
  const before = { ...known, brief: await cards.brief(known.build, known.id) };
  const changed = (Object.keys(definition) as (keyof CardDefinition)[]).filter(
    (name) => canonicalJson(before[name]) !== canonicalJson(definition[name]),
  );
  if (changed.length === 0 && !known.orphaned) return;
  if (changed.length > 0) await cards.define(known.build, known.id, definition);
  if (known.orphaned) await cards.write(known.build, known.id, { orphaned: false });
  await events.append([
    cardEvent(known, {
      type: "card-redefined",
      actor: "engine",
      run: session.run.id,
      data: { changed, orphaned: false },
    }),
  ]);
}

type Orphans = { readonly epic: Epic; readonly stored: readonly Card[] };

/** A card that came from the asset and is no longer in it; cards that turns created have a parent card, not the epic. */
async function markOrphans(
  { cards, events }: StoreTransaction,
  session: Session,
  { epic, stored }: Orphans,
): Promise<void> {
  const named = new Set(epic.issues.map((issue) => issue.id));
  const lost = stored.filter(
    (card) =>
      card.kind === "issue" && card.parent === epic.id && !named.has(card.id) && !card.orphaned,
  );
  for (const card of lost) {
    await cards.write(card.build, card.id, { orphaned: true });
    await events.append([
      cardEvent(card, {
        type: "card-orphaned",
        actor: "engine",
        run: session.run.id,
        data: { epic: epic.stem },
      }),
    ]);
  }
}

const briefOf = (
  text: Issue | Epic,
  more: Pick<CardBrief, "acceptance" | "verification">,
): CardBrief => ({
  description: text.description,
  note: text.note,
  requirements: text.requirements,
  acceptance: more.acceptance,
  labels: text.labels,
  references: text.references,
  params: text.params,
  verification: more.verification,
});

const definitionOf = (issue: Issue, position: number): CardDefinition => ({
  type: issue.type,
  summary: issue.summary,
  priority: issue.priority,
  seat: issue.seat,
  dependsOn: issue.dependsOn,
  retriesMax: issue.retriesMax,
  position,
  brief: briefOf(issue, issue),
});

const FRESH = { status: "ready", waitReason: null, waitDetail: null, assignee: null } as const;

export const newIssueCard = ({
  build,
  epic,
  issue,
  position,
}: {
  build: string;
  epic: Epic;
  issue: Issue;
  position: number;
}): NewCard => ({
  ...FRESH,
  ...definitionOf(issue, position),
  build,
  id: issue.id,
  kind: "issue",
  epic: epic.id,
  parent: epic.id,
  department: epic.department,
});

/** The card as its first run would store it; for a preview before there was one. */
export const unstoredCard = (from: Parameters<typeof newIssueCard>[0]): Card => {
  const { brief: _, ...card } = newIssueCard(from);
  return {
    ...card,
    ...UNTOUCHED,
    version: 0,
    createdAt: "",
    updatedAt: "",
    statusSince: "",
  };
};

export const newEpicCard = (build: string, epic: Epic): NewCard => ({
  ...FRESH,
  build,
  id: epic.id,
  kind: "epic",
  type: "epic",
  summary: epic.summary,
  priority: epic.priority,
  seat: null,
  epic: null,
  parent: null,
  department: epic.department,
  position: 0,
  dependsOn: [],
  retriesMax: 0,
  brief: briefOf(epic, { acceptance: [], verification: null }),
});

/** Takes over what anybody wrote to the build's cards since the last look. */
export async function refreshLane(session: Session, lane: Lane): Promise<void> {
  const { changed, seq } = await session.engine.store.read(async ({ cards, events }) => ({
    changed: await cards.changedSince(lane.build, lane.seenSeq),
    seq: await events.lastSeq(),
  }));
  for (const card of changed) lane.backlog.apply(card);
  lane.seenSeq = seq;
}
