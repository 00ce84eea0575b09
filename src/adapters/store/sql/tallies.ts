// How much there is of everything, counted by the database itself: five statements, whatever the size of the backlog.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import { APPROVAL_STATES } from "../../../domain/approval.ts";
import { CARD_STATUSES } from "../../../domain/card.ts";
import { DELIVERY_STATES } from "../../../domain/delivery.ts";
import { RUN_STATUSES } from "../../../domain/run.ts";
import { SANDBOX_STATES } from "../../../domain/sandbox.ts";
import type { Counts, TallyStore } from "../../../ports/store.ts";
import { cellsOf, integer, numeric, oneOf, table } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";
import { prepare } from "./statement.ts";

export const tallyStatements = (db: Kysely<Schema>) => ({
  cards: prepare(() =>
    db
      .selectFrom("cards")
      .select(({ fn }) => ["status as word", fn.countAll<number>().as("count")])
      .groupBy("status"),
  ),
  runs: prepare(() =>
    db
      .selectFrom("runs")
      .select(({ fn }) => ["status as word", fn.countAll<number>().as("count")])
      .groupBy("status"),
  ),
  approvals: prepare(() =>
    db
      .selectFrom("approvals")
      .select(({ fn }) => ["state as word", fn.countAll<number>().as("count")])
      .groupBy("state"),
  ),
  sandboxes: prepare(() =>
    db
      .selectFrom("sandboxes")
      .select(({ fn }) => ["state as word", fn.countAll<number>().as("count")])
      .groupBy("state"),
  ),
  deliveries: prepare(() =>
    db
      .selectFrom("deliveries")
      .select(({ fn }) => ["state as word", fn.countAll<number>().as("count")])
      .groupBy("state"),
  ),
  usage: prepare(() =>
    db
      .selectFrom("runs")
      .select([
        sql<number>`coalesce(sum(turns), 0)`.as("turns"),
        sql<number>`coalesce(sum(input_tokens), 0)`.as("input_tokens"),
        sql<number>`coalesce(sum(output_tokens), 0)`.as("output_tokens"),
        sql<number>`coalesce(sum(cost_usd), 0.0)`.as("cost_usd"),
      ]),
  ),
});

export function openTallies(
  session: Session,
  statements: ReturnType<typeof tallyStatements>,
): TallyStore {
  async function count<Word extends string>(
    name: string,
    statement: Statement<string>,
    words: readonly Word[],
  ): Promise<Counts<Word>> {
    const rows = await session.rows(statement, {});
    const found = rows.map((row) => cellsOf(table(name, "word"), row));
    const counts = new Map(
      found.map((cells) => [oneOf(cells, "word", words), integer(cells, "count")]),
    );
    return Object.fromEntries(words.map((word) => [word, counts.get(word) ?? 0])) as Counts<Word>;
  }
  return {
    count: async () => {
      const row = await session.row(statements.usage, {});
      const cells = cellsOf(table("runs"), row ?? {});
      return {
        cards: await count("cards", statements.cards, CARD_STATUSES),
        runs: await count("runs", statements.runs, RUN_STATUSES),
        approvals: await count("approvals", statements.approvals, APPROVAL_STATES),
        sandboxes: await count("sandboxes", statements.sandboxes, SANDBOX_STATES),
        deliveries: await count("deliveries", statements.deliveries, DELIVERY_STATES),
        turns: integer(cells, "turns"),
        inputTokens: integer(cells, "input_tokens"),
        outputTokens: integer(cells, "output_tokens"),
        costUsd: numeric(cells, "cost_usd"),
      };
    },
  };
}
