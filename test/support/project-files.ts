// Every file of a folder with its text, to hold a folder against itself before and after.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export type FolderTexts = Readonly<Record<string, string>>;

/** Path → text, folders as their name with a slash, in order. `.orket` is left out; links are shown, not followed. */
export async function folderTexts(dir: string, folder = ""): Promise<FolderTexts> {
  const texts: Record<string, string> = {};
  const entries = await readdir(join(dir, folder), { withFileTypes: true });
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (path === ".orket" || path === ".cache") continue;
    if (entry.isDirectory())
      Object.assign(texts, { [`${path}/`]: "" }, await folderTexts(dir, path));
    else texts[path] = entry.isFile() ? await readFile(join(dir, path), "utf8") : "no file";
  }
  return texts;
}
