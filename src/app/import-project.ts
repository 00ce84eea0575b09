// Takes a project of the predecessor over: its assets as files, its cards with their state, comments and history. What is there
// already stays, so that a second call changes nothing; what cannot be taken is told.
import type { AssetProblem, Epic, ProjectAssets } from "../domain/assets.ts";
import type { Card } from "../domain/card.ts";
import { slugOf, UNTOUCHED } from "../domain/card.ts";
import { createdFacts } from "../domain/card-history.ts";
import type { OldCard } from "../domain/old-card.ts";
import { readOldCard, readOldComment, readOldStep } from "../domain/old-card.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { OldProject, OldTables } from "../ports/old-project.ts";
import type { NewCard, PastCard, StoreTransaction } from "../ports/store.ts";
import { cardEvent } from "./apply-move.ts";
import type { Engine } from "./engine.ts";
import { newEpicCard, newIssueCard } from "./lane.ts";
import { writeTold } from "./write-told.ts";

export type ImportDeps = Pick<Engine, "store" | "watcher" | "clock"> & {
  readonly old: OldProject;
  readonly person: string;
};

export type ImportReport = {
  readonly execute: boolean;
  readonly assets: {
    readonly taken: readonly string[];
    readonly kept: readonly string[];
    readonly refused: readonly AssetProblem[];
  };
  readonly cards: { readonly taken: readonly string[]; readonly kept: readonly string[] };
  readonly comments: number;
  /** What could not be taken as it was, and why. */
  readonly notes: readonly { readonly what: string; readonly why: string }[];
};

const STEPS_MAX = 200;

/** Without `executes` it only says what it would do. */
export async function importProject(
  deps: ImportDeps,
  executes: boolean,
): Promise<Result<ImportReport>> {
  const { old } = deps;
  const read = await old.readAssets();
  if (!read.ok) return read;
  const { assets, files, kept, refused } = read.value;
  const tables = await old.readTables();
  if (!tables.ok) return tables;
  const plan = planOf(assets, tables.value);
  if (executes) await old.copyAssets(files);
  const cards = await takeCards(deps, plan, executes);
  return ok({
    execute: executes,
    assets: { taken: files, kept, refused },
    cards: { taken: cards.taken, kept: cards.kept },
    comments: cards.comments,
    notes: [...plan.notes, ...cards.notes],
  });
}

type Planned = {
  readonly build: string;
  readonly epic: Epic;
  readonly cards: Map<string, OldCard>;
};

type Plan = {
  readonly builds: readonly Planned[];
  readonly comments: ReadonlyMap<
    string,
    readonly { readonly author: string; readonly text: string }[]
  >;
  readonly steps: ReadonlyMap<string, readonly string[]>;
  readonly notes: readonly { readonly what: string; readonly why: string }[];
};

type Note = Plan["notes"][number];

function planOf(assets: ProjectAssets, tables: OldTables | null): Plan {
  const notes: Note[] = [];
  const builds = new Map<string, Planned>();
  const { issues = [], comments = [], steps = [], others = [] } = tables ?? {};
  if (tables === null)
    notes.push({ what: "database", why: "There is none; only assets are taken." });
  for (const row of issues) {
    const card = readOldCard(row);
    if (card === null) {
      notes.push({ what: "issues", why: "A row has no id." });
      continue;
    }
    const epic = epicOf(assets, card.id);
    if (epic === null) {
      notes.push({
        what: card.id,
        why: "No epic of the assets has it. Add it to one, then import again.",
      });
      continue;
    }
    const build = buildOf(assets, epic, card.build);
    const planned = builds.get(build) ?? { build, epic, cards: new Map<string, OldCard>() };
    const key = card.id.toLowerCase();
    if (planned.cards.has(key))
      notes.push({ what: card.id, why: "It is there twice; the first is taken." });
    else planned.cards.set(key, card);
    builds.set(build, planned);
  }
  for (const { table, rows } of others)
    if (rows > 0)
      notes.push({
        what: table,
        why: `${rows} rows mean nothing here: runs of the predecessor cannot go on.`,
      });
  return {
    builds: [...builds.values()],
    comments: grouped(comments.map(readOldComment), ({ author, text }) => ({ author, text })),
    steps: grouped(steps.map(readOldStep), ({ line }) => line),
    notes,
  };
}

function grouped<Item extends { readonly card: string }, Value>(
  items: readonly (Item | null)[],
  valueOf: (item: Item) => Value,
): ReadonlyMap<string, readonly Value[]> {
  const found = new Map<string, Value[]>();
  for (const item of items) {
    if (item === null) continue;
    const key = item.card.toLowerCase();
    found.set(key, [...(found.get(key) ?? []), valueOf(item)]);
  }
  return found;
}

const epicOf = (assets: ProjectAssets, id: string): Epic | null =>
  Object.values(assets.epics).find(({ issues }) =>
    issues.some((issue) => issue.id.toLowerCase() === id.toLowerCase()),
  ) ?? null;

/** The build that a run of the same card would have here. */
function buildOf(assets: ProjectAssets, epic: Epic, oldBuild: string): string {
  const rock = Object.values(assets.rocks).find(({ epics }) =>
    epics.some((entry) => entry.epic === epic.stem && entry.department === epic.department),
  );
  const isOfRock = oldBuild.startsWith("rock-") && rock !== undefined;
  return isOfRock ? `${slugOf(rock.stem)}/${slugOf(epic.stem)}` : `build-${slugOf(epic.stem)}`;
}

type Taken = {
  readonly taken: readonly string[];
  readonly kept: readonly string[];
  readonly comments: number;
  readonly notes: readonly Note[];
};

async function takeCards(deps: ImportDeps, plan: Plan, executes: boolean): Promise<Taken> {
  const take = async (transaction: StoreTransaction): Promise<Taken> => {
    const all: Taken[] = [];
    for (const planned of plan.builds)
      all.push(await takeBuild(deps, transaction, { plan, planned, executes }));
    const taken = all.flatMap((one) => one.taken);
    if (executes && taken.length > 0)
      await transaction.events.append([
        { type: "project-imported", actor: `human:${deps.person}`, data: { cards: taken.length } },
      ]);
    return {
      taken,
      kept: all.flatMap((one) => one.kept),
      comments: all.reduce((sum, { comments }) => sum + comments, 0),
      notes: all.flatMap(({ notes }) => notes),
    };
  };
  // All of it or nothing.
  return executes ? writeTold(deps, take) : deps.store.read(take);
}

type Taking = { readonly plan: Plan; readonly planned: Planned; readonly executes: boolean };

/** Every issue of the epic gets its card: those without a row of the predecessor as their first run would make them. */
async function takeBuild(
  deps: ImportDeps,
  transaction: StoreTransaction,
  { plan, planned, executes }: Taking,
): Promise<Taken> {
  const { build, epic, cards: old } = planned;
  const { runs, cards } = transaction;
  const known = await cards.list({ build });
  const ids = [...old.values()].map(({ id }) => id);
  if ((await runs.build(build)) !== null || known.length > 0)
    return { taken: [], kept: ids, comments: 0, notes: [] };
  const notes = [...old.values()].flatMap(({ id, notes: why }) =>
    why.map((one) => ({ what: id, why: one })),
  );
  const remarks = [...old.keys()].flatMap((key) => plan.comments.get(key) ?? []);
  if (!executes) return { taken: ids, kept: [], comments: remarks.length, notes };
  const rock = build.includes("/") ? build.slice(0, build.lastIndexOf("/")) : null;
  const { id, department } = epic;
  await runs.saveBuild({ id: build, epic: id, department, rock, workspaceDigest: null });
  const nowAt = new Date(deps.clock.now()).toISOString();
  await create(deps, transaction, pastCard(newEpicCard(build, epic), null, nowAt));
  for (const [position, issue] of epic.issues.entries()) {
    const found = old.get(issue.id.toLowerCase()) ?? null;
    const card = pastCard(newIssueCard({ build, epic, issue, position }), found, nowAt);
    await create(deps, transaction, card);
    if (found !== null) await tellPast(deps, transaction, { card, found, plan });
  }
  return { taken: ids, kept: [], comments: remarks.length, notes };
}

const pastCard = (fresh: NewCard, old: OldCard | null, nowAt: string): PastCard => ({
  ...fresh,
  ...UNTOUCHED,
  ...old?.state,
  createdAt: old?.createdAt ?? nowAt,
  statusSince: nowAt,
});

async function create(
  { person }: ImportDeps,
  { cards, events }: StoreTransaction,
  card: PastCard,
): Promise<void> {
  await cards.insertPast(card);
  const { status, statusSince, waitReason, waitDetail } = card;
  const state = { ...pick(card), status, statusSince, waitReason, waitDetail, spoken: 0 };
  const data = createdFacts(card, state);
  await events.append([cardEvent(card, { type: "card-created", actor: `human:${person}`, data })]);
}

const pick = (card: PastCard): Pick<Card, keyof typeof UNTOUCHED> => ({
  retryCount: card.retryCount,
  cycle: card.cycle,
  verified: card.verified,
  orphaned: card.orphaned,
  authorSeats: card.authorSeats,
  credits: card.credits,
  resolution: card.resolution,
  lastError: card.lastError,
});

type Past = { readonly card: PastCard; readonly found: OldCard; readonly plan: Plan };

/** Its comments and what happened to it, as text: none of it is an event of this log. */
async function tellPast(
  { person }: ImportDeps,
  { comments, events }: StoreTransaction,
  { card, found, plan }: Past,
): Promise<void> {
  const { build, id } = card;
  const key = id.toLowerCase();
  for (const { author, text } of plan.comments.get(key) ?? [])
    await comments.add({ build, card: id, author, text, turn: null });
  const history = (plan.steps.get(key) ?? []).slice(-STEPS_MAX);
  const data = { oldBuild: found.build, status: found.state.status, notes: found.notes, history };
  await events.append([cardEvent(card, { type: "card-imported", actor: `human:${person}`, data })]);
}
