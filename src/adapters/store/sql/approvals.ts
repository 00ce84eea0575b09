// Approvals: what a person is asked, and the answer, which is given once and taken once.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Approval } from "../../../domain/approval.ts";
import { APPROVAL_KINDS, APPROVAL_STATES } from "../../../domain/approval.ts";
import { RISK_CLASSES } from "../../../domain/governance.ts";
import type { JsonObject } from "../../../domain/json.ts";
import { canonicalJson } from "../../../domain/json.ts";
import type { Redactor } from "../../../domain/redact.ts";
import type { ApprovalFilter, ApprovalStore, NewApproval } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import {
  cellsOf,
  integer,
  jsonObject,
  moment,
  momentOrNull,
  oneOf,
  oneOfOrNull,
  table,
  text,
  textOrNull,
} from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const APPROVALS = table("approvals", "id");

const COLUMNS = [
  "id",
  "kind",
  "state",
  "run",
  "build",
  "card",
  "turn",
  "step",
  "call_id",
  "epoch",
  "tool",
  "risk",
  "arguments",
  "args_hash",
  "payload",
  "reason",
  "requested_at",
  "expires_at",
  "decided_at",
  "decided_by",
  "decision_reason",
  "used_at",
] as const;

export const approvalStatements = (db: Kysely<Schema>) => ({
  get: prepare<"id">((value) =>
    db.selectFrom("approvals").select(COLUMNS).where("id", "=", value("id")),
  ),
  decide: prepare<"id" | "state" | "by" | "reason" | "at">((value) =>
    db
      .updateTable("approvals")
      .set({
        state: value("state"),
        decided_by: value("by"),
        decision_reason: value("reason"),
        decided_at: value("at"),
      })
      .where("id", "=", value("id"))
      .where("state", "=", "pending"),
  ),
  use: prepare<"id" | "at">((value) =>
    db
      .updateTable("approvals")
      .set({ used_at: value("at") })
      .where("id", "=", value("id"))
      .where("state", "<>", "pending")
      .where("used_at", "is", null),
  ),
});

export type ApprovalDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: ReturnType<typeof approvalStatements>;
  readonly redact: Redactor;
};

export function openApprovals({ db, session, statements, redact }: ApprovalDeps): ApprovalStore {
  const scrub = (words: string | null): string | null =>
    words === null ? null : redact.text(words);
  return {
    get: async (id) => {
      const row = await session.row(statements.get, { id });
      return row === null ? null : readApproval(row);
    },
    list: async (filter) => (await session.select(listQuery(db, filter))).map(readApproval),
    request: async (approval) => {
      const query = insertQuery(db, approval, redact);
      await session.change(
        prepare(() => query),
        {},
      );
    },
    decide: async (id, { state, by, reason, at }) =>
      (await session.change(statements.decide, { id, state, by, reason: scrub(reason), at })) === 1,
    use: async (id, at) => (await session.change(statements.use, { id, at })) === 1,
  };
}

function insertQuery(db: Kysely<Schema>, approval: NewApproval, redact: Redactor) {
  const { call, riskClass, argsHash, requestedAt, expiresAt, ...same } = approval;
  const json = (value: JsonObject): string => canonicalJson(redact.data(value));
  return db.insertInto("approvals").values({
    ...same,
    state: "pending",
    call_id: call,
    risk: riskClass,
    arguments: json(approval.arguments),
    args_hash: argsHash,
    payload: json(approval.payload),
    reason: redact.text(approval.reason),
    requested_at: requestedAt,
    expires_at: expiresAt,
    decided_at: null,
    decided_by: null,
    decision_reason: null,
    used_at: null,
  });
}

function listQuery(db: Kysely<Schema>, { kind, states, run, turn, limit }: ApprovalFilter) {
  let query = db.selectFrom("approvals").select(COLUMNS).limit(rowLimit(limit));
  if (kind !== undefined) query = query.where("kind", "=", kind);
  // A literal, so that the database sees that its index of what is pending fits.
  if (states?.length === 1 && states[0] === "pending")
    query = query.where("state", "=", sql.lit("pending"));
  else if (states !== undefined) query = query.where("state", "in", states);
  if (run !== undefined) query = query.where("run", "=", run);
  if (turn !== undefined) query = query.where("turn", "=", turn);
  return query.orderBy("number");
}

function readApproval(row: Row): Approval {
  const cells = cellsOf(APPROVALS, row);
  const count = (column: string): number | null =>
    row[column] === null ? null : integer(cells, column);
  return {
    id: text(cells, "id"),
    kind: oneOf(cells, "kind", APPROVAL_KINDS),
    state: oneOf(cells, "state", APPROVAL_STATES),
    run: textOrNull(cells, "run"),
    build: textOrNull(cells, "build"),
    card: textOrNull(cells, "card"),
    turn: textOrNull(cells, "turn"),
    step: count("step"),
    call: textOrNull(cells, "call_id"),
    epoch: count("epoch"),
    tool: textOrNull(cells, "tool"),
    riskClass: oneOfOrNull(cells, "risk", RISK_CLASSES),
    arguments: jsonObject(cells, "arguments"),
    argsHash: text(cells, "args_hash"),
    payload: jsonObject(cells, "payload"),
    reason: text(cells, "reason"),
    requestedAt: moment(cells, "requested_at"),
    expiresAt: moment(cells, "expires_at"),
    decidedAt: momentOrNull(cells, "decided_at"),
    decidedBy: textOrNull(cells, "decided_by"),
    decisionReason: textOrNull(cells, "decision_reason"),
    usedAt: momentOrNull(cells, "used_at"),
  };
}
