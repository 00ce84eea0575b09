// A model provider, whatever its protocol.
import type { ErrorCode } from "../domain/errors.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";
import type { ChatMessage, ToolCall } from "../domain/turn.ts";

export type ToolDefinition = {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: JsonObject;
};

export type ModelRequest = {
  /** `<provider>:<model>` */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Empty when the tools are described in the text (dialects). */
  readonly tools: readonly ToolDefinition[];
  readonly temperature: number;
  readonly seed: number | null;
  readonly timeoutMs: number;
  /** Where in the run the request stands; the scripted provider answers by it, the others ignore it. */
  readonly origin: ModelOrigin;
};

export type ModelOrigin = {
  readonly run: string;
  readonly card: string;
  readonly seat: string;
  /** How many replies this seat has given on this card in this build before this one. */
  readonly seatReplies: number;
  /** How many replies the run has had before this one. */
  readonly runReplies: number;
};

export type ModelFailure = {
  /** One of the MODEL_* codes. */
  readonly code: ErrorCode;
  /** What the provider said, cut to 500 characters, without credentials. */
  readonly message: string;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  /** Parsed `Retry-After`, from seconds or a date; null when there was none. */
  readonly retryAfterMs: number | null;
};

export type ModelReply =
  | {
      readonly kind: "reply";
      readonly text: string;
      readonly calls: readonly ToolCall[];
      /** null when the provider did not say; the caller then estimates and says so. */
      readonly inputTokens: number | null;
      readonly outputTokens: number | null;
      /** True when the provider stopped at its output limit. */
      readonly truncated: boolean;
    }
  | { readonly kind: "failed"; readonly failure: ModelFailure };

export type Price = { readonly inputUsdPerMillion: number; readonly outputUsdPerMillion: number };

export type ModelFacts = {
  readonly provider: string;
  readonly name: string;
  /** Whether tools go as native definitions; otherwise the text dialect of the family is used. */
  readonly nativeTools: boolean;
  /** In tokens; null when unknown. */
  readonly contextWindow: number | null;
  /** Zero for local models; null when unknown. */
  readonly price: Price | null;
};

/**
 * Contract (test/contract/model.suite.ts checks each line for every provider):
 * - `reply` never throws but for a bug: whatever the provider did is a reply or a typed failure.
 * - An abort ends the request on the wire; the answer is then the failure MODEL_CONNECTION with message `aborted`.
 * - `timeoutMs` without a complete answer gives MODEL_TIMEOUT and ends the request on the wire.
 * - It makes one attempt. Retries are the caller's, who holds the clock and the budget.
 * - At most 8 MiB are read of an answer; a longer one is MODEL_MALFORMED.
 * - `onText` gets the visible text as it arrives, in order; the whole of it is also in the reply.
 */
export type Model = {
  /** What is known of a model before it is called; refused when the provider is unknown or not configured. */
  readonly describe: (model: string, signal: AbortSignal) => Promise<Result<ModelFacts>>;
  readonly reply: (
    request: ModelRequest,
    signal: AbortSignal,
    onText?: (text: string) => void,
  ) => Promise<ModelReply>;
};
