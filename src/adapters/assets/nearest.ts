// The known name that a misspelt one most likely means. Used wherever an unknown name is refused.

const NAME_CHARACTERS_MAX = 64;
/** None in names so short that any two are alike, one in short ones, a third of the letters in long ones. */
const slipsAllowed = (name: string): number =>
  name.length < 3 ? 0 : Math.max(1, Math.floor(name.length / 3));

/** Null when nothing known is near. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  if (name.length > NAME_CHARACTERS_MAX) return null;
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = slipsAllowed(name) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = slipsBetween(wanted, candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Letters left out, put in, changed, or swapped with their neighbour; row by row, the last two rows kept. */
function slipsBetween(left: string, right: string): number {
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, place) => place);
  for (let down = 1; down <= left.length; down += 1) {
    const next = [down];
    for (let across = 1; across <= right.length; across += 1) {
      const changed = (row[across - 1] ?? 0) + (left[down - 1] === right[across - 1] ? 0 : 1);
      const isSwap =
        down > 1 &&
        across > 1 &&
        left[down - 1] === right[across - 2] &&
        left[down - 2] === right[across - 1];
      const swapped = isSwap ? (before[across - 2] ?? 0) + 1 : changed;
      next.push(Math.min(changed, swapped, (row[across] ?? 0) + 1, (next[across - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
}
