// Small readers for what a project says of its own stack. Each looks at one value, notes what is wrong, and gives back
// something harmless in its place, so that one load tells everything that is wrong.
import type { Json } from "./json.ts";
import { isJsonObject } from "./json.ts";

/** One thing that is wrong; `path` is a JSON path below the stack. */
export type Finding = {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
};

/** Where a reader stands, and where it notes. */
export type Place = { readonly path: string; readonly problems: Finding[] };

export const NAME_PATTERN = /^[a-z][a-z0-9-]{0,30}$/;

/** Not as it stands: what was written may be long, or a secret at the wrong place. */
const FOUND_CHARACTERS_MAX = 40;

export function found(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") {
    const cut = value.slice(0, FOUND_CHARACTERS_MAX);
    return JSON.stringify(cut.length < value.length ? `${cut}…` : cut);
  }
  if (Array.isArray(value)) return "a list";
  return isJsonObject(value) ? "a table" : JSON.stringify(value);
}

export const at = ({ path, problems }: Place, key: string): Place => ({
  path: `${path}.${key.slice(0, FOUND_CHARACTERS_MAX)}`,
  problems,
});

function wrong({ path, problems }: Place, value: Json | undefined, expected: string): void {
  problems.push({ path, found: found(value), expected });
}

export type Rule = { readonly is: (text: string) => boolean; readonly expected: string };

const TEXT_CHARACTERS_MAX = 4096;

/** No control characters, no line or paragraph separators, no halves of characters: those mean something to YAML. */
const PRINTABLE = /^[^\p{Cc}\u2028\u2029\ufeff\p{Cs}]*$/u;

export const TEXT: Rule = {
  is: (text) => text.length <= TEXT_CHARACTERS_MAX && PRINTABLE.test(text),
  expected: `printable text of at most ${TEXT_CHARACTERS_MAX} characters`,
};

/** A path that means itself wherever it is written down: nothing in it separates, quotes or climbs. */
const PLAIN_PATH = /^[A-Za-z0-9._/@+-]{1,255}$/;
const climbs = (path: string): boolean =>
  path
    .split("/")
    .some((part, place) => part === ".." || part === "." || (part === "" && place > 0));

const OF_THE_KERNEL = /^\/(?:proc|sys|dev|run\/secrets)(?:\/|$)/;

export const INNER_PATH: Rule = {
  is: (path) =>
    PLAIN_PATH.test(path) &&
    path.startsWith("/") &&
    path.length > 1 &&
    !climbs(path) &&
    !OF_THE_KERNEL.test(path) &&
    !path.endsWith(".sock"),
  expected: "an absolute path inside of the service, not of /proc, /sys, /dev or /run/secrets",
};

export const SOURCE_PATH: Rule = {
  is: (path) => path === "." || (PLAIN_PATH.test(path) && !path.startsWith("/") && !climbs(path)),
  expected: "a path below the sources, without ..",
};

/** A version: a tag with a digit in it, or the digest of the image itself. */
const IMAGE =
  /^[a-z0-9][a-z0-9._/-]{0,200}(?::[0-9]{1,5}\/[a-z0-9._/-]{1,200})?(?::(?!latest$)(?=[A-Za-z_.-]*[0-9])[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$/;

export const IMAGE_NAME: Rule = {
  is: (image) => IMAGE.test(image),
  expected: "an image with an exact version, never latest",
};

export const NAME: Rule = {
  is: (name) => NAME_PATTERN.test(name),
  expected: "a name of a-z, 0-9 and dashes",
};

export const USER: Rule = {
  is: (user) => /^[1-9][0-9]{0,8}(?::[1-9][0-9]{0,8})?$/.test(user),
  expected: "a numeric user, or user:group, and not root",
};

export const PULL: Rule = {
  is: (word) => word === "missing" || word === "never",
  expected: "missing or never",
};

export function readText(value: Json | undefined, place: Place, rule: Rule): string {
  if (typeof value === "string" && rule.is(value) && TEXT.is(value)) return value;
  wrong(place, value, rule.expected);
  return "";
}

export type Bounds = { readonly from: number; readonly to: number; readonly usual: number };

export function readNumber(
  value: Json | undefined,
  place: Place,
  { from, to, usual }: Bounds,
): number {
  if (value === undefined) return usual;
  if (typeof value === "number" && value >= from && value <= to) return value;
  wrong(place, value, `a number from ${from} to ${to}`);
  return usual;
}

/** Amounts that can only be whole. */
export function readCount(value: Json | undefined, place: Place, bounds: Bounds): number {
  const count = readNumber(value, place, bounds);
  if (Number.isInteger(count)) return count;
  wrong(place, value, "a whole number");
  return bounds.usual;
}

const ENTRIES_MAX = 50;

export function readList(value: Json | undefined, place: Place, rule: Rule): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0 || value.length > ENTRIES_MAX) {
    wrong(place, value, `a list of 1 to ${ENTRIES_MAX} texts`);
    return [];
  }
  return value.map((item: Json, index) =>
    readText(item, { ...place, path: `${place.path}[${index}]` }, rule),
  );
}

/** Of its own keys alone; each is held to the rule, its value to the reader. */
export function readTable<Value>(
  value: Json | undefined,
  place: Place,
  entry: { readonly key: Rule; readonly read: (value: Json | undefined, place: Place) => Value },
): Readonly<Record<string, Value>> {
  if (value === undefined) return {};
  if (!isJsonObject(value) || Object.keys(value).length > ENTRIES_MAX) {
    wrong(place, value, `a table of at most ${ENTRIES_MAX} entries`);
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      readText(key, at(place, key), entry.key);
      return [key, entry.read(item, at(place, key))];
    }),
  );
}

/** Fields that are not listed are refused, whatever they are. */
export function readFields<Key extends string>(
  value: Json | undefined,
  place: Place,
  known: readonly Key[],
): Readonly<Partial<Record<Key, Json>>> {
  if (!isJsonObject(value)) {
    wrong(place, value, `a table of ${known.join(", ")}`);
    return readFields({}, place, known);
  }
  for (const key of Object.keys(value)) {
    if (!(known as readonly string[]).includes(key))
      wrong(at(place, key), value[key], `only ${known.join(", ")}`);
  }
  const own = known.flatMap((key) => (Object.hasOwn(value, key) ? [[key, value[key]]] : []));
  return Object.fromEntries(own) as Readonly<Partial<Record<Key, Json>>>;
}
