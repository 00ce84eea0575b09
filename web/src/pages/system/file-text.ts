// The lines of a file in a field of the browser, which knows one kind of line end alone; saving puts back those of the file.

export type LineEnds = "\n" | "\r\n" | "\r";

const ENDS = /\r\n|\r|\n/g;

/** The most frequent one; a file without lines takes `\n`. */
export function lineEndsOf(content: string): {
  readonly ends: LineEnds;
  readonly isMixed: boolean;
} {
  const counts = new Map<LineEnds, number>();
  for (const [end] of content.matchAll(ENDS))
    counts.set(end as LineEnds, (counts.get(end as LineEnds) ?? 0) + 1);
  const [first] = [...counts].toSorted(([, one], [, other]) => other - one);
  return { ends: first?.[0] ?? "\n", isMixed: counts.size > 1 };
}

/** As the field shows it. */
export const inField = (content: string): string => content.replaceAll(ENDS, "\n");

/** As the file is to hold it. */
export const forFile = (text: string, ends: LineEnds): string =>
  ends === "\n" ? text : text.replaceAll("\n", ends);
