// Takes secrets out of what is about to be kept or shown: by the name of a member, and by known values inside any text.
import type { Json } from "./json.ts";

export const REDACTED = "[redacted]";
/** Shorter values are words of everyday text; removing them would hide nothing and damage much. */
const SECRET_LENGTH_MIN = 6;
export const REDACT_DEPTH_MAX = 64;

export type RedactRules = {
  /** Secrets the process knows: keys of providers, tokens. */
  readonly values: readonly string[];
  /** Member names beyond the usual ones. */
  readonly keys?: readonly string[];
};

const SECRET_WORDS: ReadonlySet<string> = new Set([
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "secret",
  "secrets",
  "token",
  "authorization",
  "credential",
  "credentials",
  "cookie",
  "apikey",
  "privatekey",
  "accesskey",
  "signingkey",
  "encryptionkey",
]);

/** `apiKey`, `API_KEY` and `x-api-key` → their words, neighbours of `key` joined: `apikey`. */
function wordsOf(key: string): readonly string[] {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  return words.map((word, place) => (word === "key" ? `${words[place - 1] ?? ""}key` : word));
}

const plain = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Gives a function that returns the value without secrets; the value itself is left as it is. */
export function createRedactor(rules: RedactRules): (value: Json) => Json {
  const keys = new Set((rules.keys ?? []).map(plain));
  const scrub = createScrubber(rules.values);
  const hides = (key: string, member: Json): boolean => {
    if (member === null || typeof member === "boolean") return false;
    if (keys.has(plain(key))) return true;
    const words = wordsOf(key);
    // `tokenCount: 5` is a number about tokens, `token: 5` is one.
    if (typeof member === "number") return SECRET_WORDS.has(words.at(-1) ?? "");
    return words.some((word) => SECRET_WORDS.has(word));
  };
  const redact = (value: Json, depth: number): Json => {
    if (typeof value === "string") return scrub(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= REDACT_DEPTH_MAX) return REDACTED;
    if (Array.isArray(value)) return value.map((item: Json) => redact(item, depth + 1));
    const members = Object.entries(value).map(([key, member]): [string, Json] => [
      scrub(key),
      hides(key, member) ? REDACTED : redact(member, depth + 1),
    ]);
    return Object.fromEntries(members);
  };
  return (value) => redact(value, 0);
}

/** The same for one text: known values only, for a text has no members. */
export const redactText = (text: string, values: readonly string[]): string =>
  createScrubber(values)(text);

/** Values also hide in their JSON and URL forms. Longest first: a value that contains another is removed whole. */
function createScrubber(values: readonly string[]): (text: string) => string {
  const forms = values
    .filter((value) => value.length >= SECRET_LENGTH_MIN)
    .flatMap((value) => [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value.toWellFormed()),
    ]);
  if (forms.length === 0) return (text) => text;
  const longestFirst = [...new Set(forms)].sort((left, right) => right.length - left.length);
  const pattern = new RegExp(
    longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"),
    "g",
  );
  return (text) => text.replace(pattern, REDACTED);
}
