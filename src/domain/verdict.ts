// What a verification found, and what the end of a turn means for its card.
import type { WaitReason } from "./card.ts";

export type Verdict = "pass" | "fail";

export type VerificationRun = {
  readonly at: string;
  readonly cycle: number;
  readonly workspaceDigest: string;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly notExecuted: number;
  /** null when containment or the sandbox was not there: no verdict is not a pass. */
  readonly verdict: Verdict | null;
  readonly logs: readonly string[];
};

/** How the loop of a turn ended, as facts; the evaluate node says what follows. */
export type TurnEnd =
  | "answered" // the model answered without a call
  | "move-staged"
  | "step-limit"
  | "no-usable-reply"
  | "no-decision" // a reviewer that answered without deciding, twice
  | "loop-detected"
  | "denied-too-often"
  | "violation"
  | "provider-failed"
  | "failed"
  | "budget" // the run may not spend more; the turn is kept for a resume
  | "effect-unverified" // a call was cut off, and nothing tells whether it happened
  | "approval" // a call needs a person; the turn is kept until somebody decided
  | "card-budget" // the card may not spend more
  | "aborted";

/** The answer of the evaluate seam. */
export type Evaluation =
  | { readonly kind: "commit" } // keep the work, apply the staged move if there is one
  | { readonly kind: "promote" } // finished work without a move: on to review
  | { readonly kind: "retry"; readonly reason: string }
  | { readonly kind: "block"; readonly reason: WaitReason; readonly detail: string }
  | { readonly kind: "violation"; readonly detail: string };
