// Patterns over names and paths. Without backtracking, so that no pattern is slow.

/** `*` stands for any run of characters; everything else for itself. */
export function matchesGlob(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let place = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, place);
    if (found < 0) return false;
    place = found + part.length;
  }
  return text.length - last.length >= place && text.endsWith(last);
}

/** The whole path: `*` stands for any characters within one part, `**` for any number of parts, none included. */
export function matchesPathGlob(pattern: string, path: string): boolean {
  const parts = path.split("/");
  // After each part of the pattern: how many parts of the path it may have used up.
  let used = new Set([0]);
  for (const piece of pattern.split("/")) {
    const next = new Set<number>();
    for (const count of used) {
      const part = parts[count];
      if (piece === "**") for (let end = count; end <= parts.length; end += 1) next.add(end);
      else if (part !== undefined && matchesGlob(piece, part)) next.add(count + 1);
    }
    used = next;
  }
  return used.has(parts.length);
}
