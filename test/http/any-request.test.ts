// Requests made up from the routes' own schemas and around them: whatever is asked, the answer is of the contract, never a
// failure of the server, and says nothing of its inside.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import type { Route } from "../../src/http/route.ts";
import type { Question } from "../support/http-scene.ts";
import { API_KEY, KEYS, openHttp } from "../support/http-scene.ts";
import { SEEDS } from "../support/seeds.ts";

type Shape = { readonly properties?: Readonly<Record<string, unknown>> };

const namesIn = (schema: z.ZodType | null): readonly string[] =>
  schema === null
    ? []
    : Object.keys(
        (z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape).properties ?? {},
      );

/** What the project knows, what it does not, and what was never meant as a name. */
const word = fc.oneof(
  fc.constantFrom("api", "work", "build-work", "ready", "done", "", " ", "0", "-1", "1e9", "null"),
  fc.constantFrom(
    "__proto__",
    "../../etc/passwd",
    "a/b",
    "a\u0000b",
    "%00",
    "\u202e",
    "'; drop table",
  ),
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.toWellFormed()),
);
const value = fc.oneof(word, fc.jsonValue({ maxDepth: 3 }), fc.integer(), fc.double());

const fields = (names: readonly string[]) =>
  fc.dictionary(fc.oneof(fc.constantFrom("surplus", "__proto__", ...names), word), value, {
    maxKeys: 5,
  });

const requestOf = (route: Route) =>
  fc.record({
    route: fc.constant(route),
    param: word,
    query: fields(namesIn(route.schemas.query)),
    body: fc.oneof(fields(namesIn(route.schemas.body)), value),
    key: fc.constantFrom(API_KEY, KEYS.read, KEYS.operate, "wrong"),
  });

type Asked = {
  readonly route: Route;
  readonly param: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly key: string;
};

const encode = (part: unknown): string =>
  encodeURIComponent(
    (typeof part === "string" ? part : (JSON.stringify(part) ?? "")).toWellFormed(),
  );

function questionOf({ route, param, query, body, key }: Asked): Question {
  const path = route.path.replaceAll(/:\w+/g, () => encode(param));
  const search = Object.entries(query).map(([name, one]) => `${encode(name)}=${encode(one)}`);
  return {
    method: route.method,
    path: search.length === 0 ? path : `${path}?${search.join("&")}`,
    key,
    ...(route.method === "GET" ? {} : { body: JSON.stringify(body) ?? "" }),
  };
}

for (const seed of SEEDS)
  test(`whatever is asked of any route, the server answers as it promised (seed ${seed})`, async (context) => {
    const { routes, ask } = await openHttp(context, { script: { version: 1, cards: {} } });
    const anyRequest: fc.Arbitrary<Asked> = fc.oneof(...routes.map(requestOf));
    const check = async (asked: Asked): Promise<void> => {
      const question = questionOf(asked);
      const answer = await ask(question);
      assert.ok(answer.status < 500, `${question.method} ${question.path}: ${answer.text}`);
      assert.doesNotMatch(answer.text, /node_modules|\.ts:\d|\bat \w+ \(/);
      if (answer.status < 300) return;
      assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
      assert.equal(answer.json["status"], answer.status);
    };
    await fc.assert(fc.asyncProperty(anyRequest, check), { seed, numRuns: 400 });
  });
