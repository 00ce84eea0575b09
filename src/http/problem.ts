// The one shape of every error over HTTP, application/problem+json (RFC 9457), made from the error table. What was thrown
// and is not understood says its code and the request's id, and no more.
import type { FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { ErrorCode } from "../domain/errors.ts";
import { EngineError, ERROR_CODES } from "../domain/errors.ts";
import type { Refusal } from "../domain/result.ts";
import { HTTP_STATUS } from "./error-status.ts";

export type Finding = { readonly path: string; readonly expected: string };

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly problems?: readonly Finding[];
};

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";
const FINDINGS_MAX = 20;
const FINDING_CHARACTERS_MAX = 200;

/** A refusal whose words are the table's own: nothing of the request is in it. */
export const plainRefusal = (code: ErrorCode): Refusal => ({
  code,
  message: ERROR_CODES[code],
  details: {},
});

/** One answer to whoever is not known, whatever was wrong with the key. */
export const KEY_REFUSAL: Refusal = {
  code: "KEY_REFUSED",
  message: "Could not validate credentials",
  details: {},
};

export function toProblem({ code, message, details }: Refusal, requestId: string): Problem {
  const status = HTTP_STATUS[code];
  const title = ERROR_CODES[code];
  const problems = status < 500 ? findingsOf(details["problems"]) : [];
  return {
    type: `urn:orket:error:${code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    // What failed inside is told in the log, under the request's id.
    detail: status === 500 ? title : message,
    code,
    requestId,
    ...(problems.length === 0 ? {} : { problems }),
  };
}

function findingsOf(problems: unknown): readonly Finding[] {
  if (!Array.isArray(problems)) return [];
  return (problems as readonly Readonly<Record<string, unknown>>[])
    .slice(0, FINDINGS_MAX)
    .map(({ file, path, expected }) => ({
      path: short([file, path].filter((part) => typeof part === "string").join(" ")),
      expected: short(typeof expected === "string" ? expected : ""),
    }));
}

const short = (text: string): string =>
  text.length > FINDING_CHARACTERS_MAX ? `${text.slice(0, FINDING_CHARACTERS_MAX)}…` : text;

export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = toProblem(refusal, reply.request.id);
  // The text is made here: a route's answer schema says nothing about its errors.
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

type Thrown = { readonly code?: unknown; readonly statusCode?: unknown; readonly message?: string };

const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "BODY_TYPE_REFUSED",
  FST_ERR_MAX_PARAM_LENGTH: "ROUTE_UNKNOWN",
};

/** Whatever was thrown below a route, as what the caller is told; null for what only the log may tell: INTERNAL. */
export function refusalOfThrown(error: unknown): Refusal | null {
  if (error instanceof EngineError) return plainRefusal(error.code);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(({ instancePath, message }) => ({
      path: `${error.validationContext ?? ""}${instancePath}`,
      expected: message ?? "",
    }));
    return { ...plainRefusal("REQUEST_INVALID"), details: { problems } };
  }
  const { code, statusCode } = (typeof error === "object" && error !== null ? error : {}) as Thrown;
  const known = typeof code === "string" ? FRAMEWORK_CODES[code] : undefined;
  if (known !== undefined) return plainRefusal(known);
  // What the framework and the JSON parser say of a request is a fact about the request.
  return statusCode === 400 ? plainRefusal("REQUEST_INVALID") : null;
}
