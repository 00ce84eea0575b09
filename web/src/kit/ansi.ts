// The colours of a terminal, read off a log: tokens of text and look, never HTML. A library that writes HTML would have to be
// read back; this knows only what is kept. Sequences that move, write titles or make links are dropped, with what is in them.

export type AnsiToken = { readonly text: string; readonly look: string };

type Style = { readonly colour: string; readonly marks: ReadonlySet<string> };

const PLAIN: Style = { colour: "", marks: new Set() };
const ESC = String.raw`\u001B`;
const END = String.raw`(?:\u0007|\u001B\\|\u009C)`;

/**
 * Commands with parameters (the one that colours ends in `m`); strings that an end mark closes on their own line; two-letter
 * escapes. A string that nothing closes within 4,096 characters is no sequence: its text stays to be read.
 */
const SEQUENCES = new RegExp(
  [
    String.raw`(?:${ESC}\[|\u009B)([0-?]*)([ -/]*[@-~])`,
    String.raw`(?:${ESC}[\]PX^_]|[\u0090\u0098\u009D-\u009F])[^\n]{0,4096}?${END}`,
    String.raw`${ESC}[ -/]+[0-~]`,
    String.raw`${ESC}[0-OQ-WYZ\\\x60-~]`,
  ].join("|"),
  "gu",
);

export function ansiTokens(text: string): readonly AnsiToken[] {
  const tokens: AnsiToken[] = [];
  let style = PLAIN;
  let from = 0;
  const take = (until: number): void => {
    if (until > from) tokens.push({ text: text.slice(from, until), look: lookOf(style) });
  };
  for (const found of text.matchAll(SEQUENCES)) {
    const [whole, parameters = "", command] = found;
    take(found.index);
    from = found.index + whole.length;
    if (command === "m") style = restyled(style, parameters);
  }
  take(text.length);
  return tokens;
}

/** Each line with the style that the one before left. */
export function ansiLines(text: string): readonly (readonly AnsiToken[])[] {
  const lines: AnsiToken[][] = [[]];
  for (const { text: part, look } of ansiTokens(text))
    for (const [place, line] of part.split(/\r?\n/u).entries()) {
      if (place > 0) lines.push([]);
      if (line !== "") lines.at(-1)?.push({ text: line, look });
    }
  return lines;
}

export const textOf = (tokens: readonly AnsiToken[]): string =>
  tokens.map(({ text }) => text).join("");

const lookOf = ({ colour, marks }: Style): string =>
  [colour, ...marks].filter((name) => name !== "").join(" ");

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
const MARKS: Readonly<Record<number, string>> = {
  1: "ansi-bold",
  2: "ansi-dim",
  3: "ansi-italic",
  4: "ansi-underline",
  9: "ansi-struck",
};
/** 22 ends both bold and dim. */
const ENDS: Readonly<Record<number, readonly number[]>> = { 22: [1, 2], 23: [3], 24: [4], 29: [9] };

/** Backgrounds, concealing and colours by number are passed over: they could hide what is written. */
function restyled(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/u).map(Number);
  let { colour } = style;
  let marks = new Set(style.marks);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) [colour, marks] = ["", new Set()];
    else if (code === 38 || code === 48 || code === 58) at += codes[at + 1] === 2 ? 4 : 2;
    else if (code === 39) colour = "";
    else if (MARKS[code] !== undefined) marks.add(MARKS[code]);
    else if (ENDS[code] !== undefined)
      for (const ended of ENDS[code]) marks.delete(MARKS[ended] ?? "");
    else colour = colourOf(code) ?? colour;
  }
  return { colour, marks };
}

function colourOf(code: number): string | null {
  const base = code >= 90 ? code - 90 : code - 30;
  const name = COLOURS[base];
  return name === undefined ? null : `ansi-${name}`;
}
