// The process as the command line sees it, handed in: arguments, environment, streams. Data goes to `out`, the rest to `err`.
import { stripVTControlCharacters } from "node:util";
import { padTo, widthOf } from "./text-width.ts";

export type Io = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: (text: string) => void;
  /** For a secret that was made for this person this moment: what looks like one is not taken out. */
  readonly outSecret: (text: string) => void;
  readonly err: (text: string) => void;
  /** null when standard output is no terminal. */
  readonly screen: Screen | null;
  readonly color: boolean;
  /** Asks on the terminal; null when there is none to answer. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** A conversation on the terminal, line by line; null when there is none. */
  readonly openLines: (() => Promise<Lines>) | null;
  /** Calls back at each SIGINT and SIGTERM, and when nobody reads the output any more; gives the way to stop listening. */
  readonly onSignal: (listener: () => void) => () => void;
  readonly exitNow: (code: number) => void;
};

export type Lines = {
  /** null when the person ended the input. */
  readonly ask: (question: string) => Promise<string | null>;
  /** Takes only what is said after the question was shown, so that a paste cannot say yes to what nobody has read. */
  readonly askAnew: (question: string) => Promise<string | null>;
  readonly close: () => void;
};

export type Screen = {
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Called as the process ends, however it ends; only what is synchronous still happens. */
  readonly onExit: (listener: () => void) => () => void;
};

/** Control characters, and those that turn the direction of text or take no room. Built from numbers, so that the pattern
 * itself holds none of them. */
const CONTROL_RANGES: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0x061c, 0x061c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xfeff, 0xfeff],
];
const CONTROL = new RegExp(
  `[${CONTROL_RANGES.map(([from, to]) => `${String.fromCodePoint(from)}-${String.fromCodePoint(to)}`).join("")}]`,
  "g",
);

const bare = (text: string): string => stripVTControlCharacters(text).replaceAll(CONTROL, "");

/** Text of models, files and people as it may go to a terminal: no control or direction characters, one line. */
export const plain = (text: string): string => bare(text.replaceAll(/[\r\n\t]+/g, " "));

/** The same for text of several lines. */
export const plainLines = (text: string): string => bare(text.replaceAll(/\r\n?/g, "\n"));

/** What a file or a pipe gets as it is, and a terminal without what could steer it. */
export const forReader = ({ screen }: Io, text: string): string =>
  screen === null ? text : plainLines(text);

/** How a command that is suggested names the project that this call was given. */
export const projectFlag = (project: string | undefined): string => {
  if (project === undefined) return "";
  return /^[\w./-]+$/.test(project) ? ` --project ${project}` : ` --project '${project}'`;
};

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "cyan";
const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
};

export type Paint = (style: Style, text: string) => string;

export const createPaint =
  (color: boolean): Paint =>
  (style, text) =>
    color && text !== "" ? `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : text;

/** Columns as wide as their widest cell; the last one is free. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, place) => (widths[place] = Math.max(widths[place] ?? 0, widthOf(cell))));
  const lines = rows.map((row) =>
    row
      .map((cell, place) => (place === row.length - 1 ? cell : padTo(cell, widths[place] ?? 0)))
      .join("  "),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
