// One call to the forge's API: to one host, without following anything, with an end in time and size. What an answer means
// is gitea.ts business.
import type { RequestInit as UndiciRequest } from "undici";
import type { ErrorCode } from "../../domain/errors.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";

export type GiteaDeps = {
  /** Without `/api/v1`. */
  readonly baseUrl: string;
  /** Read at each call, so that a changed token is used at once. */
  readonly token: () => string;
  /** Certificates, as PEM, that vouch for the forge in place of those that come with Node; null: those. */
  readonly authorities?: string | null;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
};

export type ApiCall = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/api/v1`; each part is encoded. */
  readonly path: readonly (string | number)[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Statuses that are answers; every other one is a refusal. */
  readonly ok: readonly number[];
  readonly bytesMax?: number;
};

export type ApiAnswer = {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | null;
};

const CALL_MS = 15_000;
const BYTES_MAX = 8 * 1024 * 1024;
const ATTEMPTS_MAX = 3;
const PAUSE_MS = 500;
const RETRY_AFTER_SEC_MAX = 10;

/** Reads are tried again where the forge was not there; a write is made once, whatever became of its answer. */
export async function callApi(
  deps: GiteaDeps,
  call: ApiCall,
  signal: AbortSignal,
): Promise<Result<ApiAnswer>> {
  // An address is put in normal form before it is sent: such a part would name another call.
  if (call.path.some((part) => part === "" || part === "." || part === ".."))
    return refuse("FORGE_NOT_FOUND", "A name on the forge is not empty and no dots.", {
      call: nameOf(call),
    });
  const attempts = call.method === "GET" ? ATTEMPTS_MAX : 1;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await callOnce(deps, call, signal);
    if (answer.ok || answer.error.code !== "FORGE_UNAVAILABLE") return answer;
    const { isFinal, retryAfterSec } = answer.error.details;
    if (isFinal === true || attempt >= attempts || signal.aborted) return answer;
    const backoffMs = PAUSE_MS * 2 ** (attempt - 1) * (1 + deps.random());
    const askedMs = typeof retryAfterSec === "number" ? retryAfterSec * 1000 : 0;
    await deps.clock.sleep(Math.max(backoffMs, askedMs), signal);
  }
}

async function callOnce(
  { baseUrl, token, authorities = null }: GiteaDeps,
  call: ApiCall,
  signal: AbortSignal,
): Promise<Result<ApiAnswer>> {
  const name = nameOf(call);
  const secret = token();
  const ends = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
  try {
    const response = await send(urlOf(baseUrl, call), authorities, {
      method: call.method,
      headers: {
        accept: "application/json",
        authorization: `token ${secret}`,
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: "manual",
      signal: ends,
    });
    const text = await readText(response, call.bytesMax ?? BYTES_MAX);
    if (text === null) return unavailable(name, "its answer is too long or no text", true);
    if (!call.ok.includes(response.status)) return refusalOf(name, response, secret);
    return ok({
      status: response.status,
      text,
      header: (header) => response.headers.get(header),
    });
  } catch (error) {
    return unavailable(name, reasonOf(error, signal), signal.aborted);
  }
}

async function send(
  url: URL,
  authorities: string | null,
  request: { readonly method: string } & Pick<
    UndiciRequest,
    "headers" | "body" | "redirect" | "signal"
  >,
): Promise<Pick<Response, "status" | "headers" | "body">> {
  if (authorities === null) return fetch(url, request as RequestInit);
  const undici = await import("undici");
  const dispatcher = new undici.Agent({ connect: { ca: authorities }, pipelining: 0 });
  return (await undici.fetch(url, { ...request, dispatcher })) as unknown as Response;
}

/** What was called, for people: no host, no query, no token. */
export const nameOf = ({ method, path }: Pick<ApiCall, "method" | "path">): string =>
  `${method} /${path.join("/")}`;

function urlOf(baseUrl: string, { path, query }: ApiCall): URL {
  const encoded = path.map((part) => encodeURIComponent(part)).join("/");
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/api/v1/${encoded}`);
  for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
  return url;
}

/** Null when it is longer than that, or no UTF-8. */
async function readText(
  response: Pick<Response, "body">,
  bytesMax: number,
): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > bytesMax) return null;
    parts.push(part);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    return null;
  }
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: "FORGE_FORBIDDEN",
  403: "FORGE_FORBIDDEN",
  404: "FORGE_NOT_FOUND",
  405: "FORGE_CONFLICT",
  409: "FORGE_CONFLICT",
  412: "FORGE_CONFLICT",
  413: "FORGE_CONFLICT",
  422: "FORGE_CONFLICT",
  423: "FORGE_CONFLICT",
};

const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  FORGE_FORBIDDEN: " The token lacks a scope, or its account the right.",
};

/** The text of the answer is not shown: it differs by version, and is whatever the server likes. */
function refusalOf(
  name: string,
  response: Pick<Response, "status" | "headers">,
  secret: string,
): Refused {
  const { status, headers } = response;
  if (status >= 300 && status < 400) {
    const to = headers.get("location") ?? "nowhere";
    return unavailable(
      name,
      `it redirects (${status}) to ${withoutSecrets(to, secret)}; use that address`,
      true,
    );
  }
  const code = CODES[status];
  if (code !== undefined)
    return refuse(code, `The forge answers ${name} with ${status}.${ADVICE[code] ?? ""}`, {
      call: name,
      status,
    });
  const after = Number(headers.get("retry-after") ?? Number.NaN);
  return refuse("FORGE_UNAVAILABLE", `The forge answers ${name} with ${status}.`, {
    call: name,
    status,
    isFinal: status < 500 && status !== 429,
    ...(Number.isFinite(after) ? { retryAfterSec: Math.min(after, RETRY_AFTER_SEC_MAX) } : {}),
  });
}

/** A server can write the token that it was shown into its answer. */
function withoutSecrets(location: string, secret: string): string {
  if (!URL.canParse(location)) return "an address that is none";
  const { origin, pathname } = new URL(location);
  const shown = `${origin}${pathname}`;
  return (secret === "" ? shown : shown.replaceAll(secret, "…")).slice(0, 300);
}

export const unavailable = (call: string, why: string, isFinal: boolean): Refused =>
  refuse("FORGE_UNAVAILABLE", `The forge did not answer ${call}: ${why}.`, { call, isFinal });

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "it was stopped";
  if (!(error instanceof Error)) return "an unknown failure";
  if (error.name === "TimeoutError") return `nothing came within ${CALL_MS / 1000} seconds`;
  const cause = error.cause instanceof Error ? error.cause : error;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}
