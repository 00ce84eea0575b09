// What verifications found: read here; they are written by the part of the engine that executes them.
import type { Kysely } from "kysely";
import type { VerificationRun } from "../../../domain/verdict.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, jsonTexts, moment, oneOfOrNull, table, text } from "./rows.ts";
import type { Schema } from "./schema.ts";
import { prepare } from "./statement.ts";

const VERIFICATIONS = table("verifications", "build", "card_key", "number");

export const lastVerificationStatement = (db: Kysely<Schema>) =>
  prepare<"build" | "key">((value) =>
    db
      .selectFrom("verifications")
      .selectAll()
      .where("build", "=", value("build"))
      .where("card_key", "=", value("key"))
      .orderBy("number", "desc")
      .limit(1),
  );

export function readVerification(row: Row): VerificationRun {
  const cells = cellsOf(VERIFICATIONS, row);
  return {
    at: moment(cells, "at"),
    cycle: integer(cells, "cycle"),
    workspaceDigest: text(cells, "workspace_digest"),
    total: integer(cells, "total"),
    passed: integer(cells, "passed"),
    failed: integer(cells, "failed"),
    notExecuted: integer(cells, "not_executed"),
    verdict: oneOfOrNull(cells, "verdict", ["pass", "fail"]),
    logs: jsonTexts(cells, "logs"),
  };
}
