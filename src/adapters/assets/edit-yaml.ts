// Edits of YAML text. The document says where things are, and the text is changed there, line by line: written out anew by
// the library it would keep its comments, but not its line breaks, quotes and indentation. That is the second attempt.
import type { Pair, YAMLMap, YAMLSeq } from "yaml";
import { isMap, isPair, isScalar, isSeq, parseDocument, stringify } from "yaml";
import type { Document } from "yaml";
import type { Edit } from "./edit-text.ts";

const WHOLE_LINES = { lineWidth: 0 } as const;
/** Not as nice, but texts out of blanks and line feeds survive only so. */
const QUOTED = {
  ...WHOLE_LINES,
  defaultStringType: "QUOTE_DOUBLE",
  blockQuote: false,
} as const;

/** Attempts, the most careful first; the caller takes the first that says what is wanted. */
export function* editYaml(text: string, edit: Edit): Generator<string> {
  const document = parseDocument(text, {
    uniqueKeys: false,
    version: "1.2",
    keepSourceTokens: true,
  });
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const source: Source = { text, document, eol };
  if (edit.kind === "append") {
    if (edit.block !== null) yield* appended(source, edit.key, edit.block);
    yield* appended(source, edit.key, stringify([edit.value], WHOLE_LINES));
    yield* appended(source, edit.key, stringify([edit.value], QUOTED));
    document.setIn([edit.key], [...listOf(document, edit.key), edit.value]);
  } else if (edit.kind === "remove") {
    yield* removed(source, edit);
    document.deleteIn([edit.key, edit.place]);
  } else {
    yield* valueSet(source, edit);
    document.setIn(edit.path, edit.value);
  }
  yield document.toString(WHOLE_LINES);
}

/** An entry of a list as it stands in the text, its dash in the first column, with the comments right above it. */
export function blockOf(text: string, key: string, place: number): string | null {
  const document = parseDocument(text, {
    uniqueKeys: false,
    version: "1.2",
    keepSourceTokens: true,
  });
  const list = document.get(key, true);
  if (!isSeq(list) || list.flow === true) return null;
  const lines = linesOfItem(text, list, place);
  if (lines === null) return null;
  return indented(text.slice(lines.start, lines.end), -lines.column);
}

type Source = { readonly text: string; readonly document: Document; readonly eol: string };

const listOf = (document: Document, key: string): readonly unknown[] => {
  const list = document.get(key, true);
  return isSeq(list) ? list.items : [];
};

function* appended(source: Source, key: string, block: string): Generator<string> {
  const { text, document, eol } = source;
  const list = document.get(key, true);
  const root = document.contents;
  const lines = withEol(block, eol);
  if (isSeq(list) && list.range != null && list.items.length > 0) {
    if (list.flow === true) {
      const end = list.range[1] - 1;
      const [value] = parseDocument(block).toJS() as readonly unknown[];
      yield spliced(text, { start: end, end, insert: `, ${JSON.stringify(value)}` });
      return;
    }
    const column = columnOf(text, list.range[0]);
    const end = endOfContent(text, list.range[1], column);
    const gap = isSpaced(text, list) ? eol : "";
    yield inserted(source, end, gap + indented(lines, column));
    // The empty lines that were stepped over may be text of the entry before.
    yield inserted(source, list.range[1], indented(lines, column));
  } else if (isSeq(list) && list.range != null && isMap(root) && root.range != null) {
    // An empty list can only be written as `[]`; it becomes one entry a line, if it does not stand inside of braces.
    const column = columnOf(text, root.range[0]) + 2;
    const insert = eol + indented(lines, column).trimEnd();
    const start = text.slice(0, list.range[0]).trimEnd().length;
    yield spliced(text, { start, end: list.range[1], insert });
    const [value] = parseDocument(block).toJS() as readonly unknown[];
    const [from, end] = list.range;
    yield spliced(text, { start: from, end, insert: `[${JSON.stringify(value)}]` });
  } else if (isMap(root) && root.range != null && root.flow !== true) {
    const column = columnOf(text, root.range[0]);
    const end = endOfContent(text, root.range[1], column);
    const body = `${" ".repeat(column)}${key}:${eol}${indented(lines, column + 2)}`;
    yield inserted(source, end, body);
  }
}

function* removed(
  { text, document, eol }: Source,
  { key, place }: Extract<Edit, { kind: "remove" }>,
): Generator<string> {
  const list = document.get(key, true);
  if (!isSeq(list) || list.flow === true) return;
  const lines = linesOfItem(text, list, place);
  const pair = pairOf(document.contents, key);
  if (lines === null || pair === null || !isScalar(pair.key) || pair.key.range == null) return;
  if (list.items.length > 1) {
    yield spliced(text, { start: lines.start, end: lines.next, insert: "" });
    return;
  }
  const colon = text.indexOf(":", pair.key.range[1]) + 1;
  const kept = text.slice(colon, lines.start).trimEnd();
  yield `${text.slice(0, colon)} []${kept}${eol}${text.slice(lines.next)}`;
}

function* valueSet(
  { text, document, eol }: Source,
  { path, value }: Extract<Edit, { kind: "set" }>,
): Generator<string> {
  const written = stringify(value, WHOLE_LINES).trimEnd();
  const node = document.getIn(path, true);
  if (isScalar(node) && node.range != null) {
    yield spliced(text, { start: node.range[0], end: node.range[1], insert: written });
    return;
  }
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (node !== undefined || !isMap(parent) || parent.range == null) return;
  const [start] = parent.range;
  const entry = `${String(path.at(-1))}: ${written}`;
  if (parent.flow === true)
    yield spliced(text, { start: start + 1, end: start + 1, insert: ` ${entry},` });
  else {
    const insert = entry + eol + " ".repeat(columnOf(text, start));
    yield spliced(text, { start, end: start, insert });
  }
}

// ---- places in the text

type ItemLines = {
  readonly start: number;
  readonly end: number;
  /** Where the entry after it begins, or what follows the list. */
  readonly next: number;
  readonly column: number;
};

/** The lines of an entry; null when its dash does not stand first in a line. */
function linesOfItem(text: string, list: YAMLSeq, place: number): ItemLines | null {
  const dash = dashOf(list, place);
  if (dash === null || list.range == null) return null;
  const column = columnOf(text, dash);
  if (text.slice(dash - column, dash).trim() !== "") return null;
  const start = startOfComments(text, dash - column, column);
  const following = dashOf(list, place + 1);
  if (following === null) {
    const end = endOfContent(text, list.range[1], column);
    return { start, end, next: end, column };
  }
  const next = startOfComments(text, following - columnOf(text, following), column);
  return { start, end: endOfContent(text, next, -1), next, column };
}

function dashOf(list: YAMLSeq, place: number): number | null {
  const token = list.srcToken;
  if (token?.type !== "block-seq") return null;
  const start = token.items[place]?.start ?? [];
  return start.find(({ type }) => type === "seq-item-ind")?.offset ?? null;
}

const columnOf = (text: string, offset: number): number =>
  offset - (text.lastIndexOf("\n", offset - 1) + 1);

/** Comments right above a line belong to it, as far as they stand at its column and no empty line is in between. */
function startOfComments(text: string, line: number, column: number): number {
  let start = line;
  while (start > 0) {
    const before = text.lastIndexOf("\n", start - 2) + 1;
    const shown = text.slice(before, start);
    if (!shown.trimStart().startsWith("#") || shown.search(/\S/) !== column) return start;
    start = before;
  }
  return start;
}

/**
 * The end of the last line that says something before `offset`. Comments that stand no deeper than `column` come after
 * the list and stay there; text of a block scalar stands deeper.
 */
function endOfContent(text: string, offset: number, column: number): number {
  let end = offset;
  while (end > 0) {
    const start = text.lastIndexOf("\n", end - 2) + 1;
    const line = text.slice(start, end);
    const isComment = line.trimStart().startsWith("#") && line.search(/\S/) <= column;
    if (line.trim() !== "" && !isComment) break;
    end = start;
  }
  const feed = text.indexOf("\n", Math.max(end - 1, 0));
  return feed < 0 ? text.length : feed + 1;
}

/** Whether the entries of a list stand apart by empty lines. */
function isSpaced(text: string, list: YAMLSeq): boolean {
  const dash = list.items.length > 1 ? dashOf(list, list.items.length - 1) : null;
  if (dash === null) return false;
  const column = columnOf(text, dash);
  return /\n[ \t]*\r?\n$/.test(text.slice(0, startOfComments(text, dash - column, column)));
}

const pairOf = (root: unknown, key: string): Pair | null =>
  isMap(root)
    ? ((root as YAMLMap).items.find(
        (item) => isPair(item) && isScalar(item.key) && item.key.value === key,
      ) ?? null)
    : null;

// ---- text

type Splice = { readonly start: number; readonly end: number; readonly insert: string };

const spliced = (text: string, { start, end, insert }: Splice): string =>
  text.slice(0, start) + insert + text.slice(end);

/** Whole lines at the beginning of a line, also where the text does not end with one. */
const inserted = ({ text, eol }: Source, at: number, lines: string): string => {
  const gap = at > 0 && text[at - 1] !== "\n" ? eol : "";
  return spliced(text, { start: at, end: at, insert: gap + lines });
};

const withEol = (lines: string, eol: string): string => lines.replaceAll(/\r?\n/g, () => eol);

/** Moves lines to the right, or to the left as far as there is room. */
const indented = (lines: string, columns: number): string =>
  lines
    .split("\n")
    .map((line) => {
      if (line.trim() === "") return line;
      if (columns >= 0) return " ".repeat(columns) + line;
      return line.slice(Math.min(-columns, line.search(/\S/)));
    })
    .join("\n");
