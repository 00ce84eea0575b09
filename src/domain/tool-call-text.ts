// Tool calls that a model without native tool calling wrote into its text, and the canonical form of any call.
import type { Json, JsonObject } from "./json.ts";
import { canonicalJson, isJsonObject } from "./json.ts";
import { findJsonGroups, isJsonGroup } from "./json-groups.ts";
import type { ToolCall } from "./turn.ts";

/** More of a reply is not read; providers end theirs long before. */
const TEXT_LENGTH_MAX = 8 * 1024 * 1024;
export const TEXT_CALLS_MAX = 100;
const TOOL_NAME_LENGTH_MAX = 128;

/** Names that only a call has; an unfinished object with one of them is half a call. */
const CALL_MEMBERS: ReadonlySet<string> = new Set([
  "tool",
  "args",
  "name",
  "arguments",
  "function",
]);

type Found = Omit<ToolCall, "id">;

/** Every call in the text, in its order. Ids are unique within the answer. What is no call is ignored, never an error. */
export function parseTextCalls(text: string): readonly ToolCall[] {
  const source = text.slice(0, TEXT_LENGTH_MAX);
  const found = findJsonGroups(source, CALL_MEMBERS).flatMap(({ start, end }) =>
    callsIn(JSON.parse(source.slice(start, end)) as Json),
  );
  const calls = found.length > 0 ? found : parseOlderForm(source);
  return calls
    .slice(0, TEXT_CALLS_MAX)
    .map((call, place) => ({ id: `text-${place + 1}`, ...call }));
}

function callsIn(value: Json): readonly Found[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => callsIn(item));
  if (!isJsonObject(value)) return [];
  const calls = member(value, "tool_calls");
  if (Array.isArray(calls)) return calls.flatMap((item: Json) => callsIn(item));
  const wrapped = member(value, "function");
  const call =
    callOf(value, "tool", "args") ??
    callOf(value, "name", "arguments") ??
    (isJsonObject(wrapped) ? callOf(wrapped, "name", "arguments") : null);
  return call === null ? [] : [call];
}

const member = (value: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(value, key) ? value[key] : undefined;

function callOf(value: JsonObject, nameKey: string, argumentsKey: string): Found | null {
  const name = member(value, nameKey);
  const given = member(value, argumentsKey);
  if (typeof name !== "string" || given === undefined) return null;
  const tool = name.trim();
  if (tool === "" || tool.length > TOOL_NAME_LENGTH_MAX) return null;
  return { tool, args: argumentsOf(given) };
}

/** Some models send the arguments as a text that holds JSON. */
function argumentsOf(given: Json): ToolCall["args"] {
  const text = typeof given === "string" ? given.trim() : "";
  const value = isJsonGroup(text) ? (JSON.parse(text) as Json) : given;
  return isJsonObject(value) ? value : { $malformed: "The arguments are not a JSON object." };
}

/** Equal calls give equal texts, whatever the order of their arguments. */
export const callSignature = (call: Pick<ToolCall, "tool" | "args">): string =>
  `${call.tool} ${canonicalJson(call.args)}`;

// The older text form:
//
//   [write_file]              or    TOOL: write_file
//   PATH: src/a.py
//   CONTENT:
//   ```python
//   …
//   ```
const HEADER = /^\s*(?:\[([A-Za-z_]\w{0,127})\]|TOOL:\s*([A-Za-z_]\w{0,127}))\s*$/i;
const FIELD = /^\s*(?:PATH|CONTENT):/i;
const PATH = /^\s*PATH:(.*)$/i;
const CONTENT = /^\s*CONTENT:(.*)$/i;
const FENCE = /^\s*(`{3,}|~{3,})/;

const lineAt = (lines: readonly string[], place: number): string => lines[place] ?? "";

function parseOlderForm(text: string): readonly Found[] {
  const lines = text.split(/\r?\n/);
  const calls: Found[] = [];
  for (let place = 0; place < lines.length;) {
    const tool = headerAt(lines, place);
    if (tool === undefined) {
      place += 1;
      continue;
    }
    const block = readBlock(lines, place + 1);
    calls.push({ tool, args: block.args });
    place = block.next;
  }
  return calls;
}

/** A name in brackets alone is prose, or a section of somebody's settings; a field right behind it makes it a call. */
function headerAt(lines: readonly string[], place: number): string | undefined {
  const match = HEADER.exec(lineAt(lines, place));
  return match !== null && FIELD.test(lineAt(lines, place + 1))
    ? (match[1] ?? match[2])
    : undefined;
}

type Block = { readonly args: JsonObject; readonly next: number };

function readBlock(lines: readonly string[], start: number): Block {
  const args: Record<string, string> = {};
  let place = start;
  for (; place < lines.length && headerAt(lines, place) === undefined; place += 1) {
    const line = lineAt(lines, place);
    const path = PATH.exec(line)?.[1];
    if (path !== undefined) args["path"] = path.trim();
    const first = CONTENT.exec(line)?.[1];
    if (first === undefined) continue;
    const content = readContent(lines, place + 1, first.trim());
    return { args: { ...args, content: content.text }, next: content.next };
  }
  return { args, next: place };
}

type Content = { readonly text: string; readonly next: number };

/** In a fence: up to its end, whatever is inside. Else up to the next call or the end, without the blank lines there. */
function readContent(lines: readonly string[], start: number, first: string): Content {
  const opening = FENCE.exec(first === "" ? lineAt(lines, start) : first)?.[1];
  if (opening !== undefined) {
    const from = first === "" ? start + 1 : start;
    let end = from;
    while (end < lines.length && lineAt(lines, end).trim() !== opening) end += 1;
    return { text: `${lines.slice(from, end).join("\n")}\n`, next: end + 1 };
  }
  let end = start;
  while (end < lines.length && headerAt(lines, end) === undefined) end += 1;
  const body = lines.slice(start, end).join("\n").trimEnd();
  const text = first === "" ? `${body}\n` : first + (body === "" ? "" : `\n${body}\n`);
  return { text, next: end };
}
