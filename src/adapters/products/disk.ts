// The products port on disk and git: folders by descriptors, history by the project's repository, the archive below the state
// directory.
import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { EngineError } from "../../domain/errors.ts";
import type { FolderFacts, FolderKind } from "../../domain/product.ts";
import { isArchivePlace } from "../../domain/product.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { ProductFolder, Products, Split } from "../../ports/products.ts";
import type { Folder, Opened } from "./folders.ts";
import { isPlainName, openBelow, openRoot } from "./folders.ts";
import type { GitDeps, Source } from "./git-source.ts";
import { entryAt, lookAtFolder, openSource, prefixOf } from "./git-source.ts";
import { splitFolder } from "./split.ts";

export type ProductsDeps = GitDeps & {
  readonly projectDir: string;
  readonly stateDir: string;
};

const FOLDERS_MAX = 1000;
const ARCHIVE = "archive";

export function createProducts(deps: ProductsDeps): Products {
  return {
    list: async (source) => listFolders(deps, source),
    look: async (folder) => look(deps, folder),
    withSplit: async (folder, work) => withSplit(deps, folder, work),
    lookAt: async (place) => lookAt(deps, place),
    archive: async (folder, place) => archive(deps, folder, place),
    remove: async (place) => remove(deps, place),
  };
}

/** Parts of a path below the project; null for one that is empty or could leave it. */
function partsOf(source: string): readonly string[] | null {
  const parts = source.split(sep).join("/").replace(/\/+$/, "").split("/");
  const named = parts[0] === "." ? parts.slice(1) : parts;
  return named.length > 0 && named.every(isPlainName) ? named : null;
}

async function openSourceFolder({ projectDir }: ProductsDeps, source: string): Promise<Opened> {
  const parts = partsOf(source);
  return parts === null ? { kind: "outside" } : openBelow(await openRoot(projectDir), parts);
}

const SOURCE_REFUSED: Readonly<Record<Exclude<FolderKind, "folder">, (name: string) => Refused>> = {
  missing: (name) =>
    refuse(
      "FILE_MISSING",
      `The project has no folder ${name}. Name the one of the products by --source.`,
    ),
  link: (name) =>
    refuse("PATH_ESCAPE", `${name} is a link, or is reached by one. Name the folder itself.`),
  outside: (name) =>
    refuse(
      "PATH_ESCAPE",
      `${name === "" ? "Nothing" : name} is no folder below the project. Name one by --source, such as product.`,
    ),
  file: (name) =>
    refuse("FILE_UNFIT", `${name} is no folder. Name the one of the products by --source.`),
};

async function listFolders(deps: ProductsDeps, source: string): ReturnType<Products["list"]> {
  const opened = await openSourceFolder(deps, source);
  if (opened.kind !== "folder") return SOURCE_REFUSED[opened.kind](source);
  const { folder } = opened;
  try {
    const entries = await readdir(folder.inside("."), { withFileTypes: true });
    const named = entries.filter(({ name }) => !name.startsWith("."));
    const folders = named.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const links = named.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name);
    if (folders.length > FOLDERS_MAX)
      return refuse("PRODUCT_INVALID", `${source} holds more than ${FOLDERS_MAX} folders.`);
    return ok({
      source: partsOf(source)?.join("/") ?? source,
      folders: folders.toSorted(),
      links: links.toSorted(),
    });
  } finally {
    await folder.close();
  }
}

type Within = { readonly git: Source; readonly prefix: string };

/** The folder and its place in the repository; a kind that is no folder instead. */
async function locate(
  deps: ProductsDeps,
  { source, project }: ProductFolder,
): Promise<Result<Exclude<FolderKind, "folder"> | Within>> {
  const parent = await openSourceFolder(deps, source);
  if (parent.kind !== "folder") return ok(parent.kind);
  const { path } = parent.folder;
  const own = await openBelow(parent.folder, [project]);
  if (own.kind !== "folder") return ok(own.kind);
  await own.folder.close();
  const git = await openSource(deps, await realpath(deps.projectDir));
  if (!git.ok) return git;
  return ok({ git: git.value, prefix: await prefixOf(git.value, join(path, project)) });
}

async function look(deps: ProductsDeps, folder: ProductFolder): Promise<Result<FolderFacts>> {
  const located = await locate(deps, folder);
  if (!located.ok) return located;
  if (typeof located.value === "string") return ok({ kind: located.value, ...NOTHING });
  const { git, prefix } = located.value;
  const entry = await entryAt(deps, git, prefix);
  if (!entry.ok) return entry;
  const found = await withScratch(deps, async (path) =>
    lookAtFolder(deps, { source: git, prefix, index: `${path}.index` }),
  );
  if (!found.ok) return found;
  const tree = entry.value?.kind === "folder" ? entry.value.sha : null;
  return ok({ kind: "folder", tree, ...found.value });
}

const NOTHING = { tree: null, committedMs: null, isClean: false, holdsIgnored: false } as const;

async function withSplit<Value>(
  deps: ProductsDeps,
  folder: ProductFolder,
  work: (split: Split) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const located = await locate(deps, folder);
  if (!located.ok) return located;
  const name = `${folder.source}/${folder.project}`;
  if (typeof located.value === "string")
    return refuse("PRODUCT_INVALID", `${name} is no folder that can be published.`, { name });
  const { git, prefix } = located.value;
  const entry = await entryAt(deps, git, prefix);
  if (!entry.ok) return entry;
  if (entry.value === null)
    return refuse("PRODUCT_INVALID", `Nothing of ${name} is committed. Commit it first.`, { name });
  if (entry.value.kind !== "folder")
    return refuse(
      "PRODUCT_INVALID",
      `The commit has no folder ${name}: it is a ${entry.value.kind}.`,
      { name },
    );
  const tree = entry.value.sha;
  return withScratch(deps, async (gitDir) => {
    const sha = await splitFolder(deps, { source: git, prefix, gitDir });
    return sha.ok ? work({ gitDir, sha: sha.value, tree, sourceSha: git.head }) : sha;
  });
}

/** A path for what lasts as long as the work: a folder, or a file with that beginning. */
async function withScratch<Value>(
  { stateDir }: ProductsDeps,
  work: (path: string) => Promise<Value>,
): Promise<Value> {
  const scratchDir = join(stateDir, "publish");
  await sweep(scratchDir);
  const path = join(scratchDir, `${SPLIT}${randomBytes(8).toString("hex")}`);
  try {
    return await work(path);
  } finally {
    for (const end of ["", ".index", ".index.lock"])
      await rm(`${path}${end}`, { recursive: true, force: true });
  }
}

const SPLIT = "split-";
/** Longer than any split is worked with. */
const LEFT_MS = 24 * 3_600_000;

/** What calls left whose process was killed. */
async function sweep(scratchDir: string): Promise<void> {
  await mkdir(scratchDir, { recursive: true, mode: 0o700 });
  for (const name of await readdir(scratchDir)) {
    if (!name.startsWith(SPLIT)) continue;
    const path = join(scratchDir, name);
    const changedMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.NaN,
    );
    if (Date.now() - changedMs > LEFT_MS) await rm(path, { recursive: true, force: true });
  }
}

async function openArchive({ stateDir }: ProductsDeps): Promise<Opened> {
  return openBelow(await openRoot(stateDir), [ARCHIVE]);
}

const nameAt = (place: string): string => place.slice(`${ARCHIVE}/`.length);

async function kindIn(folder: Folder, name: string): Promise<FolderKind> {
  try {
    const found = await lstat(folder.inside(name));
    if (found.isSymbolicLink()) return "link";
    return found.isDirectory() ? "folder" : "file";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
}

async function lookAt(deps: ProductsDeps, place: string): Promise<FolderKind> {
  if (!isArchivePlace(place)) return "outside";
  const opened = await openArchive(deps);
  if (opened.kind !== "folder") return opened.kind;
  try {
    return await kindIn(opened.folder, nameAt(place));
  } finally {
    await opened.folder.close();
  }
}

async function archive(deps: ProductsDeps, folder: ProductFolder, place: string): Promise<boolean> {
  const from = await openSourceFolder(deps, folder.source);
  if (from.kind !== "folder") throw notMovable(folder);
  try {
    if (!isPlainName(folder.project) || !isArchivePlace(place)) throw notMovable(folder);
    await mkdir(join(deps.stateDir, ARCHIVE), { recursive: true, mode: 0o700 });
    const to = await openArchive(deps);
    if (to.kind !== "folder") throw notMovable(folder);
    try {
      const kinds = [
        await kindIn(from.folder, folder.project),
        await kindIn(to.folder, nameAt(place)),
      ];
      if (kinds.join() !== "folder,missing") throw notMovable(folder);
      await rename(from.folder.inside(folder.project), to.folder.inside(nameAt(place)));
      await to.folder.sync();
      await from.folder.sync();
      return true;
    } finally {
      await to.folder.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EXDEV") return false;
    throw error;
  } finally {
    await from.folder.close();
  }
}

/** It was looked at just before; what it is now, nobody has decided about. */
const notMovable = ({ source, project }: ProductFolder): EngineError =>
  new EngineError(
    "WORKSPACE_FAILED",
    `${source}/${project} is not what it was a moment ago; it was not moved.`,
    { details: { source, project } },
  );

async function remove(deps: ProductsDeps, place: string): Promise<void> {
  if (!isArchivePlace(place))
    throw new EngineError("INTERNAL", "Only what lies in the archive is deleted.");
  const opened = await openArchive(deps);
  if (opened.kind !== "folder") return;
  const { folder } = opened;
  try {
    if ((await kindIn(folder, nameAt(place))) !== "folder") return;
    await rm(folder.inside(nameAt(place)), { recursive: true, force: true });
    await folder.sync();
  } finally {
    await folder.close();
  }
}
