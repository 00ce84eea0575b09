// Bug-fix phases, and the bugs they count. The table itself refuses a second open phase of a rock.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Bug, Phase } from "../../../domain/bug-fix-phase.ts";
import { isClosed } from "../../../domain/card.ts";
import { EngineError } from "../../../domain/errors.ts";
import type { PhaseStore } from "../../../ports/store.ts";
import { CARD_COLUMNS, readBrief, readCard } from "./card-rows.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, jsonTexts, moment, momentOrNull, oneOf, table, text } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const PHASES = table("phases", "rock", "number");
const STATUSES = ["active", "completed"] as const;
const BUG = "bug";

/** Builds that one query names; a longer list is asked for in parts. */
const BUILDS_PER_QUERY = 500;

type PhaseStatements = ReturnType<typeof phaseStatements>;

export const phaseStatements = (db: Kysely<Schema>) => ({
  open: prepare<"rock">((value) =>
    db
      .selectFrom("phases")
      .selectAll()
      .where("rock", "=", value("rock"))
      .where("status", "=", "active"),
  ),
  insert: prepare<
    | "rock"
    | "build"
    | "builds"
    | "department"
    | "days"
    | "started_at"
    | "ends_at"
    | "extendable_from"
  >((value) =>
    db.insertInto("phases").values({
      rock: value("rock"),
      build: value("build"),
      builds: value("builds"),
      department: value("department"),
      status: "active",
      days: value("days"),
      started_at: value("started_at"),
      ends_at: value("ends_at"),
      extendable_from: value("extendable_from"),
      completed_at: null,
    }),
  ),
  change: prepare<
    | "number"
    | "known_status"
    | "known_days"
    | "status"
    | "days"
    | "ends_at"
    | "extendable_from"
    | "completed_at"
  >((value) =>
    db
      .updateTable("phases")
      .set({
        status: value("status"),
        days: value("days"),
        ends_at: value("ends_at"),
        extendable_from: value("extendable_from"),
        completed_at: value("completed_at"),
      })
      .where("number", "=", value("number"))
      .where("status", "=", value("known_status"))
      .where("days", "=", value("known_days")),
  ),
});

export type PhaseDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: PhaseStatements;
};

export function openPhases({ db, session, statements }: PhaseDeps): PhaseStore {
  const openOf = async (rock: string): Promise<Phase | null> => {
    const row = await session.row(statements.open, { rock });
    return row === null ? null : readPhase(row);
  };
  return {
    start: async (phase) => {
      const known = await openOf(phase.rock);
      if (known !== null) return { phase: known, isNew: false };
      await session.change(statements.insert, {
        rock: phase.rock,
        build: phase.build,
        builds: JSON.stringify(phase.builds),
        department: phase.department,
        days: phase.days,
        started_at: phase.startedAt,
        ends_at: phase.endsAt,
        extendable_from: phase.extendableFrom,
      });
      const started = await openOf(phase.rock);
      if (started === null)
        throw new EngineError("STORE_CORRUPT", `The phase of ${phase.rock} cannot be read.`);
      return { phase: started, isNew: true };
    },
    list: async ({ status, limit }) => {
      let query = db.selectFrom("phases").selectAll().orderBy("number", "desc");
      if (status !== undefined) query = query.where("status", "=", status);
      return (await session.select(query.limit(rowLimit(limit)))).map(readPhase);
    },
    change: async (phase, change) => {
      const changed = await session.change(statements.change, {
        number: phase.number,
        known_status: phase.status,
        known_days: phase.days,
        status: change.status,
        days: change.days,
        ends_at: change.endsAt,
        extendable_from: change.extendableFrom,
        completed_at: change.completedAt,
      });
      return changed === 1;
    },
    bugs: async (builds) => {
      const bugs: Bug[] = [];
      for (let start = 0; start < builds.length; start += BUILDS_PER_QUERY)
        bugs.push(...(await bugsOf(db, session, builds.slice(start, start + BUILDS_PER_QUERY))));
      return bugs;
    },
  };
}

/** The database narrows it down to texts that could be a label; what is one is read. */
async function bugsOf(
  db: Kysely<Schema>,
  session: Session,
  builds: readonly string[],
): Promise<readonly Bug[]> {
  const query = db
    .selectFrom("cards")
    .innerJoin("card_briefs", (join) =>
      join
        .onRef("card_briefs.build", "=", "cards.build")
        .onRef("card_briefs.id_key", "=", "cards.id_key"),
    )
    .select(CARD_COLUMNS.map((name) => `cards.${name}` as const))
    .select(["cards.id_key", "card_briefs.brief"])
    .where("cards.build", "in", builds)
    .where("cards.kind", "=", "issue")
    .where("cards.orphaned", "=", 0)
    .where((where) =>
      where.or([
        where("cards.type", "=", BUG),
        where(sql<string>`lower(card_briefs.brief)`, "like", `%${BUG}%`),
      ]),
    )
    .orderBy("cards.created_at")
    .orderBy("cards.position")
    .orderBy("cards.id");
  const rows = await session.select(query);
  return rows.filter(isBug).map((row) => {
    const { id, priority, status } = readCard(row);
    return { id, priority, open: !isClosed(status) };
  });
}

const isBug = (row: Row): boolean =>
  row["type"] === BUG || readBrief(row).labels.some((label) => label.trim().toLowerCase() === BUG);

function readPhase(row: Row): Phase {
  const cells = cellsOf(PHASES, row);
  return {
    number: integer(cells, "number"),
    rock: text(cells, "rock"),
    build: text(cells, "build"),
    builds: jsonTexts(cells, "builds"),
    department: text(cells, "department"),
    status: oneOf(cells, "status", STATUSES),
    days: integer(cells, "days"),
    startedAt: moment(cells, "started_at"),
    endsAt: moment(cells, "ends_at"),
    extendableFrom: moment(cells, "extendable_from"),
    completedAt: momentOrNull(cells, "completed_at"),
  };
}
