// Reads JSON, JSONC and YAML into plain JSON values, with a limit on everything a file can be made large with. Whether
// the value is a good asset is not asked here.
import { createScanner, getNodeValue, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Node, ParseError } from "jsonc-parser";
import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, Parser } from "yaml";
import type { CST, ParsedNode } from "yaml";
import type { Finding, Path } from "./findings.ts";
import { jsonPath } from "./findings.ts";

export const FILE_BYTES_MAX = 1024 * 1024;
export const DEPTH_MAX = 64;
/** YAML aliases in one file; more of them than anybody writes by hand is a bomb. */
export const ALIASES_MAX = 100;
/** Values in one file, what aliases repeat included. A file of 1 MiB cannot hold more without them. */
export const VALUES_MAX = 1_000_000;
/** Of one file's syntax errors the first few help; the others follow from them. */
const SYNTAX_ERRORS_MAX = 5;
/** Of bad keys and values in a file that can be read, so many are told. */
const FINDINGS_MAX = 100;

export type ParsedText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly findings: readonly Finding[] };

export type TextFormat = "json" | "yaml";

export const FORMAT_BY_EXTENSION: ReadonlyMap<string, TextFormat> = new Map([
  [".json", "json"],
  [".jsonc", "json"],
  [".yaml", "yaml"],
  [".yml", "yaml"],
]);

/** The text of a file, or null when its bytes are not UTF-8. A byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Never throws, whatever the bytes are. */
export function parseBytes(bytes: Uint8Array, format: TextFormat): ParsedText {
  if (bytes.length > FILE_BYTES_MAX) {
    return failure("file-too-large", `${bytes.length} bytes`, `at most ${FILE_BYTES_MAX} bytes`);
  }
  const text = decodeText(bytes);
  if (text === null)
    return failure("file-encoding", "bytes that are no UTF-8", "a text file in UTF-8");
  return parseText(text, format);
}

/** The value of an empty YAML file is null. */
export function parseText(text: string, format: TextFormat): ParsedText {
  if (text.length > FILE_BYTES_MAX) {
    return failure("file-too-large", `${text.length} characters`, `at most ${FILE_BYTES_MAX}`);
  }
  try {
    return { ok: true, value: format === "json" ? parseJson(text) : parseYaml(text) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, findings: error.findings };
    return failure(
      "file-syntax",
      error instanceof Error ? error.message.slice(0, 200) : "nonsense",
      `readable ${format}`,
    );
  }
}

/** Thrown inside of this file only, to come out of the recursion. */
class Unreadable extends Error {
  readonly findings: readonly Finding[];
  constructor(findings: readonly Finding[]) {
    super("unreadable");
    this.findings = findings;
  }
}

const finding = (code: string, found: string, expected: string): Finding => ({
  code,
  path: "$",
  found,
  expected,
});
const failure = (code: string, found: string, expected: string): ParsedText => ({
  ok: false,
  findings: [finding(code, found, expected)],
});
const unreadable = (code: string, found: string, expected: string): Unreadable =>
  new Unreadable([finding(code, found, expected)]);
const tooDeep = (): Unreadable =>
  unreadable("file-too-deep", "deeper nesting", `at most ${DEPTH_MAX} levels of nesting`);

type Build = { values: number; readonly findings: Finding[] };

function note(build: Build, path: Path, told: Omit<Finding, "path">): void {
  build.findings.push({ ...told, path: jsonPath(path) });
  if (build.findings.length >= FINDINGS_MAX) throw new Unreadable(build.findings);
}

function complete(value: unknown, { findings }: Build): unknown {
  if (findings.length > 0) throw new Unreadable(findings);
  return value;
}

function countValue(build: Build, more = 1): void {
  build.values += more;
  if (build.values > VALUES_MAX)
    throw unreadable("file-too-large", "more values", `at most ${VALUES_MAX} values`);
}

type Member = {
  readonly object: Record<string, unknown>;
  readonly key: string;
  readonly path: Path;
  readonly value: unknown;
};

/** `__proto__` would be a way to change what every object knows; nobody's asset has such a key. */
function addMember({ object, key, path, value }: Member, build: Build): void {
  if (key === "__proto__")
    note(build, path, { code: "key-unknown", found: key, expected: "another key" });
  else if (Object.hasOwn(object, key)) {
    note(build, path, {
      code: "key-duplicate",
      found: `${key} a second time`,
      expected: "each key once",
    });
  } else object[key] = value;
}

// ---- JSON and JSONC: comments and a trailing comma are taken in both

function parseJson(text: string): unknown {
  checkJsonDepth(text);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || tree === undefined) {
    const shown = errors
      .slice(0, SYNTAX_ERRORS_MAX)
      .map(({ error, offset }) =>
        finding("file-syntax", `${printParseErrorCode(error)} at ${lineOf(text, offset)}`, "JSON"),
      );
    throw new Unreadable(
      shown.length > 0 ? shown : [finding("file-syntax", "an empty file", "JSON")],
    );
  }
  const build: Build = { values: 0, findings: [] };
  return complete(fromJsonNode(tree, [], build), build);
}

/** The scanner's token numbers; the library's own names for them exist only for a compiler that inlines them. */
const TOKEN = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, end: 17 } as const;

/** Looked at token by token: the parser itself goes down by recursion and would end in a stack overflow. */
function checkJsonDepth(text: string): void {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let token = scanner.scan(); token !== TOKEN.end; token = scanner.scan()) {
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) depth += 1;
    if (token === TOKEN.closeBrace || token === TOKEN.closeBracket) depth -= 1;
    if (depth > DEPTH_MAX) throw tooDeep();
  }
}

function fromJsonNode(node: Node, path: Path, build: Build): unknown {
  countValue(build);
  const children = node.children ?? [];
  if (node.type === "array")
    return children.map((child, place) => fromJsonNode(child, [...path, place], build));
  if (node.type !== "object") return plainScalar(getNodeValue(node), path, build);
  const object: Record<string, unknown> = {};
  for (const { children: [name, member] = [] } of children) {
    const key = String(name?.value);
    const place = [...path, key];
    const value = member === undefined ? null : fromJsonNode(member, place, build);
    addMember({ object, key, path: place, value }, build);
  }
  return object;
}

function lineOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return `line ${before.split("\n").length}, column ${offset - start + 1}`;
}

// ---- YAML 1.2

type YamlBuild = Build & {
  aliases: number;
  readonly anchors: Map<string, { value: unknown; values: number }>;
};

/**
 * The document is walked here instead of by the library's own conversion, whose checks for equal keys and for aliases
 * take time quadratic in their number: 1 MiB of short keys would keep it busy for minutes.
 */
function parseYaml(text: string): unknown {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  checkYamlDepth(tokens);
  const composer = new Composer({ uniqueKeys: false, version: "1.2", prettyErrors: false });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document] = documents;
  if (document === undefined) return null;
  const problems = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  if (problems.length > 0) {
    throw new Unreadable(
      problems.slice(0, SYNTAX_ERRORS_MAX).map((problem) => {
        const { line, col } = lines.linePos(problem.pos[0]);
        return finding(
          "file-syntax",
          `${problem.message.split("\n")[0]} at line ${line}, column ${col}`,
          "YAML 1.2",
        );
      }),
    );
  }
  if (documents.length > 1)
    throw unreadable("file-syntax", `${documents.length} documents`, "one YAML document");
  const root = document.contents as ParsedNode | null;
  const build: YamlBuild = { values: 0, findings: [], aliases: 0, anchors: new Map() };
  return complete(fromYamlNode(root, [], build), build);
}

type Nested = { readonly token: unknown; readonly depth: number };

/** Tokens hang in each other as deep as the text is nested; looked at with a list of one's own, not by recursion. */
function checkYamlDepth(tokens: readonly CST.Token[]): void {
  const open: Nested[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.token !== "object" || next.token === null) continue;
    const { items, value, key } = next.token as { items?: unknown; value?: unknown; key?: unknown };
    const own = "type" in next.token && Array.isArray(items) ? 1 : 0;
    if (next.depth + own > DEPTH_MAX) throw tooDeep();
    for (const token of [value, key, ...(Array.isArray(items) ? (items as unknown[]) : [])]) {
      open.push({ token, depth: next.depth + own });
    }
  }
}

function fromYamlNode(node: ParsedNode | null, path: Path, build: YamlBuild): unknown {
  const before = build.values;
  countValue(build);
  if (node === null) return null;
  if (isAlias(node)) return fromAlias(node.source, path, build);
  const value = fromYamlValue(node, path, build);
  if (node.anchor !== undefined)
    build.anchors.set(node.anchor, { value, values: build.values - before });
  return value;
}

function fromYamlValue(node: ParsedNode, path: Path, build: YamlBuild): unknown {
  if (isScalar(node)) return plainScalar(node.value, path, build);
  if (isSeq(node)) {
    return node.items.map((item, place) =>
      fromYamlNode(item as ParsedNode | null, [...path, place], build),
    );
  }
  const object: Record<string, unknown> = {};
  if (!isMap(node)) return object;
  for (const pair of node.items) {
    const key = yamlKey(pair.key);
    const place = [...path, key ?? ""];
    const value = fromYamlNode(pair.value as ParsedNode | null, place, build);
    if (key !== null) addMember({ object, key, path: place, value }, build);
    else
      note(build, path, {
        code: "file-syntax",
        found: "a key that is no word",
        expected: "keys that are words",
      });
  }
  return object;
}

/** An anchor is known once its value is complete, so a value can never contain itself. */
function fromAlias(name: string, path: Path, build: YamlBuild): unknown {
  build.aliases += 1;
  if (build.aliases > ALIASES_MAX)
    throw unreadable("file-aliases", "more aliases", `at most ${ALIASES_MAX} YAML aliases`);
  const anchor = build.anchors.get(name);
  if (anchor === undefined) {
    note(build, path, {
      code: "file-syntax",
      found: `the alias *${name}`,
      expected: "an anchor before its alias",
    });
    return null;
  }
  countValue(build, anchor.values);
  return anchor.value;
}

function yamlKey(key: unknown): string | null {
  const isWord =
    isScalar(key) &&
    (typeof key.value === "string" ||
      typeof key.value === "number" ||
      typeof key.value === "boolean");
  return isWord ? String(key.value) : null;
}

/** YAML can write down what JSON cannot: `.nan`, dates by a tag, binary. */
function plainScalar(value: unknown, path: Path, build: Build): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const found = typeof value === "number" ? String(value) : "a value that JSON does not have";
  note(build, path, {
    code: "value-invalid",
    found,
    expected: "a text, a number, true, false or null",
  });
  return null;
}
