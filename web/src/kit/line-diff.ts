// What changed between two texts, line by line: the longest common lines stay, with a little of what stands around a change.

export type DiffLine = {
  readonly mark: " " | "+" | "-" | "…";
  readonly text: string;
};

/** Beyond that many comparisons the middle is shown as replaced. */
const CELLS_MAX = 1_000_000;
const CONTEXT_LINES = 3;

/** null is a file that is not there. Empty where nothing changed. */
export function lineDiff(before: string | null, after: string | null): readonly DiffLine[] {
  return folded(compared(linesOf(before), linesOf(after)));
}

function linesOf(text: string | null): readonly string[] {
  if (text === null || text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") return lines.slice(0, -1);
  return [...lines.slice(0, -1), `${lines.at(-1) ?? ""} (no line end)`];
}

function compared(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [
    ...marked(" ", before.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...marked(" ", before.slice(before.length - end)),
  ];
}

const marked = (mark: DiffLine["mark"], lines: readonly string[]): readonly DiffLine[] =>
  lines.map((text) => ({ mark, text }));

function middle(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  if (before.length * after.length > CELLS_MAX)
    return [...marked("-", before), ...marked("+", after)];
  const width = after.length + 1;
  /** For each pair of places, how many lines the rests have in common. */
  const common = new Uint32Array((before.length + 1) * width);
  const at = (old: number, now: number): number => common[old * width + now] ?? 0;
  for (let old = before.length - 1; old >= 0; old -= 1)
    for (let now = after.length - 1; now >= 0; now -= 1)
      common[old * width + now] =
        before[old] === after[now]
          ? at(old + 1, now + 1) + 1
          : Math.max(at(old + 1, now), at(old, now + 1));
  const lines: DiffLine[] = [];
  let [old, now] = [0, 0];
  while (old < before.length || now < after.length) {
    const [was, is] = [before[old], after[now]];
    if (was !== undefined && was === is) {
      lines.push({ mark: " ", text: was });
      old += 1;
      now += 1;
    } else if (was !== undefined && (is === undefined || at(old + 1, now) >= at(old, now + 1))) {
      lines.push({ mark: "-", text: was });
      old += 1;
    } else {
      lines.push({ mark: "+", text: is ?? "" });
      now += 1;
    }
  }
  return lines;
}

/** Of what did not change, only what stands near a change; where more is left out, a line says so. */
function folded(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = new Set<number>();
  for (const [place, { mark }] of lines.entries())
    if (mark !== " ")
      for (let by = -CONTEXT_LINES; by <= CONTEXT_LINES; by += 1) near.add(place + by);
  if (near.size === 0) return [];
  const shown: DiffLine[] = [];
  let left = 0;
  const tell = (): void => {
    if (left > 0) shown.push({ mark: "…", text: left === 1 ? "1 line" : `${left} lines` });
    left = 0;
  };
  for (const [place, line] of lines.entries()) {
    if (near.has(place)) {
      tell();
      shown.push(line);
    } else left += 1;
  }
  tell();
  return shown;
}
