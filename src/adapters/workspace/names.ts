// Names inside a workspace: what a path may look like before anything on disk is looked at. Links are safe-files business.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";

/** A path as the walk takes it: names only, none of them empty, `.` or `..`. Empty for the workspace itself. */
export type Components = readonly string[];

const PATH_BYTES_MAX = 4096;
const NAME_BYTES_MAX = 255;
const COMPONENTS_MAX = 64;

/** Control characters, and characters a person cannot see or that turn the text around: `gnp.exe` shown as `exe.png`. */
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const DECEPTIVE_ALL = new RegExp(DECEPTIVE, "gu");

/** `%2e%2e`, `%2f`, `%5c` and `%00`: harmless here, but not in whatever decodes the name later. */
const ENCODED_ESCAPE = /%(?:2f|5c|00)|^(?:%2e|\.){1,2}$/i;

/** Orket's own unfinished writes; see safe-files. */
const TEMPORARY = /^\.orket-[0-9a-f]{24}\.tmp$/;
export const temporaryName = (random: string): string => `.orket-${random}.tmp`;
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/**
 * `roots` are the absolute paths of the workspace: as it was opened, and without links. The path is put in normal form
 * by its text alone; that is exact, because the walk goes through no link.
 */
export function parsePath(path: string, roots: readonly string[]): Result<Components> {
  if (path === "" || Buffer.byteLength(path) > PATH_BYTES_MAX)
    return unusable(path, "is empty or too long");
  if (path.includes("\0")) return escape(path, "holds a NUL byte");
  if (path.includes("\\")) return escape(path, "holds a backslash; folders are separated by /");
  const relative = relativeTo(path, roots);
  if (relative === null) return escape(path, "lies outside of the workspace");
  const components = normalized(relative);
  if (components === null) return escape(path, "leaves the workspace");
  for (const name of components) {
    const refused = checkName(name, path);
    if (refused !== null) return refused;
  }
  return components.length > COMPONENTS_MAX
    ? unusable(path, "has too many folders")
    : ok(components);
}

function checkName(name: string, path: string): Result<never> | null {
  if (ENCODED_ESCAPE.test(name))
    return escape(path, "holds an encoded dot, slash, backslash or NUL");
  if (isOwnName(name))
    return refuse("PATH_PROTECTED", `protected: ${shownName(path)} belongs to Orket or git.`, {
      path,
    });
  if (DECEPTIVE.test(name)) return unusable(path, "holds a control character or an invisible one");
  if (Buffer.byteLength(name) > NAME_BYTES_MAX)
    return unusable(path, "has a name of more than 255 bytes");
  return null;
}

function relativeTo(path: string, roots: readonly string[]): string | null {
  if (!path.startsWith("/")) return path;
  const absolute = `/${(normalized(path) ?? []).join("/")}`;
  for (const root of roots) {
    // With the separator: `/x/ws-evil` is not inside of `/x/ws`.
    if (absolute === root) return ".";
    if (absolute.startsWith(`${root}/`)) return absolute.slice(root.length + 1);
  }
  return null;
}

/** Null when a `..` goes above the beginning. */
function normalized(path: string): Components | null {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return null;
  }
  return names;
}

/**
 * `.git` and `.orket` in every spelling that some file system takes for the same: case, look-alike and invisible
 * characters, dots and spaces at the end, a stream name. A second line; the gate has the first.
 */
export function isOwnName(name: string): boolean {
  const plain = name.normalize("NFKC").replace(DECEPTIVE_ALL, "").toLowerCase();
  const [beforeStream = ""] = plain.split(":");
  const folded = withoutTail(beforeStream);
  return folded === ".git" || folded === "git~1" || folded === ".orket" || isTemporary(name);
}

/** A loop: as a pattern this would be quadratic. */
function withoutTail(name: string): string {
  let end = name.length;
  while (name[end - 1] === "." || name[end - 1] === " ") end -= 1;
  return name.slice(0, end);
}

/** A name found on disk, with the characters made visible that a reader would not see. */
export const shownName = (name: string): string =>
  name.replace(
    DECEPTIVE_ALL,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

export const pathOf = (components: Components): string =>
  components.length === 0 ? "." : components.join("/");

const escape = (path: string, why: string): Result<never> =>
  refuse("PATH_ESCAPE", `path escape: ${cut(path)} ${why}. Use a path relative to the workspace.`, {
    path: cut(path),
  });

const unusable = (path: string, why: string): Result<never> =>
  refuse("TOOL_ARGUMENT", `The path ${cut(path)} ${why}.`, { path: cut(path) });

const SHOWN_CHARACTERS_MAX = 300;
const cut = (path: string): string => shownName(path.slice(0, SHOWN_CHARACTERS_MAX));
