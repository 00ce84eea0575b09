// The configuration: flags, environment, orket.yaml, user file and defaults, in that order of weight. Its inputs are handed
// in; every problem is reported at once; the result is frozen.
import { inspect } from "node:util";
import { z } from "zod";
import type { Result } from "./domain/result.ts";
import type { Setting } from "./config-settings.ts";
import { SETTINGS } from "./config-settings.ts";

/** A secret does not print: not in a template, not in JSON, not in an inspection. */
export type Secret = { readonly reveal: () => string };

export function createSecret(value: string): Secret {
  const hidden = () => "[secret]";
  return Object.freeze({
    reveal: () => value,
    toString: hidden,
    toJSON: hidden,
    [inspect.custom]: hidden,
  });
}

export type SettingOrigin =
  | "flag"
  | "environment"
  | ".env"
  | "orket.yaml"
  | "user file"
  | "default";

export type ConfigProblem = {
  /** `environment`, or the file's name. */
  readonly source: string;
  readonly name: string;
  readonly found: string;
  readonly expected: string;
};

export type SettingRow = {
  readonly key: string;
  readonly env: string | null;
  /** `set` or `unset` for a secret. */
  readonly value: unknown;
  readonly origin: SettingOrigin;
  readonly meaning: string;
};

export type ConfigInput = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values of the project's `.env`; existing variables win. */
  readonly dotenv?: Readonly<Record<string, string>>;
  /** The parsed orket.yaml; null or undefined when it is missing or empty. */
  readonly file?: unknown;
  readonly userFile?: unknown;
  /** By setting key. */
  readonly flags?: Readonly<Record<string, unknown>>;
};

export type Config = {
  readonly text: (key: string) => string | null;
  readonly number: (key: string) => number;
  readonly flag: (key: string) => boolean;
  readonly record: <Value>(key: string) => Readonly<Record<string, Value>>;
  readonly secret: (key: string) => Secret | null;
  /** Every secret that is set, for the scrubbers of logs and events. */
  readonly secrets: () => readonly string[];
  readonly rows: readonly SettingRow[];
};

type Found = { readonly value: unknown; readonly origin: SettingOrigin };

export function loadConfig(input: ConfigInput): Result<Config, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [
    ...unknownVariables(input.env, "environment"),
    ...unknownVariables(input.dotenv ?? {}, ".env"),
  ];
  const file = flatten(input.file, "orket.yaml", problems);
  const userFile = flatten(input.userFile, "user file", problems);
  const values = new Map<string, unknown>();
  const rows = SETTINGS.map((setting): SettingRow => {
    const found = find(setting, input, { file, userFile });
    const value = check(setting, found, problems);
    values.set(
      setting.key,
      setting.secret === true && typeof value === "string" ? createSecret(value) : value,
    );
    const shown = setting.secret === true ? (value === null ? "unset" : "set") : value;
    return {
      key: setting.key,
      env: setting.env ?? null,
      value: shown,
      origin: found.origin,
      meaning: setting.meaning,
    };
  });
  if (problems.length > 0) return { ok: false, error: problems };
  return { ok: true, value: configOf(values, rows) };
}

function configOf(values: ReadonlyMap<string, unknown>, rows: readonly SettingRow[]): Config {
  for (const value of values.values()) deepFreeze(value);
  const get = (key: string): unknown => {
    if (!values.has(key)) throw new TypeError(`There is no setting ${key}.`);
    return values.get(key);
  };
  const secrets = [...values]
    .filter(([key]) => SETTINGS.find((one) => one.key === key)?.secret)
    .map(([, value]) => value);
  return Object.freeze({
    text: (key: string) => get(key) as string | null,
    number: (key: string) => get(key) as number,
    flag: (key: string) => get(key) as boolean,
    record: <Value>(key: string) => get(key) as Readonly<Record<string, Value>>,
    secret: (key: string) => get(key) as Secret | null,
    secrets: () => secrets.filter((one) => one !== null).map((one) => (one as Secret).reveal()),
    rows,
  });
}

function find(
  { key, env, fallback }: Setting,
  { env: variables, dotenv = {}, flags = {} }: ConfigInput,
  {
    file,
    userFile,
  }: {
    readonly file: ReadonlyMap<string, unknown>;
    readonly userFile: ReadonlyMap<string, unknown>;
  },
): Found {
  if (flags[key] !== undefined) return { value: flags[key], origin: "flag" };
  if (env !== undefined && variables[env] !== undefined)
    return { value: variables[env], origin: "environment" };
  if (env !== undefined && dotenv[env] !== undefined) return { value: dotenv[env], origin: ".env" };
  if (file.has(key)) return { value: file.get(key), origin: "orket.yaml" };
  if (userFile.has(key)) return { value: userFile.get(key), origin: "user file" };
  return { value: fallback, origin: "default" };
}

function check(
  { key, env, schema, secret, fallback }: Setting,
  { value, origin }: Found,
  problems: ConfigProblem[],
): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fromVariable = origin === "environment" || origin === ".env";
  const name = fromVariable ? (env ?? key) : key;
  const expected = parsed.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".")}${issue.path.length > 0 ? ": " : ""}${issue.message}`);
  const found = secret === true ? "a secret" : shown(value);
  problems.push({ source: origin, name, found, expected: expected.join("; ") });
  return fallback;
}

const SHOWN_CHARACTERS_MAX = 80;
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
};

/** A misspelt security flag must not be silently off. */
function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  source: string,
): readonly ConfigProblem[] {
  const known = SETTINGS.map((setting) => setting.env).filter((name) => name !== undefined);
  return Object.keys(env)
    .filter((name) => name.startsWith("ORKET_") && !known.includes(name))
    .toSorted()
    .map((name) => ({
      source,
      name,
      found: "an unknown variable",
      expected: `one of the known ones; did you mean ${nearest(name, known)}?`,
    }));
}

/** Keys of a file, dotted, down to the settings; what is left over is a problem. */
function flatten(
  value: unknown,
  source: string,
  problems: ConfigProblem[],
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const keys = SETTINGS.map((setting) => setting.key);
  const walk = (part: unknown, base: string): void => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) {
      problems.push({
        source,
        name: base === "" ? "$" : base,
        found: shown(part),
        expected: "keys with values",
      });
      return;
    }
    for (const [name, member] of Object.entries(part)) {
      const key = base === "" ? name : `${base}.${name}`;
      if (keys.includes(key)) found.set(key, member);
      else if (keys.some((one) => one.startsWith(`${key}.`))) walk(member, key);
      else
        problems.push({
          source,
          name: key,
          found: "an unknown key",
          expected: `a known one; did you mean ${nearest(key, keys)}?`,
        });
    }
  };
  if (value !== null && value !== undefined) walk(value, "");
  return found;
}

const nearest = (name: string, known: readonly string[]): string =>
  known.toSorted((left, right) => distance(name, left) - distance(name, right))[0] ?? "";

/** Edits between two words, counted row by row. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, place) => place);
  for (let down = 1; down <= left.length; down += 1) {
    const next = [down];
    for (let across = 1; across <= right.length; across += 1) {
      const same = left[down - 1] === right[across - 1] ? 0 : 1;
      next.push(
        Math.min(
          (row[across] ?? 0) + 1,
          (next[across - 1] ?? 0) + 1,
          (row[across - 1] ?? 0) + same,
        ),
      );
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}

/** `NAME=value` lines; comments, blank lines, `export` and quotes as in a shell, without expansion. */
export function parseDotEnv(text: string): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const quoted = /^(['"])([\s\S]*)\1$/.exec(match[2]);
    values[match[1]] = quoted?.[2] ?? match[2].replace(/\s+#.*$/, "");
  }
  return values;
}

/** JSON Schema of orket.yaml. */
export function settingsJsonSchema(): Record<string, unknown> {
  const root: Record<string, unknown> = {
    type: "object",
    title: "orket.yaml",
    additionalProperties: false,
    properties: {},
  };
  for (const { key, schema, meaning } of SETTINGS) {
    const names = key.split(".");
    let place = root["properties"] as Record<string, unknown>;
    for (const name of names.slice(0, -1)) {
      const group = (place[name] ??= {
        type: "object",
        additionalProperties: false,
        properties: {},
      }) as Record<string, unknown>;
      place = group["properties"] as Record<string, unknown>;
    }
    const { $schema: _, ...own } = z.toJSONSchema(schema, {
      io: "input",
      unrepresentable: "any",
    }) as Record<string, unknown>;
    place[names.at(-1) ?? ""] = { description: meaning, ...own };
  }
  return { $schema: "https://json-schema.org/draft/2020-12/schema", ...root };
}
