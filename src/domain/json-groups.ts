// Finds JSON objects and arrays inside prose, in time linear to the text. What they mean is the caller's business.

/** A balanced, valid group: `text.slice(start, end)` parses. */
export type Span = { readonly start: number; readonly end: number };

/** Deeper nesting is nobody's tool call; it only serves to exhaust a stack. */
const GROUP_DEPTH_MAX = 64;

type Expected = "key-or-end" | "key" | "colon" | "value" | "value-or-end" | "comma-or-end";
type Frame = {
  readonly start: number;
  readonly isObject: boolean;
  /** Groups that are complete inside this one; they count only if this one turns out broken. */
  readonly children: Span[];
  expected: Expected;
  /** A member has one of the caller's names: what is inside is its data, whether or not it is complete. */
  owns: boolean;
};

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The outermost valid groups, in order. A broken group is skipped, but not what is whole inside of it, unless the broken one
 * has a member named in `owners`: half a call must not turn its own arguments into calls.
 *
 * Linear: a start that an earlier attempt met as a start is not tried again, because its own attempt would fail at the
 * same place. Only starts inside strings are; two attempts that overlap take each other's strings for structure, so no
 * third one can run along with them.
 */
export function findJsonGroups(text: string, owners: ReadonlySet<string>): readonly Span[] {
  const judged = new Uint8Array(text.length);
  const found: Span[] = [];
  for (let place = 0; place < text.length; place += 1) {
    if (!isOpen(text, place) || judged[place] === 1) continue;
    const scan = scanGroup({ text, judged, owners }, place);
    found.push(...scan.spans);
    if (scan.end !== null) place = scan.end - 1;
  }
  return found.sort((left, right) => left.start - right.start);
}

/** Whether the whole text is one valid group within the depth limit. */
export const isJsonGroup = (text: string): boolean =>
  isOpen(text, 0) &&
  scanGroup({ text, judged: new Uint8Array(text.length), owners: new Set() }, 0).end ===
    text.length;

const isOpen = (text: string, place: number): boolean => text[place] === "{" || text[place] === "[";

type Source = {
  readonly text: string;
  readonly judged: Uint8Array;
  readonly owners: ReadonlySet<string>;
};
/** `end` is null when the group is broken; `spans` are then what is whole inside of it. */
type Scan = { readonly end: number | null; readonly spans: readonly Span[] };

function scanGroup(source: Source, start: number): Scan {
  const frames = [openFrame(source, start)];
  let place = start + 1;
  for (let top = frames.at(-1); top !== undefined; top = frames.at(-1)) {
    place = skipSpace(source.text, place);
    if (isOpen(source.text, place) && takesValue(top.expected)) {
      if (frames.length >= GROUP_DEPTH_MAX) return broken(frames);
      top.expected = "comma-or-end";
      frames.push(openFrame(source, place));
      place += 1;
    } else if (closes(top, source.text[place])) {
      place += 1;
      frames.pop();
      frames.at(-1)?.children.push({ start: top.start, end: place });
    } else {
      const next = takeToken(source, top, place);
      if (next === null) return broken(frames);
      place = next;
    }
  }
  return { end: place, spans: [{ start, end: place }] };
}

function broken(frames: readonly Frame[]): Scan {
  const owner = frames.findIndex((frame) => frame.owns);
  const free = owner < 0 ? frames : frames.slice(0, owner);
  return { end: null, spans: free.flatMap((frame) => frame.children) };
}

function openFrame({ text, judged }: Source, start: number): Frame {
  judged[start] = 1;
  const isObject = text[start] === "{";
  return {
    start,
    isObject,
    children: [],
    expected: isObject ? "key-or-end" : "value-or-end",
    owns: false,
  };
}

const takesValue = (expected: Expected): boolean =>
  expected === "value" || expected === "value-or-end";

const closes = (top: Frame, character: string | undefined): boolean =>
  character === (top.isObject ? "}" : "]") &&
  (top.expected === "comma-or-end" || top.expected.endsWith("-or-end"));

/** One key, scalar, colon or comma; gives the place after it, or null when it does not belong there. */
function takeToken({ text, owners }: Source, top: Frame, place: number): number | null {
  switch (top.expected) {
    case "key-or-end":
    case "key": {
      const end = stringEnd(text, place);
      if (end === null) return null;
      top.owns ||= owners.has(text.slice(place + 1, end - 1));
      top.expected = "colon";
      return end;
    }
    case "colon":
      top.expected = "value";
      return text[place] === ":" ? place + 1 : null;
    case "comma-or-end":
      top.expected = top.isObject ? "key" : "value";
      return text[place] === "," ? place + 1 : null;
    case "value":
    case "value-or-end":
      top.expected = "comma-or-end";
      return (
        stringEnd(text, place) ?? matchEnd(NUMBER, text, place) ?? matchEnd(LITERAL, text, place)
      );
  }
}

function matchEnd(pattern: RegExp, text: string, place: number): number | null {
  pattern.lastIndex = place;
  return pattern.test(text) ? pattern.lastIndex : null;
}

function skipSpace(text: string, from: number): number {
  let place = from;
  while (
    text[place] === " " ||
    text[place] === "\n" ||
    text[place] === "\r" ||
    text[place] === "\t"
  )
    place += 1;
  return place;
}

/** A loop rather than a pattern: a string of a megabyte must not exhaust the pattern engine's stack. */
function stringEnd(text: string, start: number): number | null {
  if (text.charCodeAt(start) !== QUOTE) return null;
  for (let place = start + 1; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    if (code === QUOTE) return place + 1;
    if (code < 0x20) return null;
    if (code === BACKSLASH) {
      const width = escapeWidth(text, place);
      if (width === 0) return null;
      place += width - 1;
    }
  }
  return null;
}

const UNICODE_ESCAPE = /\\u[0-9a-fA-F]{4}/y;

function escapeWidth(text: string, place: number): number {
  if ('"\\/bfnrt'.includes(text[place + 1] ?? " ")) return 2;
  return matchEnd(UNICODE_ESCAPE, text, place) === null ? 0 : 6;
}
