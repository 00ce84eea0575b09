// One taxonomy for every provider (system.md 8.3): statuses, error texts and error events become a code, a message and a wait.
// It looks at shapes only and loads no provider library.
import type { ErrorCode } from "../../domain/errors.ts";
import { isJsonObject } from "../../domain/json.ts";
import { createRedactor } from "../../domain/redact.ts";
import type { ModelFailure } from "../../ports/model.ts";

const MESSAGE_CHARACTERS_MAX = 500;
const CAUSES_MAX = 10;
const SERVER_ERROR = 500;

export const failureOf = (
  code: ErrorCode,
  message: string,
  more: Partial<ModelFailure> = {},
): ModelFailure => ({ code, message, status: null, retryAfterMs: null, ...more });

/** Secrets go first and the cut comes last, or half a key would be left at the cut. */
export function presentable(failure: ModelFailure, secrets: readonly string[]): ModelFailure {
  const oneLine = createRedactor({ values: secrets })
    .text(failure.message)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return { ...failure, message: oneLine.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed() };
}

// ── An answer with an error status ──

export type ErrorAnswer = {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | null;
};

export function failureOfAnswer(
  { status, body, retryAfter }: ErrorAnswer,
  nowMs: number,
): ModelFailure {
  const { message, words } = readBody(body);
  return failureOf(
    codeOfStatus(status, words),
    `HTTP ${status}${message === "" ? "" : `: ${message}`}`,
    {
      status,
      retryAfterMs: parseRetryAfter(retryAfter, nowMs),
    },
  );
}

type Said = {
  /** For people. */
  readonly message: string;
  /** Everything that may name the cause. */
  readonly words: string;
};

/** The providers' forms: `{error:{message,type,code}}`, `{error:"…"}`, `{message}`, `{detail}`, a list of these, or no JSON. */
function readBody(body: string): Said {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: body, words: body };
  }
  return saidIn(Array.isArray(value) ? value[0] : value) ?? { message: body, words: body };
}

function saidIn(value: unknown): Said | null {
  if (typeof value === "string") return { message: value, words: value };
  if (!isJsonObject(value)) return null;
  const inner = saidIn(value["error"]);
  if (inner !== null) return inner;
  const message = [value["message"], value["detail"]].find((one) => typeof one === "string");
  if (typeof message !== "string") return null;
  const names = [value["type"], value["code"], value["status"]].filter(
    (one) => typeof one === "string",
  );
  return { message, words: [message, ...names].join(" ") };
}

function codeOfStatus(status: number, words: string): ErrorCode {
  if (status === 413) return "MODEL_CONTEXT";
  if ([400, 422, 500].includes(status) && TOO_LONG.test(words)) return "MODEL_CONTEXT";
  if ([400, 403, 422].includes(status) && SAFETY.test(words)) return "MODEL_REFUSED";
  if (status === 401 || status === 403) return "MODEL_AUTH";
  if (status === 404) return "MODEL_NOT_FOUND";
  if (status === 408) return "MODEL_TIMEOUT";
  if (status === 429 || status === 529) return "MODEL_RATE_LIMITED";
  return status >= SERVER_ERROR ? "MODEL_OVERLOADED" : "MODEL_BAD_REQUEST";
}

/** OpenAI, Anthropic, Ollama, llama.cpp, vLLM, LM Studio, Mistral and Gemini each say it in their own words. */
const TOO_LONG = new RegExp(
  [
    "context_length_exceeded|exceed_context_size|model_context_window_exceeded|request_too_large",
    "maximum context length|max context length|maximum model length|than the context length",
    "exceeds? (?:the )?(?:available |model'?s? |maximum )?context (?:size|length|window|limit)",
    "exceeds? the maximum number of tokens|prompt (?:is )?too long|input is too long|too large for model",
    "context length of only|context window of this model",
  ].join("|"),
  "i",
);
const SAFETY =
  /content[ _-]?(?:filter|policy|management)|usage polic|safety (?:system|filter|polic|reason|setting)|moderation|flagged/i;

/** Seconds, or an HTTP date; null when it is neither. Never negative. */
function parseRetryAfter(value: string | null, nowMs: number): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return Math.round(Number(text) * 1000);
  // A date names its day or month; what else Date.parse takes, such as `-5`, is no HTTP date.
  const atMs = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

// ── An error inside an answer that began well ──

/** What the event streams call an error, as the status it would have had as an answer of its own. */
const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  overloaded_error: 529,
};

/** A provider that says in its stream that it failed. Without a known type it is a server error like a status of 500. */
export function failureOfEvent(event: unknown): ModelFailure {
  const said = saidIn(event) ?? { message: JSON.stringify(event) ?? "", words: "" };
  const status = statusIn(event) ?? SERVER_ERROR;
  return failureOf(codeOfStatus(status, said.words), said.message, { status });
}

function statusIn(event: unknown): number | null {
  if (!isJsonObject(event)) return null;
  const inner = statusIn(event["error"]);
  if (inner !== null) return inner;
  for (const name of [event["type"], event["code"]])
    if (typeof name === "string" && Object.hasOwn(STATUS_OF_TYPE, name))
      return STATUS_OF_TYPE[name] ?? null;
  const numbers = [event["statusCode"], event["status"], event["code"]].map(Number);
  return numbers.find((one) => Number.isInteger(one) && one >= 400 && one <= 599) ?? null;
}

// ── Whatever a provider library threw ──

/** Said by the library before anything is sent: the conversation itself does not fit the protocol. */
const OUR_FAULT =
  /InvalidPrompt|InvalidArgument|InvalidMessageRole|MissingToolResults|UnsupportedFunctionality|ERR_INVALID_URL/;

export function failureOfThrown(thrown: unknown): ModelFailure {
  const chain = causes(thrown);
  const event = chain.map(eventIn).find((one) => one !== null);
  if (event !== undefined) return failureOfEvent(event);
  const names = chain.flatMap((one) => [one.name, (one as { code?: unknown }).code]).join(" ");
  const message = chain.map((one) => one.message).join(": ");
  return failureOf(OUR_FAULT.test(names) ? "MODEL_BAD_REQUEST" : "MODEL_MALFORMED", message);
}

/** The provider's own error event, which the libraries carry as `data` or as the text of a body. */
function eventIn(error: Error): unknown {
  const { name, data, responseBody, statusCode } = error as Error & Record<string, unknown>;
  if (name === "AI_StreamProviderError") return data ?? { message: error.message };
  const failed = typeof statusCode === "number" && statusCode >= 400;
  if (!failed) return null;
  return {
    statusCode,
    ...(typeof responseBody === "string" ? asObject(responseBody) : {}),
    message: error.message,
  };
}

function asObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function causes(thrown: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let one = thrown; one instanceof Error && chain.length < CAUSES_MAX; one = one.cause)
    chain.push(one);
  return chain.length === 0 ? [asEvent(thrown)] : chain;
}

/** Some libraries hand the provider's event on as it came, without an error around it. */
const asEvent = (thrown: unknown): Error =>
  Object.assign(new Error(String(thrown)), { name: "AI_StreamProviderError", data: thrown });
