// The configuration: flags, environment, orket.yaml, user file and defaults, in that order of weight. Its inputs are handed
// in; every problem is reported at once; the result is frozen.
import { inspect } from "node:util";
import { z } from "zod";
import { expectedOf } from "./adapters/assets/expected.ts";
import { nearestName } from "./adapters/assets/nearest.ts";
import { parseText } from "./adapters/assets/parse-text.ts";
import type { Result } from "./domain/result.ts";
import type { Setting } from "./config-settings.ts";
import { checkTogether, SETTINGS } from "./config-settings.ts";

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
  | "secret file"
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
  readonly isSecret: boolean;
};

/** Gives the secret in the file, or what is wrong with the file. */
export type ReadSecretFile = (
  path: string,
) => Result<string, { readonly found: string; readonly expected: string }>;

export type ConfigInput = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values of the project's `.env`; existing variables win. */
  readonly dotenv?: Readonly<Record<string, string>>;
  /** The parsed orket.yaml; null or undefined when it is missing or empty. */
  readonly file?: unknown;
  readonly userFile?: unknown;
  /** Reads a file that holds a secret; nothing is read without it. */
  readonly readSecretFile?: ReadSecretFile;
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

/** Every setting as a person may see it, for `orket config show`. */
export const describeSettings = (config: Config): readonly SettingRow[] => config.rows;

export function loadConfig(input: ConfigInput): Result<Config, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [
    ...unknownVariables(input.env, "environment"),
    ...unknownVariables(input.dotenv ?? {}, ".env"),
  ];
  const sources = {
    flags: unknownFlags(input.flags ?? {}, problems),
    file: flatten(input.file, "orket.yaml", problems),
    userFile: flatten(input.userFile, "user file", problems),
  };
  const fromFiles = readSecretFiles(input, sources, problems);
  const values = new Map<string, unknown>();
  const rows = SETTINGS.map((setting): SettingRow => {
    const { value, origin } = settle(
      setting,
      findAll(setting, input, { ...sources, fromFiles }),
      problems,
    );
    const { key, env = null, secret, meaning } = setting;
    const isSecret = secret === true;
    values.set(key, isSecret && typeof value === "string" ? createSecret(value) : value);
    return {
      key,
      env,
      value: isSecret ? (value === null ? "unset" : "set") : value,
      origin,
      meaning,
      isSecret,
    };
  });
  problems.push(
    ...checkTogether(values).map((problem) => ({
      source: originOf(rows, problem.name),
      ...problem,
    })),
  );
  if (problems.length > 0) return { ok: false, error: problems };
  return { ok: true, value: configOf(values, rows) };
}

const originOf = (rows: readonly SettingRow[], name: string): string =>
  rows.find(({ key, env }) => key === name || env === name)?.origin ?? "default";

function configOf(values: ReadonlyMap<string, unknown>, rows: readonly SettingRow[]): Config {
  for (const value of values.values()) deepFreeze(value);
  deepFreeze(rows);
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

type Values = ReadonlyMap<string, unknown>;
type Sources = Readonly<Record<"flags" | "file" | "userFile", Values>>;

/** The files are read also where a variable goes before: what is wrong with one is told, not found out later. */
function readSecretFiles(input: ConfigInput, sources: Sources, problems: ConfigProblem[]): Values {
  const found = new Map<string, unknown>();
  for (const setting of SETTINGS) {
    if (setting.fileOf === undefined) continue;
    // What is no text is told where the setting itself is settled.
    const { value: path } = settle(
      setting,
      findAll(setting, input, { ...sources, fromFiles: found }),
      [],
    );
    if (typeof path !== "string") continue;
    const read = input.readSecretFile?.(path);
    if (read?.ok) found.set(setting.fileOf, read.value);
    else
      problems.push({
        source: "secret file",
        name: setting.key,
        found: read?.error.found ?? "a file that is not read here",
        expected: read?.error.expected ?? "the variable",
      });
  }
  return found;
}

/** Every place that gives the setting, the weightiest first. A blank variable gives nothing. */
function findAll(
  { key, env }: Setting,
  { env: variables, dotenv = {} }: ConfigInput,
  { flags, file, userFile, fromFiles }: Sources & { readonly fromFiles: Values },
): readonly Found[] {
  const found: Found[] = [];
  const add = (value: unknown, origin: SettingOrigin): void => {
    if (value !== undefined) found.push({ value, origin });
  };
  const ofVariable = (from: Readonly<Record<string, string | undefined>>): string | undefined => {
    const value = env !== undefined && Object.hasOwn(from, env) ? from[env] : undefined;
    return value?.trim() === "" ? undefined : value;
  };
  add(flags.get(key), "flag");
  add(ofVariable(variables), "environment");
  add(ofVariable(dotenv), ".env");
  add(fromFiles.get(key), "secret file");
  add(file.get(key), "orket.yaml");
  add(userFile.get(key), "user file");
  return found;
}

/** What is wrong is told even where something weightier hides it. Of settings by name, each name is settled alone. */
function settle(setting: Setting, found: readonly Found[], problems: ConfigProblem[]): Found {
  const valid = found.flatMap(({ value, origin }): Found[] => {
    const parsed = setting.schema.safeParse(value, { error: expectedOf });
    if (parsed.success) return [{ value: parsed.data, origin }];
    problems.push(problemOf(setting, { value, origin }, parsed.error.issues));
    return [];
  });
  const [first = { value: setting.fallback, origin: "default" as const }] = valid;
  if (!isRecord(setting.fallback)) return first;
  const merged: unknown = Object.assign({}, ...valid.toReversed().map(({ value }) => value));
  return { value: merged, origin: first.origin };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function problemOf(
  { key, env, secret }: Setting,
  { value, origin }: Found,
  issues: readonly z.core.$ZodIssue[],
): ConfigProblem {
  const fromVariable = origin === "environment" || origin === ".env";
  const expected = issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".")}${issue.path.length > 0 ? ": " : ""}${issue.message}`);
  return {
    source: origin,
    name: fromVariable ? (env ?? key) : key,
    found: secret === true ? "a secret" : shown(value),
    expected: expected.join("; "),
  };
}

const SHOWN_CHARACTERS_MAX = 80;
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
};

const meant = (name: string, known: readonly string[]): string => {
  const nearest = nearestName(name, known);
  return nearest === null ? "a known name" : `a known name; did you mean ${nearest}?`;
};

/** A misspelt security flag must not be silently off. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  source: string,
): readonly ConfigProblem[] {
  const known = SETTINGS.map((setting) => setting.env).filter((name) => name !== undefined);
  const problems = Object.keys(env)
    .filter((name) => name.startsWith("ORKET_") && !known.includes(name))
    .toSorted()
    .map((name) => ({
      source,
      name: shortened(name),
      found: "an unknown variable",
      expected: meant(name, known),
    }));
  if (source === ".env" && (env["ORKET_PROJECT"] ?? "") !== "") {
    const expected = "the variable in the environment: .env is found through it";
    problems.push({ source, name: "ORKET_PROJECT", found: "a project directory", expected });
  }
  return problems;
}

function unknownFlags(
  flags: Readonly<Record<string, unknown>>,
  problems: ConfigProblem[],
): ReadonlyMap<string, unknown> {
  const known = SETTINGS.map((setting) => setting.key);
  for (const name of Object.keys(flags)) {
    if (known.includes(name)) continue;
    problems.push({
      source: "flag",
      name: shortened(name),
      found: "an unknown setting",
      expected: meant(name, known),
    });
  }
  return new Map(Object.entries(flags));
}

const shortened = (name: string): string =>
  name.length > SHOWN_CHARACTERS_MAX ? `${name.slice(0, SHOWN_CHARACTERS_MAX)}…` : name;

/** Keys of a file, dotted, down to the settings; what is left over is a problem. */
function flatten(
  value: unknown,
  source: string,
  problems: ConfigProblem[],
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const known = new Map(SETTINGS.map((setting) => [setting.key, setting]));
  const keys = [...known.keys()];
  const tell = (name: string, what: string, expected: string): void => {
    problems.push({ source, name: name === "" ? "$" : shortened(name), found: what, expected });
  };
  const walk = (part: unknown, base: string): void => {
    if (!isRecord(part)) return tell(base, shown(part), "keys with values");
    for (const [name, member] of Object.entries(part)) {
      const key = base === "" ? name : `${base}.${name}`;
      const setting = known.get(key);
      if (setting === undefined && keys.some((one) => one.startsWith(`${key}.`))) walk(member, key);
      else if (setting === undefined) tell(key, "an unknown key", meant(key, keys));
      else if (isForFile(setting, source)) found.set(key, member);
      else tell(key, "a setting that does not belong into this file", placeOf(setting));
    }
  };
  if (value !== null && value !== undefined) walk(value, "");
  return found;
}

const placeOf = ({ env }: Setting): string =>
  env === undefined ? "it in the project's orket.yaml" : `the variable ${env}`;

/** orket.yaml is committed and shared: no secret stands in it, and it cannot say where it lies itself. */
const isForFile = ({ secret, onlyOutside, onlyProject }: Setting, source: string): boolean =>
  onlyOutside !== true &&
  (secret !== true || source !== "orket.yaml") &&
  (onlyProject !== true || source === "orket.yaml");

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}

/** The value of a settings file; an empty one is null. Large, deep and repeating files are refused, as assets are. */
export function parseSettings(
  text: string,
  source: string,
): Result<unknown, readonly ConfigProblem[]> {
  const parsed = parseText(text, "yaml");
  if (parsed.ok) return parsed;
  const error = parsed.findings.map(({ path, found, expected }) => ({
    source,
    name: path,
    found,
    expected,
  }));
  return { ok: false, error };
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
  for (const { key, schema, meaning } of SETTINGS.filter((one) => isForFile(one, "orket.yaml"))) {
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
