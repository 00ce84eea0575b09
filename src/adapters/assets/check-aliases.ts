// Keys of one meaning: which of them stand in a file together, and which of them must. A schema cannot say that, because
// it sees one key at a time. Also finds the keys that are taken without effect.
import type { Finding, Path } from "./findings.ts";
import { isRecord, jsonPath, shownValue } from "./findings.ts";
import { TOLERATED } from "./schemas/fields.ts";
import type { AssetKind } from "./schemas/kinds.ts";
import { NODE_ALIASES } from "./schemas/organization.ts";

type Loose = Readonly<Record<string, unknown>>;
type Spot = { readonly value: Loose; readonly path: Path };

/** Keys of an epic that hold its issues; one of them per file. */
export const ISSUE_KEYS = ["issues", "stories", "cards"] as const;
export type IssuesKey = (typeof ISSUE_KEYS)[number];

export const issuesKeyOf = (epic: Loose): IssuesKey =>
  ISSUE_KEYS.find((key) => epic[key] !== undefined) ?? "issues";

const CARD_KINDS: ReadonlySet<AssetKind> = new Set(["issue", "epic", "rock"]);

export function checkAliases(kind: AssetKind, raw: unknown): readonly Finding[] {
  if (!isRecord(raw)) return [];
  const top = { value: raw, path: [] };
  if (kind === "organization") return nodeAliases(raw);
  if (kind === "role") return roleNames(top);
  if (kind === "team") return childrenOf(top, "roles").flatMap(roleNames);
  if (!CARD_KINDS.has(kind)) return [];
  const findings = [...equalTexts(top, "summary", "name")];
  if (kind === "issue") findings.push(...issueAliases(top));
  if (kind === "epic")
    findings.push(...oneOf(top, ISSUE_KEYS), ...issueSpots(top).flatMap(issueChecks));
  return findings;
}

const issueChecks = (spot: Spot): readonly Finding[] => [
  ...equalTexts(spot, "summary", "name"),
  ...issueAliases(spot),
];

function issueAliases(spot: Spot): readonly Finding[] {
  const { value, path } = spot;
  const findings = [...oneNeeded(spot, ["summary", "name", "id"])];
  const verification = value["verification"];
  const inner = isRecord(verification) ? verification : {};
  findings.push(
    ...equalTexts(
      { value: inner, path: [...path, "verification"] },
      "fixture_path",
      "verification_fixture",
    ),
  );
  const fixture = inner["fixture_path"] ?? inner["verification_fixture"];
  const both = {
    verification_fixture: value["verification_fixture"],
    "verification.fixture_path": fixture,
  };
  return [
    ...findings,
    ...equalTexts({ value: both, path }, "verification.fixture_path", "verification_fixture"),
  ];
}

const roleNames = (spot: Spot): readonly Finding[] => [
  ...equalTexts(spot, "summary", "name"),
  ...oneNeeded(spot, ["name", "summary"]),
];

function nodeAliases(raw: Loose): readonly Finding[] {
  const rules = raw["process_rules"];
  if (!isRecord(rules)) return [];
  const spot = { value: rules, path: ["process_rules"] };
  return Object.entries(NODE_ALIASES).flatMap(([name, older]) => oneOf(spot, [name, older]));
}

/** Two keys of one meaning are accepted while they say the same. */
function equalTexts({ value, path }: Spot, key: string, alias: string): readonly Finding[] {
  const [left, right] = [value[key], value[alias]];
  if (left === undefined || right === undefined || left === right) return [];
  const found = `${key} and ${alias} with different texts`;
  return [
    {
      code: "alias-conflict",
      path: jsonPath([...path, alias]),
      found,
      expected: `only ${key}, or equal texts`,
    },
  ];
}

function oneOf({ value, path }: Spot, keys: readonly string[]): readonly Finding[] {
  const [first, ...others] = keys.filter((key) => value[key] !== undefined);
  return others.map((key) => ({
    code: "alias-conflict",
    path: jsonPath([...path, key]),
    found: `${key} beside ${first}`,
    expected: `one of ${keys.join(", ")}; they are one field`,
  }));
}

function oneNeeded({ value, path }: Spot, keys: readonly string[]): readonly Finding[] {
  if (keys.some((key) => value[key] !== undefined)) return [];
  const [first = ""] = keys;
  return [
    {
      code: "key-missing",
      path: jsonPath([...path, first]),
      found: "nothing",
      expected: keys.join(" or "),
    },
  ];
}

/** Issues of an epic as they stand in the file, whatever key holds them. */
const issueSpots = (top: Spot): readonly Spot[] =>
  ISSUE_KEYS.flatMap((key) => childrenOf(top, key));

function childrenOf({ value, path }: Spot, key: string): readonly Spot[] {
  const children = value[key];
  if (Array.isArray(children)) {
    return children.flatMap((child: unknown, place) =>
      isRecord(child) ? [{ value: child, path: [...path, key, place] }] : [],
    );
  }
  if (!isRecord(children)) return [];
  return Object.entries(children).flatMap(([name, child]) =>
    isRecord(child) ? [{ value: child, path: [...path, key, name] }] : [],
  );
}

/** Where the schema takes such keys: the asset itself and the parts of it that are cards, seats, roles or scenarios. */
const TOLERANT_PARTS = [...ISSUE_KEYS, "seats", "roles", "scenarios"] as const;

/** One warning for the whole file, or none. */
export function warnOfIgnoredKeys(raw: unknown): readonly Finding[] {
  if (!isRecord(raw)) return [];
  const keys = new Set<string>();
  const open: Spot[] = [{ value: raw, path: [] }];
  for (let spot = open.pop(); spot !== undefined; spot = open.pop()) {
    for (const key of Object.keys(spot.value)) if (Object.hasOwn(TOLERATED, key)) keys.add(key);
    for (const part of TOLERANT_PARTS) open.push(...childrenOf(spot, part));
    const verification = spot.value["verification"];
    if (isRecord(verification)) open.push({ value: verification, path: [] });
  }
  if (keys.size === 0) return [];
  const found = [...keys].sort().map(shownValue).join(", ");
  return [
    {
      code: "key-ignored",
      path: "$",
      found: `keys without effect: ${found}`,
      expected: "other data in params",
    },
  ];
}
