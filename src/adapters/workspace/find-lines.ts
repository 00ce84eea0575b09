// The lines that match, file by file. Without a time limit of its own: search.ts ends the thread it runs in.
import picomatch from "picomatch";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { SearchMatch, SearchQuery } from "../../ports/workspace.ts";
import { isHidden } from "./disk.ts";
import type { Components } from "./names.ts";
import { pathOf, shownName } from "./names.ts";
import type { Folder } from "./safe-files.ts";
import { closeFolder, openFolder, readEntry } from "./safe-files.ts";
import { walkFiles } from "./walk.ts";

export type SearchTask = {
  readonly root: string;
  readonly from: Components;
  readonly query: SearchQuery;
};

type Matches = Result<readonly SearchMatch[]>;
type Tests = {
  readonly isPath: (path: string) => boolean;
  readonly isLine: (line: string) => boolean;
};

const FILE_BYTES_MAX = 1024 * 1024;
const LINE_CHARACTERS_SHOWN = 500;
/** What tools install or cache there is no work of this build; a search that starts inside looks at it. */
const BULK_FOLDERS: ReadonlySet<string> = new Set([
  "node_modules",
  "__pycache__",
  ".venv",
  ".pytest_cache",
]);

export function findLines(task: SearchTask): Matches {
  const tests = compile(task.query);
  if (!tests.ok) return tests;
  try {
    return findBelow(task, tests.value);
  } catch (error) {
    // Some patterns are only found to be too large when they are first used.
    if (error instanceof SyntaxError || error instanceof RangeError) return badPattern(error);
    throw error;
  }
}

function compile({ pattern, literal, glob }: SearchQuery): Result<Tests> {
  try {
    // A glob without a slash means the name of the file, in whatever folder.
    const isPath =
      glob === null ? () => true : picomatch(glob, { dot: true, basename: !glob.includes("/") });
    const expression = literal ? null : new RegExp(pattern);
    return ok({ isPath, isLine: (line) => expression?.test(line) ?? line.includes(pattern) });
  } catch (error) {
    return badPattern(error);
  }
}

const badPattern = (error: unknown): Refused =>
  refuse(
    "TOOL_ARGUMENT",
    `The pattern cannot be used: ${error instanceof Error ? error.message : String(error)}`,
  );

function findBelow({ root, from, query }: SearchTask, tests: Tests): Matches {
  const found: SearchMatch[] = [];
  const single = findInFile({ root, from, query }, tests);
  if (single !== null) return single;
  const enters = (components: Components, isDirectory: boolean): boolean => {
    const name = components.at(-1) ?? "";
    if (isHidden(components.slice(0, -1), name)) return false;
    return isDirectory ? !BULK_FOLDERS.has(name) : tests.isPath(pathOf(components));
  };
  const files = walkFiles({ root, from, enters });
  try {
    for (let next = files.next(); !next.done; next = files.next()) {
      const { parent, components } = next.value;
      collect(found, linesOf(parent, components), { components, query, tests });
      if (found.length >= query.matchesMax) return ok(found);
    }
    return ok(found);
  } finally {
    files.return(ok(null));
  }
}

/** A search may name a file instead of a folder; null when it does not. */
function findInFile({ root, from, query }: SearchTask, tests: Tests): Matches | null {
  if (from.length === 0) return null;
  const parent = openFolder(root, from.slice(0, -1));
  if (!parent.ok) return parent;
  try {
    const bytes = readEntry(parent.value, from, FILE_BYTES_MAX);
    if (!bytes.ok) return bytes.error.code === "FILE_UNFIT" ? null : bytes;
    const found: SearchMatch[] = [];
    collect(found, toLines(bytes.value), { components: from, query, tests });
    return ok(found);
  } finally {
    closeFolder(parent.value);
  }
}

const linesOf = (parent: Folder, components: Components): readonly string[] => {
  const bytes = readEntry(parent, components, FILE_BYTES_MAX);
  return bytes.ok ? toLines(bytes.value) : [];
};

const toLines = (bytes: Buffer | null): readonly string[] =>
  bytes === null || bytes.includes(0) ? [] : bytes.toString("utf8").split("\n");

type Place = {
  readonly components: Components;
  readonly query: SearchQuery;
  readonly tests: Tests;
};

function collect(
  found: SearchMatch[],
  lines: readonly string[],
  { components, query, tests }: Place,
): void {
  const path = shownName(pathOf(components));
  for (const [index, line] of lines.entries()) {
    if (found.length >= query.matchesMax) return;
    if (tests.isLine(line))
      found.push({ path, line: index + 1, text: line.trimEnd().slice(0, LINE_CHARACTERS_SHOWN) });
  }
}
