// What a route is: path, policy, schemas and one call into the application. `route` checks the types of the parts against
// each other; registering refuses what has no policy.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { ZodType, output as Output, input as Input } from "zod";
import type { ErrorCode } from "../domain/errors.ts";
import { isErrorCode } from "../domain/errors.ts";
import type { Result } from "../domain/result.ts";
import type { Caller, Scope } from "./auth.ts";
import { plainRefusal, sendProblem } from "./problem.ts";

export type RouteAuth = "public" | Scope;
export type RouteMethod = "GET" | "POST";

/** Who may call it, what it may refuse with, and how much it reads. */
export type RoutePolicy = {
  readonly auth: RouteAuth;
  /** Beside those that any route may give: see COMMON_ERRORS. */
  readonly errors: readonly ErrorCode[];
  readonly bodyBytesMax: number;
  /** Whether a single-use ticket in the query stands for a key; for event streams, which a browser opens without headers. */
  readonly takesTicket: boolean;
};

/** What any route may give, whatever it does. */
export const COMMON_ERRORS = [
  "REQUEST_INVALID",
  "BODY_TYPE_REFUSED",
  "HOST_REFUSED",
  "ORIGIN_REFUSED",
  "SERVER_STOPPING",
  "STORE_BUSY",
  "STORE_FULL",
  "INTERNAL",
] as const satisfies readonly ErrorCode[];

export const BODY_BYTES_MAX = 1_048_576;

export type Call<Params, Query, Body> = {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Who calls; for a public route whoever it is. */
  readonly caller: Caller;
  readonly request: FastifyRequest;
  /** For headers, and for a stream that writes its own answer after `reply.hijack()`. */
  readonly reply: FastifyReply;
};

type Definition<
  Params extends ZodType,
  Query extends ZodType,
  Body extends ZodType,
  Answer extends ZodType,
> = {
  readonly method: RouteMethod;
  /** With `:name` for a parameter. */
  readonly path: string;
  readonly about: string;
  readonly auth: RouteAuth;
  readonly errors: readonly ErrorCode[];
  readonly bodyBytesMax?: number;
  readonly takesTicket?: true;
  /** 200 unless the work goes on after the answer. */
  readonly status?: 200 | 202;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  /** What the answer is written in; JSON unless it is said. */
  readonly mediaType?: string;
  readonly handle: (
    call: Call<Output<Params>, Output<Query>, Output<Body>>,
  ) => Promise<Result<Input<Answer>>>;
};

export type Route = {
  readonly method: RouteMethod;
  readonly path: string;
  readonly about: string;
  readonly status: number;
  readonly mediaType: string;
  readonly policy: RoutePolicy;
  readonly schemas: {
    readonly params: ZodType | null;
    readonly query: ZodType | null;
    readonly body: ZodType | null;
    readonly answer: ZodType;
  };
  readonly handle: (call: Call<never, never, never>) => Promise<Result<unknown>>;
};

/** A route that reads no body takes none, so that nobody believes that something was heard. */
const NO_BODY = z.strictObject({}).nullish();

export function route<
  Answer extends ZodType,
  Params extends ZodType = ZodType<unknown>,
  Query extends ZodType = ZodType<unknown>,
  Body extends ZodType = ZodType<unknown>,
>(definition: Definition<Params, Query, Body, Answer>): Route {
  const { method, path, about, auth, errors, status = 200, answer } = definition;
  const { params = null, query = null, mediaType = "application/json", handle } = definition;
  const { body = method === "GET" ? null : NO_BODY } = definition;
  const { bodyBytesMax = method === "GET" ? 0 : BODY_BYTES_MAX, takesTicket = false } = definition;
  const policy = { auth, errors, bodyBytesMax, takesTicket };
  return {
    method,
    path,
    about,
    status,
    mediaType,
    policy,
    schemas: { params, query, body, answer },
    handle: handle as Route["handle"],
  };
}

declare module "fastify" {
  interface FastifyContextConfig {
    readonly policy?: RoutePolicy;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

const AUTHS: readonly unknown[] = ["public", "read", "operate", "admin"] satisfies RouteAuth[];

const isPolicy = (policy: Partial<RoutePolicy> | undefined): policy is RoutePolicy =>
  policy !== undefined &&
  AUTHS.includes(policy.auth) &&
  Array.isArray(policy.errors) &&
  policy.errors.every((code) => isErrorCode(code)) &&
  Number.isSafeInteger(policy.bodyBytesMax);

type Declared = {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly config?: { readonly policy?: RoutePolicy };
  readonly schema?: { readonly response?: unknown };
};

/** Called for whatever is registered, by whichever way: no route is served without a policy and an answer schema. */
export function checkRoute({ method, url, config, schema }: Declared): void {
  if (isPolicy(config?.policy) && schema?.response !== undefined) return;
  throw new TypeError(`The route ${String(method)} ${url} declares no auth, errors or schemas.`);
}

const NOBODY: Caller = { id: "ANYBODY", scope: "read" };

export function registerRoute(app: FastifyInstance, one: Route): void {
  const { params, query, body, answer } = one.schemas;
  app.route({
    method: one.method,
    url: one.path,
    bodyLimit: Math.max(1, one.policy.bodyBytesMax),
    // The door has read it; no route has to name it in its schema.
    preValidation: async (request) => {
      if (one.policy.takesTicket) delete (request.query as Record<string, unknown>)["ticket"];
    },
    config: { policy: one.policy },
    schema: {
      ...(params === null ? {} : { params }),
      ...(query === null ? {} : { querystring: query }),
      ...(body === null ? {} : { body }),
      response: { [one.status]: answer },
    },
    handler: async (request, reply) => {
      const done = await one.handle({
        params: request.params as never,
        query: request.query as never,
        body: request.body as never,
        caller: request.caller ?? NOBODY,
        request,
        reply,
      });
      if (reply.sent) return reply;
      if (done.ok) return reply.code(one.status).send(done.value);
      const { code } = done.error;
      if (isDeclared(one.policy, code)) return sendProblem(reply, done.error);
      // Its words were not meant for the wire.
      return sendProblem(reply, plainRefusal(code));
    },
  });
}

const isDeclared = ({ errors }: RoutePolicy, code: ErrorCode): boolean =>
  errors.includes(code) || (COMMON_ERRORS as readonly ErrorCode[]).includes(code);
