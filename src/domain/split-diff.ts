// A commit's diff as git prints it, taken apart by files. Renames are not looked for, so both sides have one name.

export type FileDiff = {
  readonly path: string;
  readonly change: "added" | "modified" | "deleted";
  readonly isBinary: boolean;
  readonly linesAdded: number;
  readonly linesRemoved: number;
  /** The file's part of the diff, from `diff --git` on. */
  readonly text: string;
};

const HEADER = "diff --git ";
/**
 * A line of a file's content never begins so: it has a mark before it. Only a line feed ends a line of a diff; a content may
 * hold whatever else a pattern would take for the end of one.
 */
const NEXT_FILE = /(?<=^|\n)(?=diff --git )/;

export const splitDiff = (diff: string): readonly FileDiff[] =>
  diff
    .split(NEXT_FILE)
    .filter((part) => part.startsWith(HEADER))
    .map(readPart);

function readPart(text: string): FileDiff {
  const lines = text.split("\n");
  const hunksAt = lines.findIndex((line) => line.startsWith("@@ "));
  const head = hunksAt < 0 ? lines : lines.slice(0, hunksAt);
  const hunks = hunksAt < 0 ? [] : lines.slice(hunksAt);
  const has = (start: string): boolean => head.some((line) => line.startsWith(start));
  const count = (mark: string): number => hunks.filter((line) => line.startsWith(mark)).length;
  return {
    path: pathOf(lines.slice(0, 1).join("")),
    change: has("new file mode ") ? "added" : has("deleted file mode ") ? "deleted" : "modified",
    isBinary: has("Binary files "),
    linesAdded: count("+"),
    linesRemoved: count("-"),
    text,
  };
}

/** `a/<path> b/<path>`, each half in quotes when the path has characters that git writes as escapes. */
function pathOf(header: string): string {
  const names = header.slice(HEADER.length);
  const half = names.slice(0, (names.length - 1) / 2);
  return (half.startsWith('"') ? unquoted(half.slice(1, -1)) : half).slice("a/".length);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Octal escapes are bytes of UTF-8; bytes that are none stand as they were written. */
export const unquoted = (text: string): string =>
  text.replaceAll(/(?:\\[0-7]{3})+|\\(.)/g, (escape, letter: string | undefined) =>
    letter === undefined ? bytesOf(escape) : (ESCAPES[letter] ?? letter),
  );

function bytesOf(escapes: string): string {
  const hex = escapes.replaceAll(
    /\\([0-7]{3})/g,
    (_, octal: string) => `%${Number.parseInt(octal, 8).toString(16).padStart(2, "0")}`,
  );
  try {
    return decodeURIComponent(hex);
  } catch {
    return escapes;
  }
}
