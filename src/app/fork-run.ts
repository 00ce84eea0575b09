// Forks a run: a new build that begins as another was right after one of its turns, and a new run that goes on from there.
// The old run and its builds are only read.
import type { ApproveMode } from "../domain/approval.ts";
import { CARD_ID_PATTERN } from "../domain/card.ts";
import { createdFacts } from "../domain/card-history.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Budget, Run } from "../domain/run.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { cardEvent } from "./apply-move.ts";
import type { Engine } from "./engine.ts";
import type { ForkPoint, PastBuild, PastCard } from "./fork-point.ts";
import { readForkPoint } from "./fork-point.ts";
import type { RunSnapshot } from "./start-run.ts";
import { firstBuild, insertRun } from "./start-run.ts";

export type ForkRequest = {
  /** `<run>:<number of the turn>`. */
  readonly from: string;
  /** Name of the new build; of a rock, of the folder its builds lie in. */
  readonly build: string | null;
  readonly model: string | null;
  readonly budget: Budget;
  readonly approve: ApproveMode;
};

type ForkDeps = Pick<Engine, "store" | "workspaces" | "clock" | "ids" | "settings">;

/** Gives the new run, queued. */
export async function forkRun(engine: ForkDeps, request: ForkRequest): Promise<Result<Run>> {
  const [, run, number] = /^(.+):(\d{1,9})$/.exec(request.from.trim()) ?? [];
  if (run === undefined)
    return refuse("USAGE", `--from takes <run>:<turn>, such as run-01j9…:3, not ${request.from}.`);
  const point = await engine.store.read(async (transaction) =>
    readForkPoint(transaction, { run, number: Number(number) }),
  );
  if (!point.ok) return point;
  const prepared = await prepare(engine, point.value, request.build);
  if (!prepared.ok) return prepared;
  const fork = { ...prepared.value, point: point.value, number: Number(number) };
  return insertRun(
    engine,
    { model: request.model, budget: request.budget, restart: false },
    {
      snapshot: {
        ...renamed(point.value.snapshot, fork.nameOf),
        approve: request.approve,
      },
      alsoWrite: async (transaction, id) => writeFork(transaction, { ...fork, id, engine }),
    },
  );
}

type Prepared = {
  readonly nameOf: (build: string) => string;
  /** By the new build: the digest of its files. */
  readonly digests: ReadonlyMap<string, string | null>;
};

const FORKS_MAX = 1000;

/** Makes the workspaces under a name that is free. Whoever makes the folder has the name. */
async function prepare(
  engine: ForkDeps,
  point: ForkPoint,
  wanted: string | null,
): Promise<Result<Prepared>> {
  const base = point.snapshot.target.rock ?? point.run.builds[0] ?? "";
  if (wanted !== null) return isName(wanted) ? prepareAs(engine, point, wanted) : badName(wanted);
  for (let number = 1; number <= FORKS_MAX; number += 1) {
    const name = `${base}-fork-${number}`;
    if (!isName(name)) return badName(name);
    const prepared = await prepareAs(engine, point, name);
    if (prepared.ok || prepared.error.code !== "BUILD_EXISTS") return prepared;
  }
  return refuse("BUILD_EXISTS", `${base} has ${FORKS_MAX} forks. Name another with --build.`, {
    build: base,
  });
}

const NAME_SEGMENTS_MAX = 3;

const isName = (name: string): boolean => {
  const segments = name.split("/");
  return (
    segments.length <= NAME_SEGMENTS_MAX &&
    segments.every((segment) => CARD_ID_PATTERN.test(segment) && !/\.git$/i.test(segment))
  );
};

const badName = (name: string): Result<never> =>
  refuse("USAGE", `${name.slice(0, 100)} cannot name a build. Give one with --build.`);

async function prepareAs(
  { store, workspaces }: ForkDeps,
  { snapshot, builds }: ForkPoint,
  name: string,
): Promise<Result<Prepared>> {
  const base = snapshot.target.rock ?? snapshot.target.entries[0]?.build ?? "";
  const nameOf = (build: string): string => `${name}${build.slice(base.length)}`;
  const all = [base, ...snapshot.target.entries.map((entry) => entry.build)].map(nameOf);
  const taken = await store.read(async (transaction) => takenBuild(transaction, all));
  if (taken !== null) return exists(taken);
  const forks = builds
    .filter(({ row }) => row !== null)
    .map(({ id, turns }) => ({
      from: id,
      to: nameOf(id),
      commits: turns.flatMap(({ turn }) => (turn.commit === null ? [] : [turn.commit])),
    }));
  const made = await workspaces.fork(forks);
  if (!made.ok) return made;
  const digests = new Map(forks.map(({ to }, place) => [to, made.value[place] ?? null]));
  return ok({ nameOf, digests });
}

async function takenBuild(
  { runs, cards }: StoreTransaction,
  builds: readonly string[],
): Promise<string | null> {
  for (const build of builds) {
    if ((await runs.build(build)) !== null) return build;
    if ((await cards.list({ build, limit: 1 })).length > 0) return build;
    if ((await runs.list({ build, limit: 1 })).length > 0) return build;
  }
  return null;
}

const exists = (build: string): Result<never> =>
  refuse("BUILD_EXISTS", `There is a build ${build} already. Name another with --build.`, {
    build,
  });

/** The same assets, the same target, other builds. */
function renamed({ assets, target }: RunSnapshot, nameOf: (build: string) => string): RunSnapshot {
  const entries = target.entries.map(({ build, epicKey, after }) => ({
    build: nameOf(build),
    epicKey,
    after: after.map(nameOf),
  }));
  const rock = target.rock === null ? null : nameOf(target.rock);
  return { assets, target: { ...target, rock, entries, restart: false } };
}

type Fork = Prepared & {
  readonly point: ForkPoint;
  readonly number: number;
  readonly id: string;
  readonly engine: ForkDeps;
};

async function writeFork(transaction: StoreTransaction, fork: Fork): Promise<Result<null>> {
  const { point, nameOf, digests, number, id } = fork;
  const { builds } = point;
  for (const past of builds) {
    const name = nameOf(past.id);
    if (past.row !== null) {
      const rock = past.row.rock === null ? null : nameOf(past.row.rock);
      const workspaceDigest = digests.get(name) ?? null;
      await transaction.runs.saveBuild({ ...past.row, id: name, rock, workspaceDigest });
    }
    const turnIds = await copyTurns(transaction, fork, past);
    for (const card of past.cards) {
      const copied = await copyCard(transaction, { card, name, run: id, turnIds });
      if (!copied) return exists(name);
    }
  }
  const names = builds.filter(({ row }) => row !== null).map((past) => nameOf(past.id));
  const sum = (count: (build: PastBuild) => number): number =>
    builds.reduce((total, build) => total + count(build), 0);
  await transaction.events.append([
    {
      type: "run-forked",
      actor: "engine",
      run: id,
      ...firstBuild(names),
      data: {
        from: point.run.id,
        turn: number,
        seq: point.seq,
        builds: Object.fromEntries(builds.map((past) => [past.id, nameOf(past.id)])),
        cards: sum(({ cards }) => cards.length),
        turns: sum(({ turns }) => turns.length),
        comments: sum(({ cards }) => cards.reduce((all, one) => all + one.comments.length, 0)),
      },
    },
  ]);
  return ok(null);
}

/** By the old id: the new one. */
async function copyTurns(
  { turns }: StoreTransaction,
  { engine, nameOf }: Fork,
  past: PastBuild,
): Promise<ReadonlyMap<string, string>> {
  const build = nameOf(past.id);
  const ids = new Map<string, string>();
  for (const { turn, paths } of past.turns) {
    const id = engine.ids.create("turn");
    ids.set(turn.id, id);
    await turns.copy(turn.id, { id, build, paths });
  }
  return ids;
}

type CardCopy = {
  readonly card: PastCard;
  readonly name: string;
  readonly run: string;
  readonly turnIds: ReadonlyMap<string, string>;
};

async function copyCard(
  { cards, comments, events }: StoreTransaction,
  { card: past, name, run, turnIds }: CardCopy,
): Promise<boolean> {
  const { brief, state } = past;
  const { spoken: _, ...columns } = state;
  const { version: __, updatedAt: ___, ...definition } = past.card;
  const card = { ...definition, ...columns, build: name, brief };
  if (!(await cards.insertPast(card))) return false;
  for (const comment of past.comments) {
    const turn = comment.turn === null ? null : (turnIds.get(comment.turn) ?? null);
    await comments.copy(comment, { build: name, turn });
  }
  await events.append([
    cardEvent(card, {
      type: "card-created",
      actor: "engine",
      run,
      data: createdFacts(card, state),
    }),
  ]);
  return true;
}
