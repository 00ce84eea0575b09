// A terminal as far as the live view needs one: it wraps, scrolls, moves the cursor up and clears below it. Every character
// takes one column here.
type Cell = string;

export type Terminal = {
  readonly write: (text: string) => void;
  /** What stands on the screen now, without empty lines at its end. */
  readonly screen: () => readonly string[];
  /** All that was ever kept: what scrolled away, then the screen. */
  readonly all: () => readonly string[];
  readonly isCursorShown: () => boolean;
};

const ESCAPE = "\u001b";
const PARTS = new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]|[\\s\\S]`, "gu");

export function createTerminal(size: { columns: number; rows: number }): Terminal {
  const lines: Cell[][] = [[]];
  let row = 0;
  let column = 0;
  let isCursorShown = true;
  const top = (): number => Math.max(0, lines.length - size.rows);
  const newLine = (): void => {
    row += 1;
    column = 0;
    if (row >= lines.length) lines.push([]);
  };
  const put = (character: string): void => {
    if (column >= size.columns) newLine();
    const line = lines[row] ?? [];
    line[column] = character;
    column += 1;
  };
  const control = (sequence: string): void => {
    const up = /^\[(\d+)A$/.exec(sequence);
    if (up !== null) row = Math.max(top(), row - Number(up[1]));
    else if (/^\[\d+G$/.test(sequence)) column = Number(sequence.slice(1, -1)) - 1;
    else if (sequence === "[J" || sequence === "[0J") {
      lines.length = row + 1;
      lines[row] = (lines[row] ?? []).slice(0, column);
    } else if (sequence === "[?25l") isCursorShown = false;
    else if (sequence === "[?25h") isCursorShown = true;
    else if (!/^\[\d+m$/.test(sequence))
      throw new Error(`It was sent ${JSON.stringify(sequence)}.`);
  };
  const write = (text: string): void => {
    for (const [part] of text.matchAll(PARTS)) {
      if (part.startsWith(ESCAPE) && part.length > 1) control(part.slice(1));
      else if (part === "\n") newLine();
      else if (part === "\r") column = 0;
      else if (part < " " || part === "\u007f") throw new Error(`Control ${part.charCodeAt(0)}.`);
      else put(part);
    }
  };
  const shown = (from: number): readonly string[] => {
    const texts = lines.slice(from).map((line) => line.join("").trimEnd());
    while (texts.at(-1) === "") texts.pop();
    return texts;
  };
  return {
    write,
    screen: () => shown(top()),
    all: () => shown(0),
    isCursorShown: () => isCursorShown,
  };
}
