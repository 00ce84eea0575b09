// Asks the server: JSON in, JSON out, and every refusal as one kind of error with its code and the request's id.
import type { Problem } from "./types.ts";

/** What the server answered instead, or that it did not answer: then the status is 0. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string | null;

  constructor(problem: Partial<Problem> & { readonly status: number; readonly detail: string }) {
    super(problem.detail);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code ?? "UNREACHABLE";
    this.title = problem.title ?? "The server did not answer";
    this.requestId = problem.requestId ?? null;
  }
}

export type Params = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

/** What is null or left out is not asked for; lists are joined by commas. */
export function addressOf(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== null && value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

export type Asking = { readonly params?: Params; readonly signal?: AbortSignal };

export const getJson = async <Answer>(path: string, asking: Asking = {}): Promise<Answer> =>
  ask<Answer>(addressOf(path, asking.params), signalOf(asking));

type Headers = Readonly<Record<string, string>>;

export const postJson = async <Answer>(
  path: string,
  body: unknown = {},
  headers: Headers = {},
): Promise<Answer> =>
  ask<Answer>(path, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    if (!isUnanswered(error)) throw error;
    const detail = "Whether it was done is not known: look first, then do it again.";
    throw new ApiError({ status: 0, detail });
  });

const signalOf = ({ signal }: Asking): RequestInit => (signal === undefined ? {} : { signal });

/** An answer that breaks off is none. */
async function ask<Answer>(address: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(address, { credentials: "same-origin", ...init });
    if (response.ok) return (await response.json()) as Answer;
    throw await errorOf(response);
  } catch (error) {
    const isAborted = error instanceof DOMException && error.name === "AbortError";
    if (isAborted || error instanceof ApiError) throw error;
    throw new ApiError({ status: 0, detail: "The server cannot be reached. Is it running?" });
  }
}

export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  const isProblem = response.headers.get("content-type")?.includes("problem+json") === true;
  if (isProblem) return new ApiError(JSON.parse(text) as Problem);
  const { status } = response;
  return new ApiError({ status, detail: `It answered ${status}.` });
}

const isUnanswered = (error: unknown): boolean => error instanceof ApiError && error.status === 0;

const RETRIES = 2;

/** For what may be asked twice: only what got no answer is, since browsers drop requests when a network comes or goes. */
export const retryUnanswered = (failures: number, error: unknown): boolean =>
  isUnanswered(error) && failures < RETRIES;

export const isSignedOut = (error: unknown): boolean =>
  error instanceof ApiError && error.code === "KEY_REFUSED";
