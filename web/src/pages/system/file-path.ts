// Paths of the project as the pages of its files take them apart; the project itself is the empty path.

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const within = (folder: string, name: string): string =>
  folder === "" ? name : `${folder}/${name}`;

export const addressOfFile = (path: string): string =>
  path === "" ? "/system/files" : `/system/files?path=${encodeURIComponent(path)}`;

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
export const stepsTo = (path: string): readonly string[] =>
  path === "" ? [] : path.split("/").map((_, place, parts) => parts.slice(0, place + 1).join("/"));
