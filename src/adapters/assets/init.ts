// Writes the small, valid project of `orket init` into a folder, file by file. What is there already stays as it is.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { EngineError } from "../../domain/errors.ts";
import { FORMAT_BY_EXTENSION } from "./parse-text.ts";
import { codeOf, ORGANIZATION_PLACES } from "./project-files.ts";

export type InitSettings = { readonly targetDir: string; readonly templateDir: string };
/** Paths relative to the project, in order. */
export type InitReport = { readonly written: readonly string[]; readonly kept: readonly string[] };

const TEMPLATE_FILES_MAX = 200;
const ORGANIZATION = "config/organization";
/** Packing leaves files of the one name out and reads them as its own rules, so the template goes without the dot. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: ".gitignore" };

export async function initProject({ targetDir, templateDir }: InitSettings): Promise<InitReport> {
  const written: string[] = [];
  const kept: string[] = [];
  await mkdir(targetDir, { recursive: true });
  for (const name of await templateFiles(templateDir, "")) {
    const target = RENAMED[name] ?? name;
    const text = await readFile(join(templateDir, name));
    const isNew = !(await hasTwin(targetDir, target)) && (await writeNew(targetDir, target, text));
    (isNew ? written : kept).push(target);
  }
  return { written, kept };
}

async function templateFiles(templateDir: string, folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  const entries = await readdir(join(templateDir, folder), { withFileTypes: true });
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await templateFiles(templateDir, name)));
    else if (entry.isFile()) files.push(name);
  }
  if (files.length > TEMPLATE_FILES_MAX)
    throw new EngineError("INTERNAL", "The template of a project has too many files.");
  return files;
}

/** Whether the project says it already in another form: a second one would be a duplicate, or would shadow the first. */
async function hasTwin(targetDir: string, target: string): Promise<boolean> {
  const { dir, name, ext } = parse(target);
  if (!FORMAT_BY_EXTENSION.has(ext) || dir === "") return false;
  const stems =
    `${dir}/${name}` === ORGANIZATION
      ? ORGANIZATION_PLACES.map((place) => place.join("/"))
      : [`${dir}/${name}`];
  for (const stem of stems) {
    for (const extension of FORMAT_BY_EXTENSION.keys()) {
      if (await exists(join(targetDir, stem + extension))) return true;
    }
  }
  return false;
}

const exists = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** False when something of that name is there. A file bears its name only when it is whole: `link` refuses a taken name. */
async function writeNew(targetDir: string, target: string, text: Uint8Array): Promise<boolean> {
  await makeFolders(targetDir, dirname(target));
  const path = join(targetDir, target);
  if (await exists(path)) return false;
  const temporary = join(dirname(path), `.orket-init-${randomBytes(8).toString("hex")}.tmp`);
  try {
    const file = await open(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o644,
    );
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw initFailure(target, error);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** One by one, because a folder that is a link would put the files somewhere else. */
async function makeFolders(targetDir: string, folder: string): Promise<void> {
  let path = targetDir;
  for (const name of folder.split("/")) {
    if (name === ".") continue;
    path = join(path, name);
    try {
      await mkdir(path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw initFailure(folder, error);
      if (!(await lstat(path)).isDirectory()) {
        throw new EngineError(
          "FILE_UNFIT",
          `${path} is a link or a file, not a folder; nothing is written through it.`,
        );
      }
    }
  }
}

const READ_ONLY = ["EACCES", "EPERM", "EROFS"];

function initFailure(target: string, cause: unknown): EngineError {
  const code = codeOf(cause);
  if (code === "ENOSPC")
    return new EngineError("STORE_FULL", `The disk is full: ${target} was not written.`, { cause });
  const kind = READ_ONLY.includes(code) ? "PROJECT_READ_ONLY" : "WORKSPACE_FAILED";
  return new EngineError(kind, `${target} could not be written (${code}).`, { cause });
}
