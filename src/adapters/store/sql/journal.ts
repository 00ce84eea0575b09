// The journal of a turn: its prompt, each reply, each call and its result, as they happen; from it a turn is taken up
// again after a crash.
import type { Kysely } from "kysely";
import type { ChatMessage, StoredResult } from "../../../domain/turn.ts";
import type { TurnStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { prepare } from "./statement.ts";
import { readCall, readPrompt, readStep } from "./turn-rows.ts";

export type JournalStatements = ReturnType<typeof journalStatements>;

export const journalStatements = (db: Kysely<Schema>) => ({
  savePrompt: prepare<"turn" | "prompt">((value) =>
    db.insertInto("turn_prompts").values({ turn: value("turn"), prompt: value("prompt") }),
  ),
  prompt: prepare<"turn">((value) =>
    db.selectFrom("turn_prompts").selectAll().where("turn", "=", value("turn")),
  ),

  addStep: prepare<"turn" | "number" | "text" | "calls" | "input" | "output" | "cost">((value) =>
    db.insertInto("turn_steps").values({
      turn: value("turn"),
      number: value("number"),
      text: value("text"),
      calls: value("calls"),
      input_tokens: value("input"),
      output_tokens: value("output"),
      cost_usd: value("cost"),
    }),
  ),
  countReply: prepare<"turn">((value) =>
    db
      .updateTable("runs")
      .set((set) => ({ replies: set("replies", "+", 1) }))
      .where("id", "=", (query) =>
        query.selectFrom("turns").select("run").where("turns.id", "=", value("turn")),
      ),
  ),
  steps: prepare<"turn">((value) =>
    db.selectFrom("turn_steps").selectAll().where("turn", "=", value("turn")).orderBy("number"),
  ),
  calls: prepare<"turn">((value) =>
    db.selectFrom("turn_calls").selectAll().where("turn", "=", value("turn")),
  ),
  beginCall: prepare<"turn" | "step" | "call" | "effect">((value) =>
    db
      .insertInto("turn_calls")
      .values({
        turn: value("turn"),
        step: value("step"),
        call_id: value("call"),
        begun: 1,
        effect: value("effect"),
        result: null,
      })
      .onConflict((conflict) => conflict.columns(["turn", "step", "call_id"]).doNothing()),
  ),
  // The first result stands: what was given to the model is not replaced afterwards.
  finishCall: prepare<"turn" | "step" | "call" | "result">((value) =>
    db
      .insertInto("turn_calls")
      .values({
        turn: value("turn"),
        step: value("step"),
        call_id: value("call"),
        begun: 0,
        effect: null,
        result: value("result"),
      })
      .onConflict((conflict) =>
        conflict
          .columns(["turn", "step", "call_id"])
          .doUpdateSet((set) => ({ result: set.ref("excluded.result") }))
          .where("turn_calls.result", "is", null),
      ),
  ),
});

type Journal = Pick<TurnStore, "prompt" | "steps" | "addStep" | "beginCall" | "finishCall"> & {
  readonly savePrompt: (turn: string, prompt: readonly ChatMessage[]) => Promise<void>;
};

export const openJournal = (session: Session, statements: JournalStatements): Journal => ({
  savePrompt: async (turn, prompt) => {
    await session.change(statements.savePrompt, { turn, prompt: JSON.stringify(prompt) });
  },
  prompt: async (turn) => {
    const row = await session.row(statements.prompt, { turn });
    return row === null ? [] : readPrompt(row);
  },
  steps: async (turn) => {
    const results = resultsByStep(await session.rows(statements.calls, { turn }));
    return (await session.rows(statements.steps, { turn })).map((row) => readStep(row, results));
  },
  addStep: async (turn, { number, text: words, calls, usage }) => {
    const cost = { input: usage.inputTokens, output: usage.outputTokens, cost: usage.costUsd };
    await session.change(statements.addStep, {
      turn,
      number,
      text: words,
      calls: JSON.stringify(calls),
      ...cost,
    });
    await session.change(statements.countReply, { turn });
  },
  beginCall: async (turn, step, ...[call, planned]) => {
    const effect = planned === null ? null : JSON.stringify(planned);
    await session.change(statements.beginCall, { turn, step, call, effect });
  },
  finishCall: async (turn, step, ...[call, result]) => {
    await session.change(statements.finishCall, {
      turn,
      step,
      call,
      result: JSON.stringify(result),
    });
  },
});

function resultsByStep(rows: readonly Row[]): ReadonlyMap<number, readonly StoredResult[]> {
  const results = new Map<number, StoredResult[]>();
  for (const row of rows) {
    const { step, result } = readCall(row);
    const known = results.get(step);
    if (known === undefined) results.set(step, [result]);
    else known.push(result);
  }
  return results;
}
