// Runs, the builds they hold and the snapshot each was started with. The store itself refuses a second
// active run on a build: a unique index says so, and what is held is looked up to name the holder.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import { canonicalJson } from "../../../domain/json.ts";
import type { Run, RunStatus } from "../../../domain/run.ts";
import { isActive, RUN_REASONS, RUN_STATUSES } from "../../../domain/run.ts";
import type { RunStore } from "../../../ports/store.ts";
import { buildStatements, openBuilds } from "./builds.ts";
import { leaseStatements, openLeases } from "./leases.ts";
import type { Row } from "./rows.ts";
import {
  cellsOf,
  integer,
  jsonObject,
  jsonTexts,
  moment,
  momentOrNull,
  numericOrNull,
  oneOf,
  oneOfOrNull,
  table,
  text,
  textOrNull,
  usage,
} from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const RUNS = table("runs", "id");
const SNAPSHOTS = table("run_snapshots", "run");

const COLUMNS = [
  "id",
  "card",
  "kind",
  "builds",
  "status",
  "reason",
  "detail",
  "turns",
  "input_tokens",
  "output_tokens",
  "cost_usd",
  "tokens_max",
  "cost_usd_max",
  "minutes_max",
  "turns_max",
  "active_ms",
  "model",
  "created_at",
  "started_at",
  "ended_at",
  "epoch",
] as const;

type RunStatements = ReturnType<typeof runStatements>;

export const runStatements = (db: Kysely<Schema>) => ({
  ...recordStatements(db),
  leases: leaseStatements(db),
  builds: buildStatements(db),
  hold: prepare<"build" | "number" | "run" | "active">((value) =>
    db.insertInto("run_builds").values({
      build: value("build"),
      number: value("number"),
      run: value("run"),
      active: value("active"),
    }),
  ),
  setActive: prepare<"run" | "active">((value) =>
    db
      .updateTable("run_builds")
      .set({ active: value("active") })
      .where("run", "=", value("run")),
  ),
});

const recordStatements = (db: Kysely<Schema>) => ({
  get: prepare<"id">((value) =>
    db.selectFrom("runs").select(COLUMNS).where("id", "=", value("id")),
  ),
  status: prepare<"id">((value) =>
    db.selectFrom("runs").select(["id", "status", "builds"]).where("id", "=", value("id")),
  ),
  snapshot: prepare<"run">((value) =>
    db.selectFrom("run_snapshots").selectAll().where("run", "=", value("run")),
  ),
  saveSnapshot: prepare<"run" | "snapshot">((value) =>
    db.insertInto("run_snapshots").values({ run: value("run"), snapshot: value("snapshot") }),
  ),
  move: prepare<"id" | "from" | "to" | "reason" | "detail" | "started_at" | "ended_at">((value) =>
    db
      .updateTable("runs")
      .set({
        status: value("to"),
        reason: value("reason"),
        detail: value("detail"),
        started_at: sql<string | null>`coalesce(started_at, ${value("started_at")})`,
        ended_at: value("ended_at"),
      })
      .where("id", "=", value("id"))
      .where("status", "=", value("from")),
  ),
  setBudget: prepare<"id" | "tokens" | "cost" | "minutes" | "turns">((value) =>
    db
      .updateTable("runs")
      .set({
        tokens_max: value("tokens"),
        cost_usd_max: value("cost"),
        minutes_max: value("minutes"),
        turns_max: value("turns"),
      })
      .where("id", "=", value("id")),
  ),
  addUsage: prepare<"id" | "turns" | "input" | "output" | "cost">((value) =>
    db
      .updateTable("runs")
      .set((set) => ({
        turns: set("turns", "+", value("turns")),
        input_tokens: set("input_tokens", "+", value("input")),
        output_tokens: set("output_tokens", "+", value("output")),
        cost_usd: set("cost_usd", "+", value("cost")),
      }))
      .where("id", "=", value("id")),
  ),
});

export type RunDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: RunStatements;
};

/** Who holds a build. */
function openHolders({ db, session, statements }: RunDeps) {
  const get: RunStore["get"] = async (id) => {
    const row = await session.row(statements.get, { id });
    return row === null ? null : readRun(row);
  };

  const activeOn: RunStore["activeOn"] = async (builds) => {
    if (builds.length === 0) return null;
    const held = db
      .selectFrom("run_builds")
      .select("run")
      .where("build", "in", builds)
      .where("active", "=", 1)
      .limit(1);
    const run = (await session.select(held))[0]?.["run"];
    return typeof run === "string" ? get(run) : null;
  };

  async function refuseHeld(builds: readonly string[]): Promise<void> {
    const holder = await activeOn(builds);
    if (holder === null) return;
    const { id, status } = holder;
    throw new EngineError("BUILD_BUSY", `Run ${id} is ${status} on ${holder.builds.join(", ")}.`, {
      details: { run: id },
    });
  }

  return { get, activeOn, refuseHeld };
}

export function openRuns({ db, session, statements }: RunDeps): RunStore {
  const { get, activeOn, refuseHeld } = openHolders({ db, session, statements });
  return {
    ...openLeases(session, statements.leases),
    ...openBuilds(session, statements.builds),
    get,
    activeOn,
    list: async (filter) => (await session.select(listQuery(db, filter))).map(readRun),
    insert: async (run, snapshot) => {
      const builds = [...new Set(run.builds)];
      const active = isActive(run.status);
      if (active) await refuseHeld(builds);
      const number = await insertRun(db, session, { ...run, builds });
      for (const build of builds) {
        await session.change(statements.hold, {
          build,
          number,
          run: run.id,
          active: active ? 1 : 0,
        });
      }
      await session.change(statements.saveSnapshot, {
        run: run.id,
        snapshot: canonicalJson(snapshot),
      });
    },
    snapshot: async (run) => {
      const row = await session.row(statements.snapshot, { run });
      return row === null ? null : jsonObject(cellsOf(SNAPSHOTS, row), "snapshot");
    },
    move: async (id, from, ...[to, { reason, detail, at }]) => {
      const row = await session.row(statements.status, { id });
      if (row?.["status"] !== from) return false;
      if (!isActive(from) && isActive(to))
        await refuseHeld(jsonTexts(cellsOf(RUNS, row), "builds"));
      const times = {
        started_at: to === "running" ? at : null,
        ended_at: isActive(to) ? null : at,
      };
      if ((await session.change(statements.move, { id, from, to, reason, detail, ...times })) === 0)
        return false;
      if (isActive(from) !== isActive(to))
        await session.change(statements.setActive, { run: id, active: isActive(to) ? 1 : 0 });
      return true;
    },
    setBudget: async (id, { tokensMax, costUsdMax, minutesMax, turnsMax }) => {
      const limits = { tokens: tokensMax, cost: costUsdMax, minutes: minutesMax, turns: turnsMax };
      if ((await session.change(statements.setBudget, { id, ...limits })) === 0)
        throw runUnknown(id);
    },
    addUsage: async (id, { inputTokens, outputTokens, costUsd }, turns) => {
      const values = { id, turns, input: inputTokens, output: outputTokens, cost: costUsd };
      if ((await session.change(statements.addUsage, values)) === 0) throw runUnknown(id);
    },
  };
}

const runUnknown = (id: string): EngineError =>
  new EngineError("RUN_UNKNOWN", `There is no run ${id}.`, { details: { run: id } });

type NewRun = Parameters<RunStore["insert"]>[0];

async function insertRun(db: Kysely<Schema>, session: Session, run: NewRun): Promise<number> {
  const query = db
    .insertInto("runs")
    .values({
      id: run.id,
      card: run.card,
      kind: run.kind,
      builds: JSON.stringify(run.builds),
      status: run.status,
      reason: null,
      detail: null,
      turns: 0,
      replies: 0,
      input_tokens: 0,
      output_tokens: 0,
      cost_usd: 0,
      tokens_max: run.budget.tokensMax,
      cost_usd_max: run.budget.costUsdMax,
      minutes_max: run.budget.minutesMax,
      turns_max: run.budget.turnsMax,
      wanted: null,
      active_ms: 0,
      model: run.model,
      created_at: run.createdAt,
      started_at: run.status === "running" ? run.createdAt : null,
      ended_at: null,
      epoch: 0,
      owner: null,
      lease_until_ms: null,
    })
    .returning(["id", "number"]);
  const [row] = await session.rows(
    prepare(() => query),
    {},
  );
  return integer(cellsOf(RUNS, row ?? { id: run.id }), "number");
}

function listQuery(db: Kysely<Schema>, filter: Parameters<RunStore["list"]>[0]) {
  let query = db.selectFrom("runs").select(COLUMNS).limit(rowLimit(filter.limit));
  if (filter.statuses !== undefined)
    query = query.where("status", "in", filter.statuses as RunStatus[]);
  const { build } = filter;
  if (build !== undefined) {
    query = query.where(
      "number",
      "in",
      db.selectFrom("run_builds").select("number").where("build", "=", build),
    );
  }
  const { before } = filter;
  if (before !== undefined) {
    const newer = db.selectFrom("runs").select("number").where("id", "=", before);
    query = query.where("number", "<", newer);
  }
  return query.orderBy("number", "desc");
}

function readRun(row: Row): Run {
  const cells = cellsOf(RUNS, row);
  return {
    id: text(cells, "id"),
    card: text(cells, "card"),
    kind: oneOf(cells, "kind", ["rock", "epic", "issue"]),
    builds: jsonTexts(cells, "builds"),
    status: oneOf(cells, "status", RUN_STATUSES),
    reason: oneOfOrNull(cells, "reason", RUN_REASONS),
    detail: textOrNull(cells, "detail"),
    turns: integer(cells, "turns"),
    usage: usage(cells),
    budget: {
      tokensMax: numericOrNull(cells, "tokens_max"),
      costUsdMax: numericOrNull(cells, "cost_usd_max"),
      minutesMax: numericOrNull(cells, "minutes_max"),
      turnsMax: numericOrNull(cells, "turns_max"),
    },
    model: textOrNull(cells, "model"),
    createdAt: moment(cells, "created_at"),
    startedAt: momentOrNull(cells, "started_at"),
    endedAt: momentOrNull(cells, "ended_at"),
    activeMs: integer(cells, "active_ms"),
    epoch: integer(cells, "epoch"),
  };
}
