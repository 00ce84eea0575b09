// The diff of a pull request as a reviewer needs it: by files, with the lines of the new side that a comment can stand on, and
// cut to what a prompt has room for. Renames may be among the files.
import type { FileDiff } from "./split-diff.ts";
import { splitDiff, unquoted } from "./split-diff.ts";

/** First and last line of the new file, both in the diff. */
export type LineRange = readonly [number, number];

export type ReviewFile = Pick<
  FileDiff,
  "path" | "change" | "isBinary" | "linesAdded" | "linesRemoved"
> & {
  readonly ranges: readonly LineRange[];
  /** Null where it was left out. */
  readonly text: string | null;
};

const HUNK = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

export const readReviewDiff = (diff: string): readonly ReviewFile[] =>
  splitDiff(diff).map((part) => {
    const { change, isBinary, linesAdded, linesRemoved, text } = part;
    const lines = text.split("\n");
    const path = newPathOf(lines) ?? part.path;
    return { path, change, isBinary, linesAdded, linesRemoved, text, ranges: rangesOf(lines) };
  });

/** As the lines above the first hunk name it; null where both sides have one name and nothing else is said. */
function newPathOf(lines: readonly string[]): string | null {
  for (const line of lines) {
    if (line.startsWith("@@ ")) return null;
    for (const [start, prefix] of NAMES) {
      if (!line.startsWith(start) || line === "+++ /dev/null") continue;
      return named(line.slice(start.length)).slice(prefix.length);
    }
  }
  return null;
}

const NAMES = [
  ["rename to ", ""],
  ["copy to ", ""],
  ["+++ ", "b/"],
] as const;

/** Git puts a tab behind a name with a space, and quotes around one with stranger characters. */
function named(written: string): string {
  const name = written.replace(/\t$/, "");
  return name.startsWith('"') ? unquoted(name.slice(1, -1)) : name;
}

/** By the counts of each hunk's head: a content can look like anything, a head included. */
function rangesOf(lines: readonly string[]): readonly LineRange[] {
  const ranges: LineRange[] = [];
  let [old, fresh, line] = [0, 0, 0];
  for (const text of lines) {
    if (old <= 0 && fresh <= 0) {
      const [head, before = "1", start = "0", after = "1"] = HUNK.exec(text) ?? [];
      if (head === undefined) continue;
      [old, fresh, line] = [Number(before), Number(after), Number(start)];
      if (fresh > 0) ranges.push([line, line + fresh - 1]);
      continue;
    }
    if (text.startsWith("\\")) continue;
    if (!text.startsWith("+")) old -= 1;
    if (!text.startsWith("-")) fresh -= 1;
  }
  return ranges;
}

/** Whether a comment can stand there. */
export const isInDiff = (
  files: readonly Pick<ReviewFile, "path" | "ranges">[],
  { path, line }: { readonly path: string; readonly line: number },
): boolean =>
  files.some(
    (file) =>
      file.path === path && file.ranges.some(([first, last]) => line >= first && line <= last),
  );

/** Whole files in the order of the diff, as long as they fit; of the others only what they are. */
export function cutReviewDiff(
  files: readonly ReviewFile[],
  charactersMax: number,
): readonly ReviewFile[] {
  let room = charactersMax;
  return files.map((file) => {
    if (file.text === null || file.text.length > room) return { ...file, text: null };
    room -= file.text.length;
    return file;
  });
}

const NAMES_SHOWN_MAX = 200;

export type ShownDiff = { readonly text: string; readonly leftOut: readonly string[] };

/** What a prompt shows: the diff, and a line for each file that is left out of it. */
export function showReviewDiff(files: readonly ReviewFile[]): ShownDiff {
  const out = files.filter(({ text }) => text === null);
  const lines = out
    .slice(0, NAMES_SHOWN_MAX)
    .map(
      ({ path, change, isBinary, linesAdded, linesRemoved }) =>
        `${JSON.stringify(path)} (${change}${isBinary ? ", binary" : ""}, +${linesAdded} -${linesRemoved})`,
    );
  const more = out.length - lines.length;
  return {
    text: files.map(({ text }) => text ?? "").join(""),
    leftOut: more > 0 ? [...lines, `… and ${more} more`] : lines,
  };
}
