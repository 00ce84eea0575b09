// What verifications found, one row each; none is ever changed.
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

export const addVerificationStatement = (db: Kysely<Schema>) =>
  prepare<keyof ReturnType<typeof verificationValues>>((value) =>
    db.insertInto("verifications").values({
      build: value("build"),
      card_key: value("card_key"),
      at: value("at"),
      cycle: value("cycle"),
      workspace_digest: value("workspace_digest"),
      total: value("total"),
      passed: value("passed"),
      failed: value("failed"),
      not_executed: value("not_executed"),
      verdict: value("verdict"),
      logs: value("logs"),
    }),
  );

export const verificationValues = (build: string, key: string, run: VerificationRun) => ({
  build,
  card_key: key,
  at: run.at,
  cycle: run.cycle,
  workspace_digest: run.workspaceDigest,
  total: run.total,
  passed: run.passed,
  failed: run.failed,
  not_executed: run.notExecuted,
  verdict: run.verdict,
  logs: JSON.stringify(run.logs),
});

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
