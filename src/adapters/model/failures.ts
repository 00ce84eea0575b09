// One taxonomy for every provider (system.md 8.3): whatever a library threw becomes a code, a message and a wait.
import type { ErrorCode } from "../../domain/errors.ts";
import type { ModelFailure, ModelReply } from "../../ports/model.ts";

const MESSAGE_CHARACTERS_MAX = 500;

/** What an error of the provider libraries has; looked at by shape, so that this file loads none of them. */
type CallError = {
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
};

export type FailureFacts = { readonly secrets: readonly string[]; readonly nowMs: number };

export const failed = (
  code: ErrorCode,
  message: string,
  more: Partial<ModelFailure> = {},
): ModelReply => ({
  kind: "failed",
  failure: {
    code,
    message: message.slice(0, MESSAGE_CHARACTERS_MAX),
    status: null,
    retryAfterMs: null,
    ...more,
  },
});

export function failureOf(error: unknown, { secrets, nowMs }: FailureFacts): ModelReply {
  const chain = causes(error);
  const call = chain.find(
    (one): one is Error & CallError => "statusCode" in one && typeof one.statusCode === "number",
  );
  const text = scrub(call?.responseBody ?? chain.map((one) => one.message).join(": "), secrets);
  if (call?.statusCode === undefined || call.statusCode < 400)
    return failed(codeOfCause(chain), text);
  const status = call.statusCode;
  const retryAfterMs = parseRetryAfter(call.responseHeaders?.["retry-after"], nowMs);
  return failed(codeOfStatus(status, text), `HTTP ${status}: ${text}`, { status, retryAfterMs });
}

function causes(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let one = error; one instanceof Error && chain.length < CAUSES_MAX; one = one.cause)
    chain.push(one);
  return chain.length === 0 ? [new Error(String(error))] : chain;
}

const CAUSES_MAX = 10;

function codeOfStatus(status: number, text: string): ErrorCode {
  if (status === 401 || status === 403) return "MODEL_AUTH";
  if (status === 404) return "MODEL_NOT_FOUND";
  if (status === 408) return "MODEL_TIMEOUT";
  if (status === 429 || status === 529) return "MODEL_RATE_LIMITED";
  if (status >= 500) return "MODEL_OVERLOADED";
  if (TOO_LONG.test(text)) return "MODEL_CONTEXT";
  return SAFETY.test(text) ? "MODEL_REFUSED" : "MODEL_BAD_REQUEST";
}

const TOO_LONG =
  /context[ _-]?(?:length|window|size)|maximum context|prompt is too long|too many tokens|exceeds? .{0,40}tokens/i;
const SAFETY = /content[ _-]?(?:filter|policy)|safety/i;

/** Without a status: the connection broke, or what came was not of the protocol. */
function codeOfCause(chain: readonly Error[]): ErrorCode {
  const names = chain.flatMap((one) => [
    one.name,
    one.constructor.name,
    (one as { code?: unknown }).code,
  ]);
  if (names.includes("AnswerTooLong") || names.includes("Redirected")) return "MODEL_MALFORMED";
  const broken = names.some((name) => typeof name === "string" && CONNECTION.test(name));
  const network = chain.some(
    (one) => one.message === "fetch failed" || one.message === "terminated",
  );
  return broken || network ? "MODEL_CONNECTION" : "MODEL_MALFORMED";
}

const CONNECTION = /^(?:E(?:CONN|HOST|NET|AI_|PIPE|TIMEDOUT|NOTFOUND)|UND_ERR|SocketError)/;

/** Seconds, or an HTTP date; null when it is neither. Never negative. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  const seconds = /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : null;
  if (seconds !== null) return Math.round(seconds * 1000);
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

const scrub = (text: string, secrets: readonly string[]): string =>
  secrets
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
