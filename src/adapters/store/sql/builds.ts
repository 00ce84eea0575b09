// Builds: bodies of work on one epic, which survive many runs.
import type { Kysely } from "kysely";
import type { Build, RunStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, table, text, textOrNull } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { prepare } from "./statement.ts";

const BUILDS = table("builds", "id");

export type BuildStatements = ReturnType<typeof buildStatements>;

export const buildStatements = (db: Kysely<Schema>) => ({
  build: prepare<"id">((value) =>
    db.selectFrom("builds").selectAll().where("id", "=", value("id")),
  ),
  saveBuild: prepare<"id" | "epic" | "department" | "rock" | "workspace_digest">((value) =>
    db
      .insertInto("builds")
      .values({
        id: value("id"),
        epic: value("epic"),
        department: value("department"),
        rock: value("rock"),
        workspace_digest: value("workspace_digest"),
      })
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((set) => ({
          epic: set.ref("excluded.epic"),
          department: set.ref("excluded.department"),
          rock: set.ref("excluded.rock"),
          workspace_digest: set.ref("excluded.workspace_digest"),
        })),
      ),
  ),
});

export const openBuilds = (
  session: Session,
  statements: BuildStatements,
): Pick<RunStore, "build" | "saveBuild"> => ({
  build: async (id) => {
    const row = await session.row(statements.build, { id });
    return row === null ? null : readBuild(row);
  },
  saveBuild: async ({ id, epic, department, rock, workspaceDigest }) => {
    await session.change(statements.saveBuild, {
      id,
      epic,
      department,
      rock,
      workspace_digest: workspaceDigest,
    });
  },
});

function readBuild(row: Row): Build {
  const cells = cellsOf(BUILDS, row);
  return {
    id: text(cells, "id"),
    epic: text(cells, "epic"),
    department: text(cells, "department"),
    rock: textOrNull(cells, "rock"),
    workspaceDigest: textOrNull(cells, "workspace_digest"),
  };
}
