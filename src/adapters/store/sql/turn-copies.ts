// A finished turn once more in another build: its row, its prompt, its steps and their results, as they are.
import type { Kysely } from "kysely";
import { sql } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import type { TurnStore } from "../../../ports/store.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { prepare } from "./statement.ts";

type TurnCopyStatements = ReturnType<typeof turnCopyStatements>;

const TURN = [
  "card",
  "number",
  "run",
  "seat",
  "kind",
  "cycle",
  "model",
  "status",
  "outcome",
  "commit_id",
  "started_at",
  "ended_at",
] as const;
const STEP = ["number", "input_tokens", "output_tokens", "cost_usd", "text", "calls"] as const;
const CALL = ["step", "call_id", "begun", "effect", "result"] as const;

export const turnCopyStatements = (db: Kysely<Schema>) => ({
  turn: prepare<"from" | "id" | "build">((value) =>
    db
      .insertInto("turns")
      .columns(["id", "build", ...TURN])
      .expression(
        db
          .selectFrom("turns")
          .select([
            sql<string>`${value("id")}`.as("id"),
            sql<string>`${value("build")}`.as("build"),
            ...TURN,
          ])
          .where("turns.id", "=", value("from"))
          .where("turns.status", "!=", "live"),
      ),
  ),
  prompt: prepare<"from" | "id">((value) =>
    db
      .insertInto("turn_prompts")
      .columns(["turn", "prompt"])
      .expression(
        db
          .selectFrom("turn_prompts")
          .select([sql<string>`${value("id")}`.as("turn"), "prompt"])
          .where("turn_prompts.turn", "=", value("from")),
      ),
  ),
  steps: prepare<"from" | "id">((value) =>
    db
      .insertInto("turn_steps")
      .columns(["turn", ...STEP])
      .expression(
        db
          .selectFrom("turn_steps")
          .select([sql<string>`${value("id")}`.as("turn"), ...STEP])
          .where("turn_steps.turn", "=", value("from")),
      ),
  ),
  calls: prepare<"from" | "id">((value) =>
    db
      .insertInto("turn_calls")
      .columns(["turn", ...CALL])
      .expression(
        db
          .selectFrom("turn_calls")
          .select([sql<string>`${value("id")}`.as("turn"), ...CALL])
          .where("turn_calls.turn", "=", value("from")),
      ),
  ),
  path: prepare<"turn" | "path">((value) =>
    db
      .insertInto("card_files")
      .columns(["build", "card", "path", "committed"])
      .expression(
        db
          .selectFrom("turns")
          .select([
            "build",
            "card",
            sql<string>`${value("path")}`.as("path"),
            sql<number>`1`.as("committed"),
          ])
          .where("id", "=", value("turn")),
      )
      .onConflict((conflict) => conflict.columns(["build", "card", "path"]).doNothing()),
  ),
});

export const openTurnCopies = (
  session: Session,
  statements: TurnCopyStatements,
): Pick<TurnStore, "copy"> => ({
  copy: async (from, { id, build, paths }) => {
    if ((await session.change(statements.turn, { from, id, build })) === 0)
      throw new EngineError("INTERNAL", `There is no finished turn ${from}.`, {
        details: { turn: from },
      });
    await session.change(statements.prompt, { from, id });
    await session.change(statements.steps, { from, id });
    await session.change(statements.calls, { from, id });
    for (const path of paths) await session.change(statements.path, { turn: id, path });
  },
});
