// Project memory: decisions that turns left. The full-text index finds them by the words of the domain, which are written
// so that no tokenizer splits or folds them otherwise, and that nothing in them means anything to the query language.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Memory } from "../../../domain/memory.ts";
import { memoryText, wordsOf } from "../../../domain/memory.ts";
import type { Redactor } from "../../../domain/redact.ts";
import type { MemoryStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, moment, table, text } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const MEMORIES = table("memories", "number");

const COLUMNS = [
  "memories.number",
  "memories.project",
  "memories.build",
  "memories.card",
  "memories.run",
  "memories.turn",
  "memories.seat",
  "memories.at",
  "memories.text",
] as const;

const NEW_COLUMNS = [
  "project",
  "build",
  "card",
  "run",
  "turn",
  "seat",
  "at",
  "text",
  "words",
] as const;

export type MemoryStatements = ReturnType<typeof memoryStatements>;

export const memoryStatements = (db: Kysely<Schema>) => ({
  add: prepare<(typeof NEW_COLUMNS)[number]>((value) => {
    const given = Object.fromEntries(NEW_COLUMNS.map((column) => [column, value(column)]));
    return db
      .insertInto("memories")
      .values(given as Record<(typeof NEW_COLUMNS)[number], never>)
      .returning("number");
  }),
  last: prepare(() =>
    db.selectFrom("memories").select("number").orderBy("number", "desc").limit(1),
  ),
  // The index is asked for one word after another, and each memory is counted as often as it is named.
  find: prepare<"words" | "limit">((value) =>
    db
      .selectFrom((query) =>
        query
          .selectFrom(sql<{ value: string }>`json_each(${value("words")})`.as("word"))
          .crossJoin("memory_index")
          .select(["memory_index.rowid as number", sql<number>`count(*)`.as("score")])
          .where(sql<boolean>`memory_index match word.value`)
          .groupBy("memory_index.rowid")
          .orderBy("score", "desc")
          .orderBy("memory_index.rowid", "desc")
          .limit(value("limit"))
          .as("found"),
      )
      .innerJoin("memories", "memories.number", "found.number")
      .select(COLUMNS)
      .orderBy("found.score", "desc")
      .orderBy("found.number", "desc"),
  ),
  newest: prepare<"limit">((value) =>
    remembered(db).orderBy("memories.number", "desc").limit(value("limit")),
  ),
  get: prepare<"number">((value) => remembered(db).where("memories.number", "=", value("number"))),
  forget: prepare<"memory" | "at">((value) =>
    db.insertInto("forgotten_memories").values({ memory: value("memory"), at: value("at") }),
  ),
});

const remembered = (db: Kysely<Schema>) =>
  db
    .selectFrom("memories")
    .select(COLUMNS)
    .where((query) =>
      query.not(
        query.exists(
          query
            .selectFrom("forgotten_memories")
            .select("memory")
            .whereRef("memory", "=", "memories.number"),
        ),
      ),
    );

/** Memories are never removed: once one was seen, there is no need to look whether there are any. */
export type MemorySight = { any: boolean };

export type MemoryDeps = {
  readonly session: Session;
  readonly statements: MemoryStatements;
  readonly redact: Redactor;
  readonly sight: MemorySight;
};

export function openMemories({ session, statements, redact, sight }: MemoryDeps): MemoryStore {
  const get: MemoryStore["get"] = async (id) => {
    const row = await session.row(statements.get, { number: id });
    return row === null ? null : readMemory(row);
  };
  return {
    get,
    add: async ({ words, ...origin }) => {
      const kept = memoryText(origin, redact.text(words));
      const row = await session.row(statements.add, {
        ...origin,
        at: session.now(),
        text: kept,
        words: [...wordsOf(kept)].map(indexed).join(" "),
      });
      return integer(cellsOf(MEMORIES, row ?? {}), "number");
    },
    any: async () => {
      if (!sight.any) sight.any = (await session.row(statements.last, {})) !== null;
      return sight.any;
    },
    find: async (words, limit) => {
      const rows =
        words.size === 0
          ? await session.rows(statements.newest, { limit: rowLimit(limit) })
          : await session.rows(statements.find, {
              words: JSON.stringify([...words].map((word) => `"${indexed(word)}"`)),
              limit: rowLimit(limit),
            });
      return rows.map(readMemory);
    },
    forget: async (id) => {
      if ((await get(id)) === null) return false;
      await session.change(statements.forget, { memory: id, at: session.now() });
      return true;
    },
  };
}

/** A word of the domain as the index has it: letters, digits and `_` of ASCII. No two words become the same. */
const indexed = (word: string): string =>
  /^[a-z0-9]+$/.test(word) ? word : `_${Buffer.from(word, "utf8").toString("hex")}`;

function readMemory(row: Row): Memory {
  const cells = cellsOf(MEMORIES, row);
  return {
    id: integer(cells, "number"),
    project: text(cells, "project"),
    build: text(cells, "build"),
    card: text(cells, "card"),
    run: text(cells, "run"),
    turn: text(cells, "turn"),
    seat: text(cells, "seat"),
    at: moment(cells, "at"),
    text: text(cells, "text"),
  };
}
