// What the model is told of a call that is not made, or of which nobody knows whether it was.
import type { ToolResult } from "../domain/turn.ts";

type Refused = Extract<ToolResult, { ok: false }>;

export const UNKNOWN_OUTCOME: Refused = {
  ok: false,
  code: "outcome_unknown",
  error:
    "outcome unknown: the process ended while this call was running. Look at what is there before you go on.",
};

export const NOT_KEPT: Refused = {
  ok: false,
  code: "arguments_not_kept",
  error:
    "not executed: the turn was taken up again from what was kept of it, and the arguments of this call held a secret, so they were not kept. Make the call again if it is still needed.",
};

/** Of a call that would need a person. */
export const secretInArguments = (tool: string): Refused => ({
  ok: false,
  code: "secret_in_arguments",
  error: `${tool} needs a person's approval, and its arguments hold something that looks like a secret, which is neither kept nor shown. Make the call without it, or ask_human.`,
});
