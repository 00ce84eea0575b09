// The files a card's turns wrote: which of them no commit holds yet, and whose seat is thereby an author of the card.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import type { CardStore, TurnStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, jsonTexts, table, text } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const TURNS = table("turns", "id");
const CARDS = table("cards", "build", "card");
const FILES = table("card_files", "build", "card", "path");

type CardFileStatements = ReturnType<typeof cardFileStatements>;

export const cardFileStatements = (db: Kysely<Schema>) => ({
  author: prepare<"turn">((value) =>
    db
      .selectFrom("turns")
      .leftJoin("cards", (join) =>
        join
          .onRef("cards.build", "=", "turns.build")
          .on("cards.id_key", "=", sql<string>`lower(turns.card)`),
      )
      .select(["turns.build", "turns.card", "turns.seat", "cards.author_seats"])
      .where("turns.id", "=", value("turn")),
  ),
  addWrite: prepare<"build" | "card" | "path">((value) =>
    db
      .insertInto("card_files")
      .values({ build: value("build"), card: value("card"), path: value("path"), committed: 0 })
      .onConflict((conflict) =>
        conflict.columns(["build", "card", "path"]).doUpdateSet({ committed: 0 }),
      ),
  ),
  uncommitted: prepare<"build" | "card">((value) =>
    cardFiles(db, value).where("committed", "=", 0),
  ),
  files: prepare<"build" | "card" | "limit">((value) => cardFiles(db, value).limit(value("limit"))),
  committed: prepare<"turn">((value) =>
    db
      .updateTable("card_files")
      .set({ committed: 1 })
      .where("build", "=", (query) =>
        query.selectFrom("turns").select("build").where("id", "=", value("turn")),
      )
      .where("card", "=", (query) =>
        query.selectFrom("turns").select("card").where("id", "=", value("turn")),
      )
      .where("committed", "=", 0),
  ),
});

const cardFiles = (db: Kysely<Schema>, value: (name: "build" | "card") => never) =>
  db
    .selectFrom("card_files")
    .select(["build", "card", "path"])
    .where("build", "=", value("build"))
    .where("card", "=", value("card"))
    .orderBy("path");

type CardFileDeps = {
  readonly session: Session;
  readonly statements: CardFileStatements;
  readonly cards: Pick<CardStore, "write">;
};

type CardFiles = Pick<TurnStore, "addWrite" | "uncommittedWrites" | "filesOf">;

export const openCardFiles = ({ session, statements, cards }: CardFileDeps): CardFiles => ({
  addWrite: async (id, path) => {
    const row = await session.row(statements.author, { turn: id });
    if (row === null)
      throw new EngineError("INTERNAL", `There is no turn ${id}.`, { details: { turn: id } });
    const turn = cellsOf(TURNS, { ...row, id });
    const [build, card, seat] = [text(turn, "build"), text(turn, "card"), text(turn, "seat")];
    await session.change(statements.addWrite, { build, card, path });
    const seats =
      row["author_seats"] === null ? null : jsonTexts(cellsOf(CARDS, row), "author_seats");
    if (seats === null || seats.includes(seat)) return;
    await cards.write(build, card, { authorSeats: [...seats, seat] });
  },
  uncommittedWrites: async (build, card) =>
    (await session.rows(statements.uncommitted, { build, card })).map(readPath),
  filesOf: async (build, card, limit) =>
    (await session.rows(statements.files, { build, card, limit: rowLimit(limit) })).map(readPath),
});

const readPath = (row: Row): string => text(cellsOf(FILES, row), "path");
