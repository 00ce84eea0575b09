// A model that answers as models did in a run that was recorded: each seat's answers on a card, in their order. It remembers
// where it is, so it serves one replay from its beginning to its end.
import type { ErrorCode } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Names, RecordedReply, Recording } from "../../domain/recording.ts";
import { ok } from "../../domain/result.ts";
import type { Model, ModelReply, ModelRequest } from "../../ports/model.ts";
import { ABORTED } from "./attempt.ts";
import { failureOf } from "./failures.ts";

export type RecordedDeps = {
  readonly recording: Pick<Recording, "models" | "replies">;
  /** What this replay calls the cards that were created in it. */
  readonly names: Pick<Names, "toIds" | "toNames">;
};

/** A model that the recorded run did not have: the difference is seen where it was chosen. */
const UNKNOWN = { nativeTools: true, contextWindow: null, price: null } as const;

export function createRecordedModel({ recording, names }: RecordedDeps): Model {
  const { models, replies } = recording;
  const given = new Map<string, number>();
  return {
    describe: async (model) => {
      const [provider = "", name = ""] = split(model);
      const facts = Object.hasOwn(models, model) ? models[model] : undefined;
      return ok({ provider, name, ...(facts ?? UNKNOWN) });
    },
    reply: async ({ origin }, signal, onText) => {
      if (signal.aborted) return { kind: "failed", failure: ABORTED };
      const card = names.toNames(origin.card);
      const key = `${card}/${origin.seat}`;
      const place = given.get(key) ?? 0;
      given.set(key, place + 1);
      const reply = replies[card]?.[origin.seat]?.[place];
      const answer = reply === undefined ? none(origin, place) : play(reply, names);
      if (answer.kind === "reply" && answer.text !== "") onText?.(answer.text);
      return answer;
    },
  };
}

function split(model: string): readonly string[] {
  const place = model.indexOf(":");
  return [model.slice(0, Math.max(place, 0)), model.slice(place + 1)];
}

const none = ({ card, seat }: ModelRequest["origin"], place: number): ModelReply => {
  const message = `The recording has no answer number ${place + 1} for the seat ${seat} on the card ${card}.`;
  return { kind: "failed", failure: failureOf("MODEL_SCRIPT_EXHAUSTED", message) };
};

function play(reply: RecordedReply, { toIds }: Pick<Names, "toIds">): ModelReply {
  if ("failure" in reply) {
    const { code, message, status } = reply.failure;
    return { kind: "failed", failure: failureOf(code as ErrorCode, message, { status }) };
  }
  const { inputTokens, outputTokens } = reply.usage;
  return {
    kind: "reply",
    text: toIds(reply.text),
    calls: reply.calls.map(({ tool, args }, place) => ({
      id: `recorded-${place + 1}`,
      tool,
      args: JSON.parse(toIds(JSON.stringify(args))) as JsonObject,
    })),
    inputTokens,
    outputTokens,
    truncated: false,
  };
}
