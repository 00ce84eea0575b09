// A refusal is a value: the caller gets it back and must look at it. A failure (a bug, a lost database) throws EngineError.
import type { ErrorCode } from "./errors.ts";

/** Why something was not done. Nothing changed; `message` states the fact and, where there is one, the way out. */
export type Refusal = {
  readonly code: ErrorCode;
  readonly message: string;
  /** Facts that are safe to log: ids, states, limits. Never contents, never secrets. */
  readonly details: Readonly<Record<string, unknown>>;
};

export type Ok<Value> = { readonly ok: true; readonly value: Value };
export type Refused<Error = Refusal> = { readonly ok: false; readonly error: Error };
export type Result<Value, Error = Refusal> = Ok<Value> | Refused<Error>;

export const ok = <Value>(value: Value): Ok<Value> => ({ ok: true, value });

export const refuse = (
  code: ErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): Refused => ({
  ok: false,
  error: { code, message, details },
});
