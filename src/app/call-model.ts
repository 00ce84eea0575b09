// One model call as the engine sees it: attempts, waits and the shortened prompt of system.md 8.3 behind one answer.
import type { ErrorCode } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Model, ModelFailure, ModelReply, ModelRequest } from "../ports/model.ts";

const BACKOFF_BASE_MS = 1000;
const BACKOFF_CAP_MS = 30_000;
const RETRY_AFTER_MAX_MS = 120_000;

/** Attempts per class within one call; a class that is not listed has one. */
const ATTEMPTS: Readonly<Partial<Record<ErrorCode, number>>> = {
  MODEL_TIMEOUT: 3,
  MODEL_CONNECTION: 3,
  MODEL_RATE_LIMITED: 3,
  MODEL_OVERLOADED: 3,
  MODEL_MALFORMED: 2,
  MODEL_CONTEXT: 2,
};

/** Failures that another card would meet as well: they end the run, and the card's retry count stays. */
const RUN_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "MODEL_AUTH",
  "MODEL_NOT_FOUND",
  "MODEL_BAD_REQUEST",
  "MODEL_SCRIPT_EXHAUSTED",
  "MODEL_UNCONFIGURED",
]);

/** Failures of the connection: the same one on several cards in a row says the provider is down. */
const CONNECTION_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "MODEL_TIMEOUT",
  "MODEL_CONNECTION",
  "MODEL_OVERLOADED",
  "MODEL_RATE_LIMITED",
]);

export const endsRun = (code: ErrorCode): boolean => RUN_FAILURES.has(code);
export const isConnectionFailure = (code: ErrorCode): boolean => CONNECTION_FAILURES.has(code);

/** Full jitter: uniform between nothing and the exponential bound. `attempt` counts from 1. */
export const backoffMs = (attempt: number, random: number, capMs = BACKOFF_CAP_MS): number =>
  Math.round(random * Math.min(capMs, BACKOFF_BASE_MS * 2 ** (attempt - 1)));

export type CallModelDeps = { readonly model: Model; readonly clock: Clock; readonly ids: Ids };

export type ModelCall = {
  readonly request: ModelRequest;
  readonly signal: AbortSignal;
  /** The same request with less of its history; null when nothing more can be left out. */
  readonly shorten: () => ModelRequest | null;
  readonly onRetry: (failure: ModelFailure, attempt: number, waitMs: number) => Promise<void>;
  readonly onText?: (text: string) => void;
};

export async function callModel(
  { model, clock, ids }: CallModelDeps,
  call: ModelCall,
): Promise<ModelReply> {
  let { request } = call;
  for (let attempt = 1; ; attempt += 1) {
    const reply = await model.reply(request, call.signal, call.onText);
    if (reply.kind === "reply" || call.signal.aborted) return reply;
    const { failure } = reply;
    if (attempt >= (ATTEMPTS[failure.code] ?? 1)) return reply;
    if (failure.code === "MODEL_CONTEXT") {
      const shorter = call.shorten();
      if (shorter === null) return reply;
      request = shorter;
    }
    const waitMs = waitFor(failure, attempt, ids.random());
    if (waitMs === null) return reply;
    await call.onRetry(failure, attempt, waitMs);
    await clock.sleep(waitMs, call.signal);
    if (call.signal.aborted) return reply;
  }
}

function waitFor(failure: ModelFailure, attempt: number, random: number): number | null {
  if (failure.code === "MODEL_CONTEXT") return 0;
  if (failure.retryAfterMs === null) return backoffMs(attempt, random);
  return failure.retryAfterMs <= RETRY_AFTER_MAX_MS ? failure.retryAfterMs : null;
}
