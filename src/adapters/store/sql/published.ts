// The registry of what was published. A folder that was put away or deleted keeps its row, beside that of a later one of its name.
import type { Kysely } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import type { Published } from "../../../domain/product.ts";
import { PUBLISHED_STATES } from "../../../domain/product.ts";
import type { PublishedStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import {
  cellsOf,
  flag,
  integer,
  moment,
  momentOrNull,
  oneOf,
  table,
  text,
  textOrNull,
} from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const PUBLISHED = table("published", "number");
/** As in the index that lets only one of a folder be. */
const CURRENT = ["present", "archiving", "removing"] as const;

type Column =
  | "source"
  | "project"
  | "repository"
  | "branch"
  | "sha"
  | "tree"
  | "source_sha"
  | "parity";

export const publishedStatements = (db: Kysely<Schema>) => ({
  current: prepare<"source" | "project">((value) =>
    db
      .selectFrom("published")
      .selectAll()
      .where("source", "=", value("source"))
      .where("project", "=", value("project"))
      .where("state", "in", CURRENT),
  ),
  insert: prepare<Column | "now">((value) =>
    db.insertInto("published").values({
      source: value("source"),
      project: value("project"),
      repository: value("repository"),
      branch: value("branch"),
      sha: value("sha"),
      tree: value("tree"),
      source_sha: value("source_sha"),
      parity: value("parity"),
      published_at: value("now"),
      verified_at: value("now"),
      state: "present",
      place: null,
      archived_at: null,
      deleted_at: null,
    }),
  ),
  update: prepare<Exclude<Column, "source" | "project"> | "number" | "published_at" | "now">(
    (value) =>
      db
        .updateTable("published")
        .set({
          repository: value("repository"),
          branch: value("branch"),
          sha: value("sha"),
          tree: value("tree"),
          source_sha: value("source_sha"),
          parity: value("parity"),
          published_at: value("published_at"),
          verified_at: value("now"),
        })
        .where("number", "=", value("number")),
  ),
  move: prepare<"number" | "from" | "state" | "place" | "archived_at" | "deleted_at">((value) =>
    db
      .updateTable("published")
      .set((column) => ({
        state: value("state"),
        place: column.fn.coalesce(column.val<string | null>(value("place")), column.ref("place")),
        archived_at: column.fn.coalesce(
          column.val<string | null>(value("archived_at")),
          column.ref("archived_at"),
        ),
        deleted_at: column.fn.coalesce(
          column.val<string | null>(value("deleted_at")),
          column.ref("deleted_at"),
        ),
      }))
      .where("number", "=", value("number"))
      .where("state", "=", value("from")),
  ),
});

export type PublishedDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: ReturnType<typeof publishedStatements>;
};

export function openPublished({ db, session, statements }: PublishedDeps): PublishedStore {
  const current = async (source: string, project: string): Promise<Published | null> => {
    const row = await session.row(statements.current, { source, project });
    return row === null ? null : readPublished(row);
  };
  return {
    current,
    list: async ({ states, limit }) => {
      const query = db.selectFrom("published").selectAll().where("state", "in", states);
      const rows = await session.select(query.orderBy("number").limit(rowLimit(limit)));
      return rows.map(readPublished);
    },
    save: async (published) => {
      const { source, project, repository, branch, sha, tree, sourceSha, parity } = published;
      const known = await current(source, project);
      const now = session.now();
      const columns = { repository, branch, sha, tree, source_sha: sourceSha, now };
      const flags = { parity: parity ? 1 : 0 };
      if (known === null)
        await session.change(statements.insert, { source, project, ...columns, ...flags });
      else {
        const isSame = known.sha === sha && known.repository === repository;
        const published_at = isSame ? known.publishedAt : now;
        const { number } = known;
        await session.change(statements.update, { number, published_at, ...columns, ...flags });
      }
      return (await current(source, project)) ?? unsaved();
    },
    move: async ({ number, state: from }, { state, place = null }) => {
      const now = session.now();
      const archived_at = state === "archived" ? now : null;
      const deleted_at = state === "deleted" ? now : null;
      const values = { number, from, state, place, archived_at, deleted_at };
      return (await session.change(statements.move, values)) === 1;
    },
  };
}

function unsaved(): never {
  throw new EngineError("INTERNAL", "A row of the registry that was written is not there.");
}

function readPublished(row: Row): Published {
  const cells = cellsOf(PUBLISHED, row);
  return {
    number: integer(cells, "number"),
    source: text(cells, "source"),
    project: text(cells, "project"),
    repository: text(cells, "repository"),
    branch: text(cells, "branch"),
    sha: text(cells, "sha"),
    tree: text(cells, "tree"),
    sourceSha: text(cells, "source_sha"),
    parity: flag(cells, "parity"),
    publishedAt: moment(cells, "published_at"),
    verifiedAt: moment(cells, "verified_at"),
    state: oneOf(cells, "state", PUBLISHED_STATES),
    place: textOrNull(cells, "place"),
    archivedAt: momentOrNull(cells, "archived_at"),
    deletedAt: momentOrNull(cells, "deleted_at"),
  };
}
