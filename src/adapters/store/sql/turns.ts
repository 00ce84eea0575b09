// Turns: one seat on one card, from prompt to commit. What happens inside one stands in journal.ts, the files it wrote in
// card-files.ts, how its row is read in turn-rows.ts.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import type { EarlierTurn, Turn, TurnStatus } from "../../../domain/turn.ts";
import type { CardStore, TurnFilter, TurnStore } from "../../../ports/store.ts";
import { cardFileStatements, openCardFiles } from "./card-files.ts";
import { journalStatements, openJournal } from "./journal.ts";
import { cellsOf, integer, table, usage } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";
import { openTurnCopies, turnCopyStatements } from "./turn-copies.ts";
import {
  EARLIER_COLUMNS,
  readEarlierTurn,
  readTimes,
  readTurn,
  readWait,
  TURN_COLUMNS,
} from "./turn-rows.ts";

const COUNTS = table("turns", "card");

const NEW_COLUMNS = [
  "id",
  "run",
  "build",
  "card",
  "number",
  "seat",
  "kind",
  "cycle",
  "model",
  "status",
  "started_at",
] as const;

type TurnStatements = ReturnType<typeof turnStatements>;

export const turnStatements = (db: Kysely<Schema>) => ({
  ...recordStatements(db),
  ...spendingStatements(db),
  journal: journalStatements(db),
  files: cardFileStatements(db),
  copies: turnCopyStatements(db),
});

const summed = (column: "input_tokens" | "output_tokens" | "cost_usd") =>
  sql<number>`(select coalesce(sum(${sql.ref(column)}), 0) from turn_steps where turn_steps.turn = turns.id)`.as(
    column,
  );

const turnQuery = (db: Kysely<Schema>) =>
  db
    .selectFrom("turns")
    .select(TURN_COLUMNS)
    .select([summed("input_tokens"), summed("output_tokens"), summed("cost_usd")]);

/** What a card cost over all its turns, and how long they took. */
const spendingStatements = (db: Kysely<Schema>) => ({
  spentOn: prepare<"build" | "card">((value) =>
    db
      .selectFrom("turns")
      .leftJoin("turn_steps", "turn_steps.turn", "turns.id")
      .select([
        sql`coalesce(sum(input_tokens), 0)`.as("input_tokens"),
        sql`coalesce(sum(output_tokens), 0)`.as("output_tokens"),
        sql`coalesce(sum(cost_usd), 0.0)`.as("cost_usd"),
      ])
      .where("build", "=", value("build"))
      .where("card", "=", value("card")),
  ),
  times: prepare<"build" | "card">((value) =>
    db
      .selectFrom("turns")
      .select(["id", "started_at", "ended_at"])
      .where("build", "=", value("build"))
      .where("card", "=", value("card")),
  ),
  waits: prepare<"build" | "card">((value) =>
    db
      .selectFrom("turns")
      .innerJoin("approvals", "approvals.turn", "turns.id")
      .select(["turns.id as id", "requested_at", "used_at"])
      .where("turns.build", "=", value("build"))
      .where("turns.card", "=", value("card"))
      .where("used_at", "is not", null),
  ),
});

const recordStatements = (db: Kysely<Schema>) => ({
  get: prepare<"id">((value) => turnQuery(db).where("id", "=", value("id"))),
  insert: prepare<(typeof NEW_COLUMNS)[number]>((value) => {
    const given = Object.fromEntries(NEW_COLUMNS.map((column) => [column, value(column)]));
    return db.insertInto("turns").values({
      ...(given as Record<(typeof NEW_COLUMNS)[number], never>),
      outcome: null,
      commit_id: null,
      ended_at: null,
    });
  }),
  finish: prepare<"id" | "status" | "outcome" | "commit" | "at">((value) =>
    db
      .updateTable("turns")
      .set({
        status: value("status"),
        outcome: value("outcome"),
        commit_id: value("commit"),
        ended_at: value("at"),
      })
      .where("id", "=", value("id"))
      .where("status", "=", "live"),
  ),
  history: prepare<"build" | "card" | "limit">((value) =>
    db
      .selectFrom("turns")
      .select(EARLIER_COLUMNS)
      .where("build", "=", value("build"))
      .where("card", "=", value("card"))
      .where("status", "in", ["committed", "failed", "violated"])
      .orderBy("number", "desc")
      .limit(value("limit")),
  ),
  counts: prepare<"run" | "build" | "card" | "seat">((value) =>
    db
      .selectFrom("turns")
      .select([
        sql`count(*)`.as("of_card"),
        sql`coalesce(sum(case when run = ${value("run")} then 1 else 0 end), 0)`.as(
          "of_card_in_run",
        ),
        sql`coalesce(sum(case when seat = ${value("seat")} then
          (select count(*) from turn_steps where turn = turns.id) else 0 end), 0)`.as(
          "seat_replies",
        ),
        sql`coalesce((select replies from runs where id = ${value("run")}), 0)`.as("run_replies"),
      ])
      .where("build", "=", value("build"))
      .where("card", "=", value("card")),
  ),
});

export type TurnDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: TurnStatements;
  readonly cards: Pick<CardStore, "write">;
};

export function openTurns({ db, session, statements, cards }: TurnDeps): TurnStore {
  const { savePrompt, ...journal } = openJournal(session, statements.journal);

  const get: TurnStore["get"] = async (id) => {
    const row = await session.row(statements.get, { id });
    return row === null ? null : readTurn(row);
  };

  return {
    ...journal,
    ...openTurnCopies(session, statements.copies),
    ...openCardFiles({ session, statements: statements.files, cards }),
    get,
    list: async (filter) => (await session.select(listQuery(db, filter))).map(readTurn).reverse(),
    history: async (build, card, limit) => {
      const rows = await session.rows(statements.history, { build, card, limit: rowLimit(limit) });
      const history: EarlierTurn[] = [];
      for (const row of rows.toReversed()) {
        const { id, ...turn } = readEarlierTurn(row);
        history.push({ turn, steps: await journal.steps(id) });
      }
      return history;
    },
    insert: async ({ startedAt, ...turn }, prompt) => {
      await session.change(statements.insert, { ...turn, started_at: startedAt });
      await savePrompt(turn.id, prompt);
    },
    finish: async (id, { status, outcome, commit, at }) => {
      if ((await session.change(statements.finish, { id, status, outcome, commit, at })) === 0) {
        refuseSecondFinish(id, status, await get(id));
        return;
      }
      // Without a commit there was nothing to commit: what the card wrote is as the last commit has it.
      if (status === "committed") await session.change(statements.files.committed, { turn: id });
    },
    spentOn: async (build, card) => {
      const spent = cellsOf(COUNTS, {
        ...(await session.row(statements.spentOn, { build, card })),
        card,
      });
      const times = (await session.rows(statements.times, { build, card })).map(readTimes);
      return {
        usage: usage(spent),
        turns: times.length,
        endedMs: total(times),
        waitedMs: total((await session.rows(statements.waits, { build, card })).map(readWait)),
      };
    },
    counts: async (key) => {
      const cells = cellsOf(COUNTS, {
        ...(await session.row(statements.counts, key)),
        card: key.card,
      });
      return {
        ofCard: integer(cells, "of_card"),
        ofCardInRun: integer(cells, "of_card_in_run"),
        seatReplies: integer(cells, "seat_replies"),
        runReplies: integer(cells, "run_replies"),
      };
    },
  };
}

const total = (times: readonly number[]): number => times.reduce((sum, ms) => sum + ms, 0);

const turnUnknown = (id: string): EngineError =>
  new EngineError("INTERNAL", `There is no turn ${id}.`, { details: { turn: id } });

/** A finished turn stays as it is; the same end reported once more changes nothing. */
function refuseSecondFinish(id: string, status: TurnStatus, turn: Turn | null): void {
  if (turn === null) throw turnUnknown(id);
  if (turn.status === status) return;
  throw new EngineError(
    "INTERNAL",
    `Turn ${id} is ${turn.status} already; it cannot become ${status}.`,
    { details: { turn: id } },
  );
}

function listQuery(db: Kysely<Schema>, { run, build, card, statuses, limit }: TurnFilter) {
  let query = turnQuery(db).limit(rowLimit(limit));
  if (build !== undefined) query = query.where("build", "=", build);
  if (card !== undefined) query = query.where("card", "=", card);
  if (run !== undefined) {
    query = query.where("run", "=", run);
    // Turns lie by build: this keeps the search to those of the run.
    if (build === undefined)
      query = query.where(
        "build",
        "in",
        db.selectFrom("run_builds").select("build").where("run", "=", run),
      );
  }
  if (statuses !== undefined) query = query.where("status", "in", statuses);
  return query.orderBy("started_at", "desc").orderBy("number", "desc").orderBy("id", "desc");
}
