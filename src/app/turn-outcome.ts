// A turn while it is live, and what it came to before anybody judged it.
import type { Approval } from "../domain/approval.ts";
import type { Card } from "../domain/card.ts";
import type { ChatMessage, Step, Turn } from "../domain/turn.ts";
import type { TurnEnd, Verdict } from "../domain/verdict.ts";
import type { ModelFacts, ModelFailure } from "../ports/model.ts";
import type { GateRule } from "./gate-tool-call.ts";
import type { Lane } from "./session.ts";
import type { StagedMove } from "./tools/tool.ts";

export type LiveTurn = {
  readonly turn: Turn;
  readonly card: Card;
  readonly lane: Lane;
  readonly model: ModelFacts;
  readonly prompt: readonly ChatMessage[];
  /** Steps that were stored before this process took the turn over. */
  readonly stored: readonly Step[];
  /** What people were asked about its calls before this process took it over. */
  readonly approvals: readonly Approval[];
  /** Of the card's verification in this cycle, as it was when the turn was taken in hand. */
  readonly verdict: Verdict | null;
  /** Replies this seat gave on this card before this turn. */
  readonly seatReplies: number;
};

export type TurnOutcome = {
  readonly end: TurnEnd;
  readonly detail: string;
  readonly staged: StagedMove | null;
  readonly successfulWrites: number;
  /** A call of the turn wrote to the store, such as a comment. */
  readonly recorded: boolean;
  readonly rule: GateRule | null;
  readonly attempted: { readonly tool: string; readonly args: unknown } | null;
  readonly failure: ModelFailure | null;
  /** The question the turn waits for; only with the end `approval`. */
  readonly waitsFor: string | null;
  /** The last text of the model: its summary of what it did. */
  readonly text: string;
};

/** An end as the loop of a turn states it; what it leaves out is filled in from the turn's progress. */
export type Ended = Partial<TurnOutcome> & { readonly end: TurnEnd };

export const outcomeOf = (ended: Ended): TurnOutcome => ({
  detail: "",
  staged: null,
  successfulWrites: 0,
  recorded: false,
  rule: null,
  attempted: null,
  failure: null,
  waitsFor: null,
  text: "",
  ...ended,
});
