// What a person may see and change of the project's files without a shell: everything inside the project but secrets, the
// engine's own state and git. Whoever may save here may change assets; agents never get here.
import { isReadProtected } from "../domain/governance.ts";
import type { Refused, Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { FileText, FolderFiles } from "../ports/workspace.ts";

export const PROJECT_FILE_BYTES_MAX = 1024 * 1024;

export type Files = { readonly projectFiles: FolderFiles };

export type ExplorerItem = {
  readonly name: string;
  readonly isDirectory: boolean;
  /** With its dot, in lower case; empty for folders and files without one. */
  readonly extension: string;
};

/** Folders first, each by name. A folder that does not exist is empty. */
export async function exploreProject(
  { projectFiles }: Files,
  path: string,
): Promise<Result<readonly ExplorerItem[]>> {
  const refused = checkPath(path, "read");
  if (refused !== null) return refused;
  const listed = await projectFiles.list(path);
  if (!listed.ok) return listed.error.code === "FILE_MISSING" ? ok([]) : listed;
  const items = listed.value.map(({ name, isDirectory }) => ({
    name,
    isDirectory,
    extension: isDirectory ? "" : extensionOf(name),
  }));
  return ok(
    items.toSorted(
      (one, other) =>
        Number(other.isDirectory) - Number(one.isDirectory) || (one.name < other.name ? -1 : 1),
    ),
  );
}

export async function readProjectFile(
  { projectFiles }: Files,
  path: string,
): Promise<Result<FileText>> {
  return checkPath(path, "read") ?? projectFiles.read(path, PROJECT_FILE_BYTES_MAX);
}

export type FileToSave = {
  readonly path: string;
  readonly content: string;
  /** What the file must hold now; null when it must not exist, undefined when nobody asks. */
  readonly expectedDigest?: string | null | undefined;
};

export async function saveProjectFile(
  { projectFiles }: Files,
  { path, content, expectedDigest }: FileToSave,
): Promise<Result<FileText>> {
  const refused = checkPath(path, "written") ?? checkSize(path, content);
  return refused ?? projectFiles.write(path, content, expectedDigest);
}

/** The project's own folder is `.`; a `..` is refused even where it would lead back inside. */
function checkPath(path: string, done: "read" | "written"): Refused | null {
  if (path.split("/").includes(".."))
    return refuse("PATH_ESCAPE", "path escape: the path holds `..`.", { path });
  if (isReadProtected(path))
    return refuse("PATH_PROTECTED", `protected: ${path} is not ${done} here.`, { path });
  return null;
}

function checkSize(path: string, content: string): Refused | null {
  // No character takes fewer bytes than one, so most are known without counting.
  const isLong = content.length > PROJECT_FILE_BYTES_MAX / 3;
  if (!isLong || new TextEncoder().encode(content).length <= PROJECT_FILE_BYTES_MAX) return null;
  return refuse("FILE_TOO_LARGE", `The text is larger than ${PROJECT_FILE_BYTES_MAX} bytes.`, {
    path,
  });
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot).toLowerCase();
}
