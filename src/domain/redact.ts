// Takes secrets out of what is about to be kept or shown: known values in any spelling, what looks like a secret, and
// members with the name of one. What they look like stands in secret-shapes.ts.
import type { Json } from "./json.ts";
import { hideShapes } from "./secret-shapes.ts";

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

/** Each gives what it was given when there is nothing to hide in it; nothing is changed in place. */
export type Redactor = {
  readonly text: (text: string) => string;
  /** Every text and every key in it. For what must keep its form, such as the arguments of a call. */
  readonly json: <Value>(value: Value) => Value;
  /** The same, and whatever stands under the name of a secret. */
  readonly data: <Value>(value: Value) => Value;
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

export function createRedactor({ values, keys = [] }: RedactRules): Redactor {
  const names = new Set(keys.map(plain));
  const known = new Set(values.filter(isLongEnough));
  const text = createScrubber([...known]);
  const hides = (key: string, member: unknown): boolean => {
    if (member === null || typeof member === "boolean") return false;
    if (names.has(plain(key))) return true;
    const words = wordsOf(key);
    // `tokenCount: 5` is a number about tokens, `token: 5` is one.
    if (typeof member === "number") return SECRET_WORDS.has(words.at(-1) ?? "");
    return words.some((word) => SECRET_WORDS.has(word));
  };
  const never = (): boolean => false;
  const walk = <Value>(value: Value, isHidden: typeof hides): Value =>
    redact(value as Json, { text, known, isHidden }, 0) as Value;
  return {
    text,
    json: (value) => walk(value, never),
    data: (value) => walk(value, hides),
  };
}

type Rules = {
  readonly text: (text: string) => string;
  readonly known: ReadonlySet<string>;
  readonly isHidden: (key: string, member: Json) => boolean;
};

function redact(value: Json, rules: Rules, depth: number): Json {
  if (typeof value === "string") return rules.text(value);
  if (typeof value === "number") return rules.known.has(String(value)) ? REDACTED : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= REDACT_DEPTH_MAX) return REDACTED;
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => redact(item, rules, depth + 1));
    return items.every((item, place) => item === (value as readonly Json[])[place]) ? value : items;
  }
  let changed = false;
  const members = Object.entries(value).map(([key, member]): [string, Json] => {
    const name = rules.text(key);
    const kept = rules.isHidden(key, member) ? REDACTED : redact(member, rules, depth + 1);
    changed ||= name !== key || kept !== member;
    return [name, kept];
  });
  return changed ? Object.fromEntries(members) : value;
}

const VARIABLE_LENGTH_MIN = 8;
/** These name where a secret lies or whose it is. `PWD` is a folder. */
const NO_SECRET = /(?:^|_)(?:FILE|PATH|DIR|URL|NAME|USER|ID)$|^PWD$/i;

/** Values of variables with the name of a secret: they are nobody's business, also where no setting reads them. */
export const secretsIn = (env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.entries(env).flatMap(([name, value = ""]) =>
    value.length >= VARIABLE_LENGTH_MIN &&
    !NO_SECRET.test(name) &&
    wordsOf(name).some((word) => SECRET_WORDS.has(word))
      ? [value]
      : [],
  );

/** Nothing but what looks like a secret: for where none is known. */
export const redactLooks = (text: string): string => hideShapes(text, REDACTED);

const isLongEnough = (value: string): boolean => value.length >= SECRET_LENGTH_MIN;

function createScrubber(values: readonly string[]): (text: string) => string {
  if (values.length === 0) return redactLooks;
  // Longest first: a value that contains another is removed whole.
  const forms = [...new Set(values.flatMap(spellingsOf))].toSorted(
    (left, right) => right.length - left.length,
  );
  const pattern = new RegExp(forms.map(escaped).join("|"), "g");
  return (text) => redactLooks(withoutCut(text.replace(pattern, REDACTED), values));
}

const escaped = (form: string): string => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** As itself, inside JSON, JSON inside JSON, addresses, forms and headers, and as hexadecimal digits. */
function spellingsOf(value: string): readonly string[] {
  const bytes = new TextEncoder().encode(value);
  const inJson = JSON.stringify(value).slice(1, -1);
  const inUrl = encodeURIComponent(value.toWellFormed());
  const lowerCase = inUrl.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase());
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    value,
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    inUrl,
    lowerCase,
    inUrl.replaceAll("%20", "+"),
    hex,
    hex.toUpperCase(),
    ...base64Of(bytes),
  ];
}

/**
 * Base64 writes three bytes as four characters, so the value looks different after one, two or three bytes of something
 * else, such as the name before a password. The characters it shares with its neighbours are left out.
 */
function base64Of(bytes: Uint8Array): readonly string[] {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const inner = [0, 1, 2].map((before) => {
    const encoded = btoa("\0".repeat(before) + binary);
    const from = Math.ceil((before * 8) / 6);
    return encoded.slice(from, Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [btoa(binary), ...inner].flatMap((form) => [
    form,
    form.replaceAll("+", "-").replaceAll("/", "_"),
  ]);
}

/** The beginning of a value that says as much as this is hidden too where a text was cut in the middle of it. */
const CUT_LENGTH_MIN = 8;
const CUT_MARK = /^\n?…/;

function withoutCut(text: string, values: readonly string[]): string {
  let whole = text;
  for (const value of values) {
    const head = value.slice(0, CUT_LENGTH_MIN);
    if (head.length < CUT_LENGTH_MIN) continue;
    for (let at = whole.indexOf(head); at >= 0; at = whole.indexOf(head, at + 1)) {
      let end = at + head.length;
      while (end < whole.length && whole[end] === value[end - at]) end += 1;
      const rest = whole.slice(end, end + 2);
      if (rest === "" || CUT_MARK.test(rest))
        whole = `${whole.slice(0, at)}${REDACTED}${whole.slice(end)}`;
    }
  }
  return whole;
}
