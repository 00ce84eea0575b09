// How many columns a text takes in a terminal. A line that is counted too short wraps, and a frame that wraps can no longer
// be taken back.
import { stripVTControlCharacters } from "node:util";

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** East Asian scripts, full-width forms and emoji take two columns. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
const ONLY_ASCII = /^[\u0020-\u007e]*$/;
const NO_ROOM = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

const columnsOf = (segment: string): number => {
  if (NO_ROOM.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
};

/** Colours take no room. */
export function widthOf(text: string): number {
  const bare = stripVTControlCharacters(text);
  if (ONLY_ASCII.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(bare)) width += columnsOf(segment);
  return width;
}

/** Cut between characters as a person sees them, with a sign that something is missing. The text has no colours. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += columnsOf(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns < 1 ? "" : `${kept}…`;
}

export const padTo = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - widthOf(text)));
