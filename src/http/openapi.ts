// The description of the API, OpenAPI 3.1, made from the routes themselves: their schemas, policies and errors.
import { z } from "zod";
import type { ZodType } from "zod";
import type { ErrorCode } from "../domain/errors.ts";
import { HTTP_STATUS } from "./error-status.ts";
import { problemSchema } from "./api.ts";
import type { Route } from "./route.ts";
import { COMMON_ERRORS } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

const PROBLEM = { $ref: "#/components/schemas/Problem" } as const;

export function describeApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const one of routes) {
    const path = one.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[one.method.toLowerCase()] = describeRoute(one);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Orket", version, description: "The HTTP API of an Orket project." },
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, "output") },
      securitySchemes: {
        key: { type: "apiKey", in: "header", name: "X-API-Key" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function describeRoute({ about, method, path, policy, schemas, status, mediaType }: Route): Json {
  const { params, query, body, answer } = schemas;
  return {
    summary: about,
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    "x-scope": policy.auth,
    security: policy.auth === "public" ? [] : [{ key: [] }, { bearer: [] }],
    parameters: [...parametersOf(params, "path"), ...parametersOf(query, "query")],
    ...(body === null
      ? {}
      : {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { "application/json": { schema: schemaOf(body, "input") } },
          },
        }),
    responses: {
      [status]: {
        description: about,
        content: { [mediaType]: { schema: schemaOf(answer, "output") } },
      },
      ...errorsOf(policy.auth === "public" ? policy.errors : [...policy.errors, ...OF_KEYS]),
    },
  };
}

const OF_KEYS: readonly ErrorCode[] = ["KEY_REFUSED", "SCOPE_MISSING"];

/** Several codes of one status share a response. */
function errorsOf(declared: readonly ErrorCode[]): Json {
  const codes = [...new Set([...COMMON_ERRORS, ...declared])];
  const byStatus = Object.groupBy(codes, (code) => HTTP_STATUS[code]);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, list = []]) => [
      status,
      {
        description: list.join(", "),
        content: { "application/problem+json": { schema: PROBLEM } },
      },
    ]),
  );
}

type ObjectSchema = {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
};

function parametersOf(schema: ZodType | null, place: "path" | "query"): readonly Json[] {
  if (schema === null) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input") as ObjectSchema;
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: one,
  }));
}

function schemaOf(schema: ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return own;
}
