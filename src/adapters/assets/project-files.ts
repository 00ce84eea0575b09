// The asset files of a project: where they lie, which of them may be read at all, and their bytes. What is in them is
// parse-text's and check-value's business.
import type { Dirent } from "node:fs";
import { constants } from "node:fs";
import { open, readdir, realpath } from "node:fs/promises";
import { join, parse, sep } from "node:path";
import type { AssetProblem } from "../../domain/assets.ts";
import { CARD_ID_PATTERN } from "../../domain/card.ts";
import { nearestName } from "./nearest.ts";
import { FILE_BYTES_MAX, FORMAT_BY_EXTENSION } from "./parse-text.ts";
import type { AssetKind } from "./schemas/kinds.ts";

/** Folder of a category → the kind of its assets. */
const CATEGORIES: ReadonlyMap<string, AssetKind> = new Map([
  ["rocks", "rock"],
  ["epics", "epic"],
  ["issues", "issue"],
  ["teams", "team"],
  ["roles", "role"],
  ["dialects", "dialect"],
  ["environments", "environment"],
  ["departments", "department"],
]);

/** Stands for a department in the look-up order: an asset below `config/` comes before every department's own. */
export const CONFIG_SCOPE = "config";
export const CORE_DEPARTMENT = "core";
export const FILES_MAX = 20_000;
const READS_AT_ONCE = 16;

/** The files that can hold the organization, in the order in which they are looked for. */
export const ORGANIZATION_PLACES = [
  ["config", "org_info"],
  ["config", "architecture"],
  ["config", "organization"],
  ["model", "organization"],
] as const;

export type AssetFile = {
  readonly kind: AssetKind;
  /** `config`, or the department's folder. */
  readonly scope: string;
  readonly stem: string;
  readonly extension: string;
  /** Relative to the project. */
  readonly file: string;
};

export type Listing = {
  readonly files: readonly AssetFile[];
  /** Folders below `model/`. */
  readonly departments: readonly string[];
  readonly problems: readonly AssetProblem[];
  readonly warnings: readonly AssetProblem[];
};

/** Texts that stand in for files: path in the project → text, null for a file that is not there any more. */
export type Overlay = ReadonlyMap<string, string | null>;
export const NO_OVERLAY: Overlay = new Map();

type Found = {
  files: AssetFile[];
  departments: string[];
  problems: AssetProblem[];
  warnings: AssetProblem[];
};
type Scan = { readonly projectDir: string; readonly root: string; readonly found: Found };

export async function listAssetFiles(
  projectDir: string,
  overlay: Overlay = NO_OVERLAY,
): Promise<Listing> {
  const found: Found = { files: [], departments: [], problems: [], warnings: [] };
  const root = await realpath(projectDir).catch(() => null);
  if (root === null) {
    found.problems.push({
      code: "project-missing",
      file: ".",
      path: "$",
      found: "no such folder",
      expected: "a project folder",
    });
    return found;
  }
  const scan = { projectDir, root, found };
  await scanConfig(scan);
  await scanModel(scan);
  lay(overlay, found);
  findDuplicates(found);
  if (found.files.length > FILES_MAX) {
    found.problems.push(
      problem("project-too-large", "model", {
        found: `${found.files.length} asset files`,
        expected: `at most ${FILES_MAX}`,
      }),
    );
    found.files.length = FILES_MAX;
  }
  return found;
}

/** Only what may stand in a department's category can be laid over; anything else is a problem, not a silent nothing. */
function lay(overlay: Overlay, found: Found): void {
  const listed = new Set(found.files.map(({ file }) => file));
  for (const [file, text] of overlay) {
    const asset = assetFileOf(file);
    if (text === null) found.files = found.files.filter((one) => one.file !== file);
    else if (asset === null)
      found.problems.push(
        problem("file-name", file, {
          found: file,
          expected: "model/<department>/<category>/<name>",
        }),
      );
    else if (!listed.has(file)) {
      found.files.push(asset);
      if (!found.departments.includes(asset.scope)) found.departments.push(asset.scope);
    }
  }
}

/** What a path in a department's folder is the file of; null when no asset can lie there. */
export function assetFileOf(file: string): AssetFile | null {
  const [model, scope = "", category = "", name = "", ...deeper] = file.split("/");
  const kind = CATEGORIES.get(category);
  const { name: stem, ext: extension } = parse(name);
  const isPlace = model === "model" && kind !== undefined && kind !== "department";
  const isNamed = [scope, stem].every((one) => CARD_ID_PATTERN.test(one)) && isAssetName(name);
  return isPlace && isNamed && deeper.length === 0 ? { kind, scope, stem, extension, file } : null;
}

type Facts = { readonly found: string; readonly expected: string };
const problem = (code: string, file: string, facts: Facts): AssetProblem => ({
  code,
  file,
  path: "$",
  ...facts,
});

async function scanConfig(scan: Scan): Promise<void> {
  for (const entry of await entriesOf(scan, "config")) {
    const kind = CATEGORIES.get(entry.name);
    if (kind !== undefined)
      await scanCategory(scan, { folder: `config/${entry.name}`, kind, scope: CONFIG_SCOPE });
    else if (isAssetName(entry.name) && isOrganizationStem("config", entry.name))
      addFile(scan, { folder: "config", kind: "organization", scope: CONFIG_SCOPE }, entry);
    else if (!entry.name.startsWith("."))
      warnUnknown(scan, `config/${entry.name}`, [
        ...CATEGORIES.keys(),
        "organization",
        "org_info",
        "architecture",
      ]);
  }
}

async function scanModel(scan: Scan): Promise<void> {
  for (const entry of await entriesOf(scan, "model")) {
    const folder = `model/${entry.name}`;
    if (entry.name.startsWith(".")) continue;
    if (isAssetName(entry.name) && isOrganizationStem("model", entry.name)) {
      addFile(scan, { folder: "model", kind: "organization", scope: CONFIG_SCOPE }, entry);
    } else if (entry.isFile()) warnUnknown(scan, folder, ["organization"]);
    else if (!CARD_ID_PATTERN.test(entry.name) || entry.name === CONFIG_SCOPE) {
      scan.found.problems.push(
        problem("file-name", folder, {
          found: entry.name,
          expected: "a department's name: letters, digits, dots, underscores, dashes",
        }),
      );
    } else await scanDepartment(scan, entry.name);
  }
}

async function scanDepartment(scan: Scan, department: string): Promise<void> {
  scan.found.departments.push(department);
  for (const entry of await entriesOf(scan, `model/${department}`)) {
    const folder = `model/${department}/${entry.name}`;
    const kind = CATEGORIES.get(entry.name);
    if (kind !== undefined && kind !== "department")
      await scanCategory(scan, { folder, kind, scope: department });
    else if (isAssetName(entry.name) && parse(entry.name).name === "department") {
      addFile(
        scan,
        { folder: `model/${department}`, kind: "department", scope: department },
        entry,
      );
    } else if (!entry.name.startsWith(".")) warnUnknown(scan, folder, CATEGORIES.keys());
  }
}

type Category = { readonly folder: string; readonly kind: AssetKind; readonly scope: string };

async function scanCategory(scan: Scan, category: Category): Promise<void> {
  for (const entry of await entriesOf(scan, category.folder)) {
    if (entry.name.startsWith(".")) continue;
    if (isAssetName(entry.name)) addFile(scan, category, entry);
    else warnUnknown(scan, `${category.folder}/${entry.name}`, []);
  }
}

const isAssetName = (name: string): boolean => FORMAT_BY_EXTENSION.has(parse(name).ext);

const isOrganizationStem = (folder: string, name: string): boolean =>
  ORGANIZATION_PLACES.some(([place, stem]) => place === folder && stem === parse(name).name);

function addFile({ found }: Scan, { folder, kind, scope }: Category, entry: Dirent): void {
  const { name: stem, ext: extension } = parse(entry.name);
  const file = `${folder}/${entry.name}`;
  if (!CARD_ID_PATTERN.test(stem)) {
    found.problems.push(
      problem("file-name", file, {
        found: stem,
        expected:
          "letters, digits, dots, underscores and dashes, at most 64, a letter or digit first",
      }),
    );
    return;
  }
  found.files.push({
    kind,
    scope,
    stem: kind === "department" && scope !== CONFIG_SCOPE ? scope : stem,
    extension,
    file,
  });
}

/** Notes for people may lie anywhere; what looks like a misplaced asset is worth a word. */
const NOTE_EXTENSIONS: ReadonlySet<string> = new Set([".md", ".txt"]);

function warnUnknown({ found }: Scan, file: string, known: Iterable<string>): void {
  const { name, ext } = parse(file);
  if (NOTE_EXTENSIONS.has(ext)) return;
  const meant = nearestName(name, known);
  const expected = meant === null ? "an asset, or nothing" : `${meant} (did you mean that?)`;
  found.warnings.push(
    problem("file-ignored", file, { found: "something that is no asset", expected }),
  );
}

/** Names in order; nothing when the folder is missing. A folder that is reached through a link out of the project is a problem. */
async function entriesOf(
  { projectDir, root, found }: Scan,
  folder: string,
): Promise<readonly Dirent[]> {
  try {
    const path = join(projectDir, folder);
    if (!isInside(root, await realpath(path))) {
      found.problems.push(outside(folder));
      return [];
    }
    const entries = await readdir(path, { withFileTypes: true });
    return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return [];
    const told = code === "ENOTDIR" ? "a file" : `a folder that cannot be read (${code})`;
    found.problems.push(problem("file-unreadable", folder, { found: told, expected: "a folder" }));
    return [];
  }
}

const outside = (file: string): AssetProblem =>
  problem("file-link", file, {
    found: "a link that leads out of the project",
    expected: "a file inside of the project",
  });

export const isInside = (root: string, path: string): boolean =>
  path === root || path.startsWith(root + sep);

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown error";

/** The same name twice in one folder: nobody could say which of them counts. */
function findDuplicates(found: Found): void {
  const first = new Map<string, AssetFile>();
  for (const file of found.files) {
    const name = file.file.slice(0, -file.extension.length);
    const known = first.get(name);
    if (known === undefined) first.set(name, file);
    else
      found.problems.push(
        problem("file-duplicate", file.file, {
          found: `the same name as ${known.file}`,
          expected: "one file of that name",
        }),
      );
  }
}

export type FileBytes = {
  readonly bytes: Buffer;
  readonly size: number;
  readonly modifiedNs: bigint;
};

/** The bytes of a file with its size and time, or the problem. */
export async function readAssetFile(
  projectDir: string,
  file: string,
): Promise<FileBytes | AssetProblem> {
  try {
    const path = await realpath(join(projectDir, file));
    if (!isInside(await realpath(projectDir), path)) return outside(file);
    // The link, if it is one, is followed already; what came into its place since is not followed. A FIFO must not hang.
    const handle = await open(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile())
        return problem("file-unreadable", file, { found: "no regular file", expected: "a file" });
      const size = Number(stats.size);
      const bytes = size > FILE_BYTES_MAX ? null : await handle.readFile();
      if (bytes !== null) return { bytes, size, modifiedNs: stats.mtimeNs };
      return problem("file-too-large", file, {
        found: `${size} bytes`,
        expected: `at most ${FILE_BYTES_MAX} bytes`,
      });
    } finally {
      await handle.close();
    }
  } catch (error) {
    const found = `a file that cannot be read (${codeOf(error)})`;
    return problem("file-unreadable", file, { found, expected: "a readable file" });
  }
}

/** Some at once, so that ten thousand files do not mean ten thousand open descriptors. */
export async function mapSome<From, To>(
  items: readonly From[],
  work: (item: From) => Promise<To>,
): Promise<To[]> {
  const results: To[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let place = next++; place < items.length; place = next++)
      results[place] = await work(items[place] as From);
  };
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, items.length) }, lane));
  return results;
}
