// Reading alone: what JSON and YAML can be made to do to a reader.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ALIASES_MAX,
  DEPTH_MAX,
  FILE_BYTES_MAX,
  parseBytes,
  parseText,
  VALUES_MAX,
} from "./parse-text.ts";
import type { TextFormat } from "./parse-text.ts";

const codesOf = (text: string, format: TextFormat): readonly string[] => {
  const parsed = parseText(text, format);
  return parsed.ok ? [] : parsed.findings.map(({ code, path }) => `${code} ${path}`);
};

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const bomb = `a: &a [${"1,".repeat(VALUES_MAX / 90)}]\nb: [${"*a,".repeat(99)}]`;

const ROWS: readonly (readonly [string, TextFormat, string, readonly string[]])[] = [
  ["nesting at the limit", "json", nested(DEPTH_MAX), []],
  ["nesting over the limit", "json", nested(DEPTH_MAX + 1), ["file-too-deep $"]],
  ["nesting at the limit", "yaml", nested(DEPTH_MAX), []],
  ["nesting over the limit", "yaml", nested(DEPTH_MAX + 1), ["file-too-deep $"]],
  ["nesting in blocks", "yaml", "- ".repeat(DEPTH_MAX + 1), ["file-too-deep $"]],
  ["nesting without end", "json", '{"a":'.repeat(100_000), ["file-too-deep $"]],
  ["nesting without end", "yaml", "{a: ".repeat(20_000), ["file-too-deep $"]],
  ["brackets in texts and comments", "json", `["${"[".repeat(200)}" /* ${"[".repeat(200)} */]`, []],
  ["as many aliases as allowed", "yaml", `a: &a 1\nb: [${"*a,".repeat(ALIASES_MAX)}]`, []],
  ["one alias more", "yaml", `a: &a 1\nb: [${"*a,".repeat(ALIASES_MAX + 1)}]`, ["file-aliases $"]],
  ["a few aliases of something large", "yaml", bomb, ["file-too-large $"]],
  ["a value that contains itself", "yaml", "&a [*a]", ["file-syntax $[0]"]],
  [
    "keys twice",
    "json",
    '{"a":1,"b":{"c":1,"c":2},"a":3}',
    ["key-duplicate $.b.c", "key-duplicate $.a"],
  ],
  [
    "keys twice",
    "yaml",
    "a: 1\nb: {c: 1, c: 2}\na: 3\n",
    ["key-duplicate $.b.c", "key-duplicate $.a"],
  ],
  ["a key that changes every object", "json", '{"__proto__":{"x":1}}', ["key-unknown $.__proto__"]],
  ["a key that changes every object", "yaml", "__proto__: {x: 1}", ["key-unknown $.__proto__"]],
  [
    "numbers that JSON does not have",
    "yaml",
    "a: .inf\nb: .nan",
    ["value-invalid $.a", "value-invalid $.b"],
  ],
  ["a number too large", "json", "[1e999]", ["value-invalid $[0]"]],
  ["a tag", "yaml", "a: !!js/function x", ["file-syntax $"]],
  ["a date by an older YAML", "yaml", "%YAML 1.1\n---\na: 2001-01-01", ["value-invalid $.a"]],
  ["two documents", "yaml", "a: 1\n---\nb: 2", ["file-syntax $"]],
  ["a key that is a list", "yaml", "? [a]\n: b", ["file-syntax $"]],
  ["nothing", "json", "", ["file-syntax $"]],
  ["nothing", "yaml", "# nothing\n", []],
];

for (const [name, format, text, expected] of ROWS) {
  test(`${name}, in ${format}`, () => assert.deepEqual(codesOf(text, format), expected));
}

test("a short text that costs a careless reader minutes is read or refused in seconds", () => {
  const size = 256 * 1024;
  const texts = [
    `{${Array.from({ length: size / 9 }, (_, place) => `k${place}: v`).join(",")}}`,
    `a: &x [${"*x,".repeat(size / 3)}]`,
    "a:\n".repeat(size / 3),
    '"'.repeat(size),
  ];
  for (const text of texts) {
    const start = performance.now();
    parseText(text, "yaml");
    assert.ok(performance.now() - start < 5000, text.slice(0, 10));
  }
});

test("a file one byte over the limit is refused, at the limit it is read", () => {
  const bytes = Buffer.from(`"${"x".repeat(FILE_BYTES_MAX - 2)}"`);
  assert.ok(parseBytes(bytes, "json").ok);
  assert.ok(!parseBytes(Buffer.concat([bytes, Buffer.from(" ")]), "json").ok);
});

test("whatever is valid JSON comes out as it went in, in both formats", () => {
  const value = fc
    .jsonValue({ maxDepth: 5 })
    .filter((one) => !JSON.stringify(one).includes("__proto__"));
  fc.assert(
    fc.property(value, (one) => {
      const text = JSON.stringify(one);
      const expected = { ok: true, value: JSON.parse(text) as unknown };
      assert.deepEqual(parseText(text, "json"), expected);
    }),
  );
});

test("no bytes make the reader throw", () => {
  const format = fc.constantFrom<TextFormat>("json", "yaml");
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: "binary" }),
      format,
      (bytes, text, one) => {
        parseBytes(bytes, one);
        parseText(text, one);
      },
    ),
    { numRuns: 300 },
  );
});
