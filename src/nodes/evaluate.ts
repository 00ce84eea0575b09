// The built-in evaluate node: what the end of a turn means for its card. The moves themselves are the engine's.
import type { EvaluateInput, EvaluateNode } from "../domain/decision.ts";
import type { Evaluation } from "../domain/verdict.ts";

export const evaluate: EvaluateNode = (input) => {
  switch (input.end) {
    case "move-staged":
      return { kind: "commit" };
    case "violation":
    case "denied-too-often":
      return { kind: "violation", detail: words(input) };
    case "answered":
    case "step-limit":
      if (input.staged !== null) return { kind: "commit" };
      return input.kind === "review" ? undecided(input) : afterWork(input);
    case "card-budget":
      return { kind: "block", reason: "resource", detail: words(input) };
    case "effect-unverified":
      return { kind: "block", reason: "input", detail: words(input) };
    case "no-decision":
      return undecided(input);
    case "no-usable-reply":
    case "loop-detected":
    case "provider-failed":
    case "failed":
    case "budget":
    case "approval":
    case "aborted":
      return { kind: "retry", reason: words(input) };
  }
};

/** Finished work goes on to review; work that ran out of steps is kept for the next turn; nothing done is a failure. */
function afterWork(input: EvaluateInput): Evaluation {
  if (input.successfulWrites === 0)
    return { kind: "retry", reason: `The turn wrote nothing and moved nothing. ${words(input)}` };
  return { kind: input.end === "answered" ? "promote" : "commit" };
}

const undecided = (input: EvaluateInput): Evaluation => ({
  kind: "block",
  reason: "review",
  detail: `The reviewer ended without a decision. ${words(input)}`,
});

/** A provider's message can be long, and an answer may not. */
const DETAIL_MAX = 2000;

const words = ({ end, detail }: EvaluateInput): string =>
  detail.trim() === "" ? `The turn ended: ${end}.` : detail.slice(0, DETAIL_MAX);
