// What a transaction is given to keep, without secrets: each text that a person, a model or a tool wrote. Ids, statuses and
// paths stay as they are; a path that holds a secret does not pass the gate. Events see to themselves, before their hash.
import type { Redactor } from "../../domain/redact.ts";
import type { Step, ToolCall } from "../../domain/turn.ts";
import type { NewCard, StoreTransaction } from "../../ports/store.ts";

export function keepNoSecrets(to: StoreTransaction, redact: Redactor): StoreTransaction {
  const { text, json } = redact;
  const orNull = (words: string | null): string | null => (words === null ? null : text(words));
  const wordsOf = (card: Pick<NewCard, "summary" | "waitDetail" | "brief">) => ({
    summary: text(card.summary),
    waitDetail: orNull(card.waitDetail),
    brief: json(card.brief),
  });
  return {
    ...to,
    cards: {
      ...to.cards,
      insert: async (card) => to.cards.insert({ ...card, ...wordsOf(card) }),
      insertPast: async (card) =>
        to.cards.insertPast({
          ...card,
          ...wordsOf(card),
          resolution: orNull(card.resolution),
          lastError: orNull(card.lastError),
        }),
      define: async (build, id, definition) =>
        to.cards.define(build, id, {
          ...definition,
          summary: text(definition.summary),
          brief: json(definition.brief),
        }),
      addVerification: async (build, id, run) =>
        to.cards.addVerification(build, id, { ...run, logs: run.logs.map(text) }),
      move: async (card, move) =>
        to.cards.move(card, { ...move, waitDetail: orNull(move.waitDetail) }),
      write: async (build, id, columns) => {
        const { waitDetail, lastError, resolution } = columns;
        const texts = Object.entries({ waitDetail, lastError, resolution })
          .filter((entry): entry is [string, string] => typeof entry[1] === "string")
          .map(([name, words]) => [name, text(words)]);
        return to.cards.write(build, id, { ...columns, ...Object.fromEntries(texts) });
      },
    },
    comments: {
      ...to.comments,
      add: async (comment) => to.comments.add({ ...comment, text: text(comment.text) }),
    },
    runs: {
      ...to.runs,
      insert: async (run, snapshot) =>
        to.runs.insert({ ...run, model: orNull(run.model) }, json(snapshot)),
      move: async (...[id, from, wanted, change]) =>
        to.runs.move(id, from, wanted, { ...change, detail: orNull(change.detail) }),
    },
    turns: {
      ...to.turns,
      insert: async (turn, prompt) =>
        to.turns.insert({ ...turn, model: text(turn.model) }, json(prompt)),
      addStep: async (id, step) => to.turns.addStep(id, withoutSecrets(step, redact)),
      finishCall: async (...[id, step, call, result]) =>
        to.turns.finishCall(id, step, call, json(result)),
      finish: async (id, finish) =>
        to.turns.finish(id, { ...finish, outcome: text(finish.outcome) }),
    },
  };
}

type NewStep = Omit<Step, "results">;

const withoutSecrets = (step: NewStep, { text, json }: Redactor): NewStep => ({
  ...step,
  text: text(step.text),
  calls: step.calls.map((call): ToolCall => {
    const tool = text(call.tool);
    const args = json(call.args);
    // What is kept is not what was asked for any more: it must not be done from here.
    return tool === call.tool && args === call.args
      ? call
      : { ...call, tool, args, redacted: true };
  }),
});
