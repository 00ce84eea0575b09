// Starts a run: finds what the card's id means, checks the complexity gate, takes the builds, and stores the run with the
// assets as they are now. Nothing is executed here.
import type { ApproveMode } from "../domain/approval.ts";
import type { AssetProblem, Epic, ProjectAssets, Rock } from "../domain/assets.ts";
import { slugOf } from "../domain/card.ts";
import { EngineError } from "../domain/errors.ts";
import type { JsonObject } from "../domain/json.ts";
import type { PullUnderReview } from "../domain/pull-review.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Budget, Run } from "../domain/run.ts";
import { budgetOr } from "../domain/run.ts";
import type { RunStore, StoreTransaction } from "../ports/store.ts";
import type { Engine } from "./engine.ts";
import { lookUp } from "./lane.ts";

export type RunRequest = {
  readonly card: string;
  readonly build: string | null;
  readonly department: string | null;
  readonly restart: boolean;
  readonly model: string | null;
  /** What is null here is as the settings have it. */
  readonly budget: Budget;
  /** Left out: people are asked. */
  readonly approve?: ApproveMode;
};

/** What a run works on; part of its snapshot, so that a resume needs no asset. */
export type RunTarget = {
  readonly kind: Run["kind"];
  readonly card: string;
  readonly rock: string | null;
  readonly entries: readonly TargetEntry[];
  /** Set when one issue is all that is asked for. */
  readonly only: string | null;
  readonly restart: boolean;
};

/** `after`: builds of this run that must be done first. */
export type TargetEntry = {
  readonly build: string;
  readonly epicKey: string;
  readonly after: readonly string[];
};

export type RunSnapshot = {
  readonly assets: ProjectAssets;
  readonly target: RunTarget;
  readonly approve?: ApproveMode;
  /** Set when all that is wanted is the review of this head; nothing else is dispatched then. */
  readonly pullRequest?: PullUnderReview;
};

type StartDeps = Pick<Engine, "assets" | "store" | "clock" | "ids" | "settings">;

export async function startRun(engine: StartDeps, request: RunRequest): Promise<Result<Run>> {
  const loaded = await engine.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const assets = loaded.value;
  const found = resolveTarget(assets, request);
  if (!found.ok) return found;
  return startTarget(engine, request, { assets, target: found.value });
}

/** Starts what was found already; `assets` are all of the project. */
export async function startTarget(
  engine: StartDeps,
  request: Pick<RunRequest, "budget" | "model" | "restart" | "approve">,
  { assets, target }: RunSnapshot,
): Promise<Result<Run>> {
  const gate = complexityGate(assets, target);
  if (gate !== null) return gate;
  const { approve = "ask" } = request;
  const snapshot = { assets: pruned(assets, target), target, approve };
  return insertRun(engine, request, { snapshot });
}

export const assetRefusal = (problems: readonly AssetProblem[]): Result<never> =>
  refuse(
    "ASSET_INVALID",
    `The project's assets have ${problems.length === 1 ? "a problem" : `${problems.length} problems`}.`,
    {
      problems,
    },
  );

/** Epic, then rock, then issue, by id or file stem; an epic and a rock of one name is the epic. */
export function resolveTarget(
  assets: ProjectAssets,
  request: Pick<RunRequest, "card" | "build" | "department" | "restart">,
): Result<RunTarget> {
  const wanted = request.card.trim().toLowerCase();
  const inScope = <Asset extends { department: string }>(asset: Asset): boolean =>
    request.department === null || asset.department === request.department;
  const named = (asset: { id: string; stem: string }): boolean =>
    asset.id.toLowerCase() === wanted || asset.stem.toLowerCase() === wanted;
  const epics = Object.entries(assets.epics).filter(([, epic]) => inScope(epic));
  const epic = epics.find(([, one]) => named(one));
  const { restart } = request;
  if (epic !== undefined) return ok(epicTarget(epic, request));
  const rock = Object.values(assets.rocks).find((one) => inScope(one) && named(one));
  if (rock !== undefined) return rockTarget(assets, rock, request);
  for (const entry of epics) {
    const issue = entry[1].issues.find((one) => one.id.toLowerCase() === wanted);
    if (issue !== undefined)
      return ok({
        ...single(entry, request.build),
        kind: "issue",
        card: issue.id,
        only: issue.id,
        restart,
      });
  }
  return refuse(
    "CARD_UNKNOWN",
    `No epic, rock or issue is called ${request.card}. See them all with: orket board`,
    { card: request.card },
  );
}

const single = ([epicKey, epic]: readonly [string, Epic], build: string | null) => ({
  rock: null,
  entries: [{ build: build ?? `build-${slugOf(epic.stem)}`, epicKey, after: [] }],
});

/** A run of the epic alone, by its key. */
export const epicTarget = (
  epic: readonly [string, Epic],
  { build, restart }: Pick<RunRequest, "build" | "restart">,
): RunTarget => ({
  ...single(epic, build),
  kind: "epic",
  card: epic[1].id,
  only: null,
  restart,
});

export function rockTarget(
  assets: ProjectAssets,
  rock: Rock,
  { build, restart }: Pick<RunRequest, "build" | "restart">,
): Result<RunTarget> {
  const base = build ?? slugOf(rock.stem);
  const buildOf = (stem: string): string => `${base}/${slugOf(stem)}`;
  const entries: TargetEntry[] = [];
  for (const [place, entry] of rock.epics.entries()) {
    const before = rock.epics[place - 1];
    const after = entry.dependsOn ?? (before === undefined ? [] : [before.epic]);
    const key = [
      `config/${entry.epic}`,
      `${entry.department}/${entry.epic}`,
      `core/${entry.epic}`,
    ].find((one) => assets.epics[one]);
    if (key === undefined)
      return refuse(
        "ASSET_UNKNOWN",
        `The rock ${rock.stem} names the epic ${entry.epic}, which does not exist.`,
      );
    entries.push({ build: buildOf(entry.epic), epicKey: key, after: after.map(buildOf) });
  }
  return ok({ kind: "rock", card: rock.id, rock: base, entries, only: null, restart });
}

function complexityGate(assets: ProjectAssets, target: RunTarget): Result<never> | null {
  const threshold = assets.organization.idesignThreshold;
  for (const { epicKey } of target.entries) {
    const epic = assets.epics[epicKey];
    if (epic === undefined || epic.idesign || epic.issues.length <= threshold) continue;
    return refuse(
      "COMPLEXITY_GATE",
      `Complexity Gate Violation: the epic ${epic.stem} has ${epic.issues.length} issues, more than ${threshold}, and its architecture_governance.idesign is false. Split it, or turn iDesign on.`,
      { epic: epic.stem, issues: epic.issues.length, threshold },
    );
  }
  return null;
}

/** The snapshot keeps what the run can reach, not the whole project. */
export function pruned(assets: ProjectAssets, { entries, kind, card }: RunTarget): ProjectAssets {
  const epics = Object.fromEntries(
    entries
      .map(({ epicKey }) => [epicKey, assets.epics[epicKey]])
      .filter(([, epic]) => epic !== undefined),
  );
  const rocks =
    kind === "rock"
      ? Object.fromEntries(Object.entries(assets.rocks).filter(([, rock]) => rock.id === card))
      : {};
  const used = Object.values(epics as Record<string, Epic>);
  const keep = <Asset>(
    all: Readonly<Record<string, Asset>>,
    nameOf: (epic: Epic) => string,
  ): Record<string, Asset> => {
    const wanted = new Set(used.map((epic) => lookUp(all, epic.department, nameOf(epic))));
    return Object.fromEntries(Object.entries(all).filter(([, asset]) => wanted.has(asset)));
  };
  return {
    ...assets,
    epics: epics as Record<string, Epic>,
    rocks,
    teams: keep(assets.teams, (epic) => epic.team),
    environments: keep(assets.environments, (epic) => epic.environment),
    looseIssues: [],
    warnings: [],
  };
}

export type Beginning = {
  readonly snapshot: RunSnapshot;
  /** What else the run begins with, in the transaction that stores it; a refusal takes back the whole. */
  readonly alsoWrite?: (transaction: StoreTransaction, run: string) => Promise<Result<null>>;
};

export async function insertRun(
  engine: Omit<StartDeps, "assets">,
  request: Pick<RunRequest, "model" | "budget" | "restart">,
  { snapshot, alsoWrite }: Beginning,
): Promise<Result<Run>> {
  const { store, clock, ids, settings } = engine;
  const { target } = snapshot;
  const id = ids.create("run");
  const builds = target.entries.map((entry) => entry.build);
  const run = {
    id,
    card: target.card,
    kind: target.kind,
    builds,
    status: "queued" as const,
    budget: budgetOr(request.budget, settings.budgets.run),
    model: request.model,
    createdAt: new Date(clock.now()).toISOString(),
  };
  try {
    return await store.transaction(async (transaction): Promise<Result<Run>> => {
      const { runs, events } = transaction;
      const taken = await otherDepartment(runs, snapshot);
      if (taken !== null) return taken;
      const holder = await runs.activeOn(builds);
      if (holder !== null) return busy(holder.id);
      await runs.insert(run, snapshot as unknown as JsonObject);
      const data = {
        card: target.card,
        kind: target.kind,
        builds,
        model: request.model,
        restart: request.restart,
      };
      await events.append([
        { type: "run-queued", actor: "engine", run: id, ...firstBuild(builds), data },
      ]);
      const written = await alsoWrite?.(transaction, id);
      if (written?.ok === false) return written;
      const stored = await runs.get(id);
      if (stored === null)
        throw new EngineError("STORE_CORRUPT", `Run ${id} was stored and cannot be read.`);
      return ok(stored);
    });
  } catch (error) {
    // Another process took the build between the look and the write; the store's own rule caught it.
    if (error instanceof EngineError && error.code === "BUILD_BUSY") {
      const { run: holder } = error.details;
      return busy(typeof holder === "string" ? holder : "another run");
    }
    throw error;
  }
}

/** Epics of one name in two departments share the usual build id; their cards must not be mixed. */
async function otherDepartment(
  runs: RunStore,
  { assets, target }: RunSnapshot,
): Promise<Result<never> | null> {
  for (const { build, epicKey } of target.entries) {
    const department = assets.epics[epicKey]?.department ?? "";
    const known = await runs.build(build);
    if (known === null || known.department === department) continue;
    const message = `The build ${build} belongs to the epic ${known.epic} of ${known.department}. Name another with: --build <id>`;
    return refuse("BUILD_TAKEN", message, { build, department: known.department });
  }
  return null;
}

export const firstBuild = (builds: readonly string[]): { build?: string } =>
  builds[0] === undefined ? {} : { build: builds[0] };

export const busy = (run: string): Result<never> =>
  refuse(
    "BUILD_BUSY",
    `The build is held by ${run}. Watch it with: orket runs show ${run} — or go on with it: orket resume ${run}`,
    { run },
  );
