// Comments on cards: what people, agents and the engine wrote there.
import type { Kysely } from "kysely";
import type { Comment, CommentStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, moment, table, text, textOrNull } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const COMMENTS = table("comments", "number");

export type CommentStatements = ReturnType<typeof commentStatements>;

export const commentStatements = (db: Kysely<Schema>) => ({
  add: prepare<"build" | "card" | "author" | "text" | "at" | "turn">((value) =>
    db.insertInto("comments").values({
      build: value("build"),
      card: value("card"),
      author: value("author"),
      text: value("text"),
      at: value("at"),
      turn: value("turn"),
    }),
  ),
  list: prepare<"build" | "card" | "limit">((value) =>
    db
      .selectFrom("comments")
      .selectAll()
      .where("build", "=", value("build"))
      .where("card", "=", value("card"))
      .orderBy("number", "desc")
      .limit(value("limit")),
  ),
});

/** Oldest first; the newest `limit` of them. */
export const openComments = (session: Session, statements: CommentStatements): CommentStore => ({
  add: async ({ build, card, author, text: words, turn }) => {
    await session.change(statements.add, {
      build,
      card,
      author,
      text: words,
      turn,
      at: session.now(),
    });
  },
  copy: async ({ card, author, text: words, at }, { build, turn }) => {
    await session.change(statements.add, { build, card, author, text: words, turn, at });
  },
  list: async (build, card, limit) => {
    const rows = await session.rows(statements.list, { build, card, limit: rowLimit(limit) });
    return rows.map(readComment).reverse();
  },
});

function readComment(row: Row): Comment {
  const cells = cellsOf(COMMENTS, row);
  return {
    id: integer(cells, "number"),
    build: text(cells, "build"),
    card: text(cells, "card"),
    author: text(cells, "author"),
    text: text(cells, "text"),
    at: moment(cells, "at"),
    turn: textOrNull(cells, "turn"),
  };
}
