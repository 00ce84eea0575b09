// The difference of two texts as a unified diff, line by line. Shortest where the change is small; where it is so large that
// finding the shortest would cost too much, the whole middle is shown as replaced.
const CONTEXT_LINES = 3;
/** Edits looked for before giving up on the shortest; the work grows with its square. */
const EDITS_MAX = 1000;

export type DiffRequest = {
  readonly file: string;
  readonly before: string | null;
  readonly after: string | null;
};

type Line = { readonly mark: " " | "-" | "+"; readonly text: string };

/** Empty when nothing differs. A file that is not there is `/dev/null`, as patch programs expect it. */
export function unifiedDiff({ file, before, after }: DiffRequest): string {
  const lines = diffLines(linesOf(before), linesOf(after));
  const hunks = hunksOf(lines);
  if (hunks.length === 0) return "";
  const from = before === null ? "/dev/null" : `a/${file}`;
  const to = after === null ? "/dev/null" : `b/${file}`;
  return `--- ${from}\n+++ ${to}\n${hunks.join("")}`;
}

/** Each line with what ends it, so that a missing line feed at the end is a difference too. */
const linesOf = (text: string | null): readonly string[] => text?.match(/[^\n]*\n|[^\n]+$/g) ?? [];

function diffLines(before: readonly string[], after: readonly string[]): readonly Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start])
    start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const marked = (mark: Line["mark"], lines: readonly string[]): readonly Line[] =>
    lines.map((text) => ({ mark, text }));
  return [
    ...marked(" ", before.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...marked(" ", before.slice(before.length - end)),
  ];
}

type Reach = ReadonlyMap<number, number>;

/** Myers' greedy search: for each number of edits, how far each diagonal gets; then the way back through them. */
function middle(before: readonly string[], after: readonly string[]): readonly Line[] {
  const steps: Reach[] = [];
  let reach: Reach = new Map([[1, 0]]);
  for (let edits = 0; edits <= EDITS_MAX; edits += 1) {
    const next = new Map<number, number>();
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let old = goesDown(reach, diagonal) ? at(reach, diagonal + 1) : at(reach, diagonal - 1) + 1;
      while (
        old < before.length &&
        old - diagonal < after.length &&
        before[old] === after[old - diagonal]
      )
        old += 1;
      next.set(diagonal, old);
      if (old >= before.length && old - diagonal >= after.length)
        return wayBack([...steps, reach], before, after);
    }
    steps.push(reach);
    reach = next;
  }
  return [
    ...before.map((text): Line => ({ mark: "-", text })),
    ...after.map((text): Line => ({ mark: "+", text })),
  ];
}

/** -1 for a diagonal that is not reached: any other way is further. */
const at = (reach: Reach, diagonal: number): number => reach.get(diagonal) ?? -1;

/** Whether the furthest way to a diagonal adds a line; the other way removes one. */
const goesDown = (reach: Reach, diagonal: number): boolean =>
  at(reach, diagonal - 1) < at(reach, diagonal + 1);

function wayBack(
  steps: readonly Reach[],
  before: readonly string[],
  after: readonly string[],
): readonly Line[] {
  const lines: Line[] = [];
  let [old, fresh] = [before.length, after.length];
  const keepDownTo = (oldEnd: number, freshEnd: number): void => {
    while (old > oldEnd && fresh > freshEnd) {
      old -= 1;
      fresh -= 1;
      lines.push({ mark: " ", text: before.slice(old, old + 1).join("") });
    }
  };
  for (const [edits, reach] of [...steps.entries()].reverse()) {
    const diagonal = old - fresh;
    const down = goesDown(reach, diagonal);
    const from = down ? diagonal + 1 : diagonal - 1;
    const oldStart = at(reach, from);
    keepDownTo(oldStart + (down ? 0 : 1), oldStart - from + (down ? 1 : 0));
    if (edits === 0) break;
    if (down) fresh -= 1;
    else old -= 1;
    const [text] = down ? after.slice(fresh, fresh + 1) : before.slice(old, old + 1);
    lines.push({ mark: down ? "+" : "-", text: `${text}` });
  }
  return lines.reverse();
}

/** Changes with the lines around them; those that lie close together share their context. */
function hunksOf(lines: readonly Line[]): readonly string[] {
  const near = new Set<number>();
  for (const [place, { mark }] of lines.entries()) {
    if (mark === " ") continue;
    for (let one = place - CONTEXT_LINES; one <= place + CONTEXT_LINES; one += 1) near.add(one);
  }
  const hunks: string[] = [];
  let open: Line[] = [];
  let [old, fresh] = [0, 0];
  for (const [place, line] of lines.entries()) {
    if (near.has(place)) open.push(line);
    else if (open.length > 0) {
      hunks.push(hunkText(open, old, fresh));
      open = [];
    }
    if (line.mark !== "+") old += 1;
    if (line.mark !== "-") fresh += 1;
  }
  if (open.length > 0) hunks.push(hunkText(open, old, fresh));
  return hunks;
}

/** `oldEnd`, `freshEnd`: how many lines of each text lie before what follows the hunk. */
function hunkText(lines: readonly Line[], oldEnd: number, freshEnd: number): string {
  const oldCount = lines.filter(({ mark }) => mark !== "+").length;
  const freshCount = lines.filter(({ mark }) => mark !== "-").length;
  const range = (end: number, count: number): string =>
    `${end - count + (count === 0 ? 0 : 1)}${count === 1 ? "" : `,${count}`}`;
  const body = lines.map(({ mark, text }) =>
    text.endsWith("\n") ? `${mark}${text}` : `${mark}${text}\n\\ No newline at end of file\n`,
  );
  return `@@ -${range(oldEnd, oldCount)} +${range(freshEnd, freshCount)} @@\n${body.join("")}`;
}
