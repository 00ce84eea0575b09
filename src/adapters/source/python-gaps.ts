// Valid Python that the grammar does not know, put into words that it does. Every replacement has the length of what it
// replaces, so places stay; inside strings and comments a replacement changes nothing that is looked at.

type Gap = readonly [pattern: RegExp, replace: (match: string, ...groups: string[]) => string];

const GAPS: readonly Gap[] = [
  // A bare `yield` is a value like any other.
  [/\byield\b(?=[ \t]*(?:$|[)\]},;#=]))/gm, () => "_yiel"],
  // `1.` and `1.e5`
  [/(?<![\w.])(\d[\d_]*)\.(?=e[+-]?\d|j\b|(?![\w.]))/gi, (_match, digits = "") => `${digits}0`],
  // Template strings read as format strings do.
  [/\bt(?=r?["'])|(?<=\br)t(?=["'])/gi, () => "f"],
  // `for item in *first, *second:` and `Generic[*Types]`, `*args: *Types`
  [/(?<=\bin |\[|[\w\]], ?|: ?)\*(?=[A-Za-z_])/g, () => " "],
  // `@(name := value)`, `@table[0].call`; a line with quotes may be the end of a docstring
  [
    /^([ \t]*@)(?![\w.]+(?:\(|[ \t]*(?:#.*)?$))([^"'\n\r]+)/gm,
    (_match, head = "", rest = "") => `${head}x${" ".repeat(rest.length - 1)}`,
  ],
  // `with pair() as (left, right):`
  [
    /\bas([ \t]+)\(([\w\s,.*]+)\)(?=[ \t]*[:,)])/g,
    (_match, space = "", names = "") => `as${space}x${" ".repeat(names.length + 1)}`,
  ],
  // `case Point():`, `case ():` and `match left, right:`
  [
    /^[ \t]*case\b[^\n]*/gm,
    (line) => line.replace(/(?<=\w)\(\)/g, "  ").replace(/\(\)|\[\]|\{\}/g, "_ "),
  ],
  [/^[ \t]*match\b[^\n(]*:/gm, (line) => line.replaceAll(",", "+")],
  // A form feed at the start of a line is a page break and nothing else.
  [/^\f/gm, () => "\n"],
];

export function fillGaps(text: string): string {
  const filled = GAPS.reduce(
    (current, [pattern, replace]) => current.replace(pattern, replace),
    text,
  );
  return unwrapWithItems(filled);
}

const WITH_PARENTHESIS = /^([ \t]*(?:async[ \t]+)?with[ \t]*)\(/gm;

/** `with (open(a) as f, open(b) as g):` → the same on one line without the outer parentheses. */
function unwrapWithItems(text: string): string {
  const parts: string[] = [];
  let done = 0;
  for (const match of text.matchAll(WITH_PARENTHESIS)) {
    const open = match.index + match[0].length - 1;
    const close = open < done ? -1 : closingOf(text, open);
    const items = text.slice(open + 1, close);
    if (close < 0 || !/\bas\b/.test(items) || !/^[ \t]*:/.test(text.slice(close + 1, close + 80)))
      continue;
    const flat = items
      .replace(/#[^\n]*/g, (comment) => " ".repeat(comment.length))
      .replace(/[\r\n]/g, " ")
      .replace(/,(\s*)$/, " $1");
    parts.push(text.slice(done, open), " ", flat, " ");
    done = close + 1;
  }
  return parts.join("") + text.slice(done);
}

const ITEMS_LENGTH_MAX = 4000;

/** Parentheses in strings are not told apart; then the statement stays as it is. */
function closingOf(text: string, open: number): number {
  let depth = 0;
  for (let place = open; place < text.length && place - open < ITEMS_LENGTH_MAX; place += 1) {
    if (text[place] === "(") depth += 1;
    if (text[place] === ")") depth -= 1;
    if (depth === 0) return place;
  }
  return -1;
}
