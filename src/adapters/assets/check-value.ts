// Holds one read value against the schema of its kind: every problem with its place, what was found and what was expected;
// and the data as far as it can be used, so that a file with one mistake is still cross-checked for others.
import type { z } from "zod";
import { expectedOf } from "./expected.ts";
import type { Finding, Path } from "./findings.ts";
import { isRecord, jsonPath, shownValue, valueAt } from "./findings.ts";
import { nearestName } from "./nearest.ts";
import type { AssetData, AssetKind } from "./schemas/kinds.ts";
import { jsonSchemaOf, SCHEMAS } from "./schemas/kinds.ts";

export type Checked<Kind extends AssetKind> = {
  /** With defaults filled in, and with stand-ins where `findings` names a problem; null when there is no using it. */
  readonly data: AssetData<Kind> | null;
  readonly findings: readonly Finding[];
};

/** Repairing goes from the outside in; a value that is still wrong after so many rounds is given up. */
const REPAIR_ROUNDS_MAX = 8;

export function checkValue<Kind extends AssetKind>(kind: Kind, value: unknown): Checked<Kind> {
  const schema = SCHEMAS[kind] as unknown as z.ZodType<AssetData<Kind>>;
  const parsed = schema.safeParse(value, { error: (issue) => expectedOf(issue) });
  if (parsed.success) return { data: parsed.data, findings: [] };
  const findings = parsed.error.issues.flatMap((issue) => findingsOf({ kind, root: value }, issue));
  return { data: salvage(schema, value, parsed.error.issues), findings };
}

type Where = { readonly kind: AssetKind; readonly root: unknown };
type Issue = z.core.$ZodIssue;

/** Paths of parsed JSON hold texts and numbers only. */
const pathOf = (issue: Issue): Path => issue.path.filter((segment) => typeof segment !== "symbol");

function findingsOf({ kind, root }: Where, issue: Issue): readonly Finding[] {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => unknownKey(kind, path, key));
  const found = valueAt(root, path);
  const expected =
    issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const last = path.at(-1);
  if (issue.code === "invalid_key") {
    return [{ code: "key-invalid", path: jsonPath(path), found: shownValue(last), expected }];
  }
  return [
    {
      code: found === undefined ? "key-missing" : "value-invalid",
      path: jsonPath(path),
      found: shownValue(found),
      expected,
    },
  ];
}

/** Keys that had a meaning once, or are taken for one that has. */
const MISTAKEN_KEYS: ReadonlyMap<string, string> = new Map([["tracs", "issues"]]);
const SEAMS_TEXT = "plan, route, select_model, gate or evaluate";

function unknownKey(kind: AssetKind, path: Path, key: string): Finding {
  const place = { path: jsonPath([...path, key]), found: `the key ${shownValue(key)}` };
  if (kind === "organization" && path[0] === "process_rules" && key.endsWith("_node")) {
    return {
      ...place,
      code: "seam-removed",
      expected: `a seam that exists: ${SEAMS_TEXT}; this one no longer does`,
    };
  }
  const known = knownKeys(kind, path);
  const meant = MISTAKEN_KEYS.get(key) ?? nearestName(key, known);
  const expected = meant === null ? `one of ${known.join(", ")}` : `${meant} (did you mean that?)`;
  return { ...place, code: "key-unknown", expected };
}

/** The keys that the published schema knows at a path; those without effect are not suggested. */
function knownKeys(kind: AssetKind, path: Path): readonly string[] {
  let schema: unknown = jsonSchemaOf(kind);
  for (const segment of path) {
    const { properties, items, additionalProperties } = schemaParts(schema);
    schema =
      typeof segment === "number"
        ? items
        : (isRecord(properties) && properties[segment]) || additionalProperties;
  }
  const { properties } = schemaParts(schema);
  if (!isRecord(properties)) return [];
  return Object.entries(properties)
    .filter(([key, member]) => key !== "$schema" && schemaParts(member)["deprecated"] !== true)
    .map(([key]) => key);
}

const schemaParts = (schema: unknown): Readonly<Record<string, unknown>> =>
  isRecord(schema) ? schema : {};

/**
 * What can be used of a value with problems. Wrong values are taken out, so that their defaults apply; where something
 * must stand, an empty stand-in is put. Problems at those places are known already; nobody reports them twice.
 */
function salvage<Data>(
  schema: z.ZodType<Data>,
  value: unknown,
  first: readonly Issue[],
): Data | null {
  if (!isRecord(value)) return null;
  const copy: unknown = structuredClone(value);
  let issues = first;
  for (let round = 0; round < REPAIR_ROUNDS_MAX; round += 1) {
    // From the back, so that what was put in for one problem is not taken out for another.
    for (const issue of issues.toReversed()) repair(copy, issue);
    const parsed = schema.safeParse(copy);
    if (parsed.success) return parsed.data;
    issues = parsed.error.issues;
  }
  return null;
}

const STAND_INS: Readonly<Record<string, () => unknown>> = {
  string: () => "-",
  number: () => 1,
  int: () => 1,
  boolean: () => false,
  array: () => [],
  object: () => ({}),
  record: () => ({}),
};

function repair(root: unknown, issue: Issue): void {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) removeAt(root, [...path, key]);
    return;
  }
  const missing = valueAt(root, path) === undefined;
  const standIn = issue.code === "invalid_type" ? STAND_INS[issue.expected] : undefined;
  const inList = typeof path.at(-1) === "number";
  if (standIn !== undefined && (missing || inList)) putAt(root, path, standIn());
  else if (missing && issue.code === "invalid_value") putAt(root, path, issue.values[0]);
  else if (inList) putAt(root, path, "-");
  else removeAt(root, path);
}

function putAt(root: unknown, path: Path, value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent !== "object" || parent === null || last === undefined) return;
  (parent as Record<string | number, unknown>)[last] = value;
}

function removeAt(root: unknown, path: Path): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (isRecord(parent) && last !== undefined)
    delete (parent as Record<string | number, unknown>)[last];
}
