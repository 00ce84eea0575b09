// Reads the imports of source files and says which of them the dependency table forbids.
// It goes by text on purpose: a rule that anyone can follow in a minute, for code that does not try to trick it.
import { dirname, join } from "node:path/posix";

export type SourceFile = { readonly path: string; readonly text: string };

/** What one folder may import: folders or files under `src/`, `npm:<name>` (or `npm:*`), and `node:*`. */
export type Allowance = readonly string[];

const IMPORT =
  /^\s*(?:import|export)\b[^"';]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

/** The code without its comments; strings stay, so what is refused in code is refused in a string too. */
export const codeOf = ({ text }: SourceFile): string =>
  text.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, "").replaceAll(/(?:^|\s)\/\/.*$/gm, "");

export const isTest = ({ path }: SourceFile): boolean => path.endsWith(".test.ts");

/** The layer a path belongs to: `adapters/<port>` for adapters, else the first folder, or the file itself. */
export const layerOf = (path: string): string => {
  const [first = "", second = "", ...deeper] = path.split("/");
  return first === "adapters" && deeper.length > 0 ? `adapters/${second}` : first;
};

const npmName = (specifier: string): string =>
  specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

// What an import reaches, in the words of the table: `domain/card.ts`, `npm:zod`, `node:fs`.
const targetOf = (from: string, specifier: string): string => {
  if (specifier.startsWith(".")) return join(dirname(from), specifier);
  return specifier.startsWith("node:") ? specifier : `npm:${npmName(specifier)}`;
};

const permits = (allowed: string, target: string): boolean =>
  allowed === target ||
  (allowed.endsWith("*") && target.startsWith(allowed.slice(0, -1))) ||
  target.startsWith(`${allowed}/`);

/** The most specific entry of the table that names the file or a folder it lies in. */
const allowanceOf = (
  path: string,
  table: Readonly<Record<string, Allowance>>,
): Allowance | undefined => {
  const names = [
    path,
    dirname(path),
    layerOf(path),
    layerOf(path).replace(/^adapters\/.*/, "adapters/<port>"),
  ];
  return names.map((name) => table[name]).find((allowance) => allowance !== undefined);
};

/** One line for each file in an unknown folder and each import that the table does not allow. */
export const findForbiddenImports = (
  files: readonly SourceFile[],
  table: Readonly<Record<string, Allowance>>,
): readonly string[] =>
  files.flatMap((file) => {
    const allowance = allowanceOf(file.path, table);
    if (allowance === undefined) return [`${file.path}: no folder of the dependency table`];
    const allowed = [...allowance, layerOf(file.path)];
    return [...codeOf(file).matchAll(IMPORT)]
      .map((match) => targetOf(file.path, match[1] ?? match[2] ?? match[3] ?? ""))
      .filter((target) => !allowed.some((one) => permits(one, target)))
      .map((target) => `${file.path}: may not import ${target}`);
  });

/** One line for each place where a file's code matches one of the patterns. */
export const findPatterns = (
  files: readonly SourceFile[],
  patterns: readonly RegExp[],
): readonly string[] =>
  files.flatMap((file) =>
    patterns.flatMap((pattern) =>
      [...codeOf(file).matchAll(pattern)].map(([found]) => `${file.path}: ${found.trim()}`),
    ),
  );
