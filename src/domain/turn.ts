// A turn: one seat on one card, from prompt to commit. A step is one model reply with the calls it asked for.
import type { JsonObject } from "./json.ts";
import type { Usage } from "./run.ts";

/** A call as the model made it. `id` is unique in its reply and pairs the call with its result. */
export type ToolCall = {
  readonly id: string;
  readonly tool: string;
  /** The parsed arguments, or why they are not a JSON object; such a call fails alone. */
  readonly args: JsonObject | { readonly $malformed: string };
  /** It held a secret and was kept without it: what is read here is not what the model asked for. */
  readonly redacted?: true;
};

/** What the model gets back. Text over 64 KiB is cut with a marker before it gets here. */
export type ToolResult =
  | ({ readonly ok: true } & JsonObject)
  | { readonly ok: false; readonly error: string; readonly code: string };

/** A message of the conversation, independent of any provider. */
export type ChatMessage =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string; readonly calls: readonly ToolCall[] }
  | {
      readonly role: "tool";
      readonly callId: string;
      readonly tool: string;
      readonly content: string;
    };

export type TurnKind = "work" | "review";
export type TurnStatus = "live" | "committed" | "failed" | "violated" | "dropped";

export type Turn = {
  readonly id: string;
  readonly run: string;
  readonly build: string;
  readonly card: string;
  /** Counted per card and build, from 1. */
  readonly number: number;
  readonly seat: string;
  readonly kind: TurnKind;
  readonly cycle: number;
  readonly model: string;
  readonly status: TurnStatus;
  readonly outcome: string | null;
  /** Git commit of the workspace; null when the turn changed no file. */
  readonly commit: string | null;
  readonly usage: Usage;
  readonly startedAt: string;
  readonly endedAt: string | null;
};

/** One stored step: the reply, and the results that are there so far, in the order of the calls. */
export type Step = {
  readonly number: number;
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly results: readonly StoredResult[];
  readonly usage: Usage;
};

/**
 * What a call was about to change outside the store, noted before it began: after a crash the digest that is there now
 * says whether it happened. Null = no file.
 */
export type PlannedEffect = {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
};

/** `begun` without a result: the process died in between. */
export type StoredResult = {
  readonly callId: string;
  readonly begun: boolean;
  readonly effect: PlannedEffect | null;
  readonly result: ToolResult | null;
};

/** An ended turn of a card as its later turns are told of it. */
export type EarlierTurn = {
  readonly turn: Pick<Turn, "number" | "seat" | "kind" | "status" | "outcome">;
  readonly steps: readonly Step[];
};

export const TURN_LIMITS = {
  stepsMax: 16,
  correctionsMax: 2,
  denialsMax: 3,
  repeatsMax: 3,
  issuesCreatedMax: 10,
} as const;
