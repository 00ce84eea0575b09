// As much of JSON Schema (draft 2020-12) as Orket's own schemas use; a keyword it does not know is an error of the test.
import { isDeepStrictEqual } from "node:util";

type Schema = Readonly<Record<string, unknown>>;

const ANNOTATIONS = ["$schema", "title", "description", "default", "deprecated", "$defs", "format"];
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: isObject,
};

/** Keyword → whether the value keeps to it. */
const KEYWORDS: Readonly<
  Record<string, (value: unknown, argument: never, schema: Schema) => boolean>
> = {
  type: (value, types: string | readonly string[]) =>
    [types].flat().some((type) => TYPES[type]?.(value)),
  enum: (value, values: readonly unknown[]) => values.some((one) => isDeepStrictEqual(one, value)),
  const: (value, only: unknown) => isDeepStrictEqual(only, value),
  anyOf: (value, schemas: readonly Schema[]) => schemas.some((schema) => isValid(schema, value)),
  allOf: (value, schemas: readonly Schema[]) => schemas.every((schema) => isValid(schema, value)),
  pattern: (value, pattern: string) =>
    typeof value !== "string" || new RegExp(pattern, "u").test(value),
  minLength: (value, limit: number) => typeof value !== "string" || value.length >= limit,
  maxLength: (value, limit: number) => typeof value !== "string" || value.length <= limit,
  minimum: (value, limit: number) => typeof value !== "number" || value >= limit,
  maximum: (value, limit: number) => typeof value !== "number" || value <= limit,
  exclusiveMinimum: (value, limit: number) => typeof value !== "number" || value > limit,
  exclusiveMaximum: (value, limit: number) => typeof value !== "number" || value < limit,
  minItems: (value, limit: number) => !Array.isArray(value) || value.length >= limit,
  maxItems: (value, limit: number) => !Array.isArray(value) || value.length <= limit,
  items: (value, schema: Schema) =>
    !Array.isArray(value) || value.every((item) => isValid(schema, item)),
  required: (value, keys: readonly string[]) =>
    !isObject(value) || keys.every((key) => Object.hasOwn(value, key)),
  properties: (value, schemas: Readonly<Record<string, Schema>>) =>
    !isObject(value) ||
    Object.entries(schemas).every(
      ([key, schema]) => !Object.hasOwn(value, key) || isValid(schema, value[key]),
    ),
  propertyNames: (value, schema: Schema) =>
    !isObject(value) || Object.keys(value).every((key) => isValid(schema, key)),
  additionalProperties: (value, rest: Schema | boolean, { properties }) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([key, member]) =>
        (isObject(properties) && Object.hasOwn(properties, key)) || isValid(rest, member),
    ),
};

export function isValid(schema: Schema | boolean, value: unknown): boolean {
  if (typeof schema === "boolean") return schema;
  return Object.entries(schema).every(([keyword, argument]) => {
    if (ANNOTATIONS.includes(keyword)) return true;
    const keeps = KEYWORDS[keyword];
    if (keeps === undefined) throw new Error(`The keyword ${keyword} is not known to this test.`);
    return keeps(value, argument as never, schema);
  });
}
