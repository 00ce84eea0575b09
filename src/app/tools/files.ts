// File tools: read, list, search, write, edit, delete. The workspace keeps them inside; the gate has judged the path before.
import { z } from "zod";
import type { Refusal } from "../../domain/result.ts";
import type { PlannedEffect } from "../../domain/turn.ts";
import type { ToolOutcome, ToolScope, Trace } from "./tool.ts";
import { cut, defineTool, failed } from "./tool.ts";

const READ_BYTES_MAX = 1024 * 1024;
const MATCHES_MAX = 200;

const path = z.string().min(1).max(1024).describe("Path relative to the workspace");

const readFile = defineTool({
  name: "read_file",
  risk: "read",
  effect: false,
  description: "Reads a text file of the workspace, or one of the references of the epic.",
  path: { argument: "path", access: "read" },
  schema: z.strictObject({
    path,
    offset: z.int().min(0).optional().describe("First line to return, from 0"),
    limit: z.int().min(1).max(100_000).optional().describe("How many lines to return"),
  }),
  run: async ({ path: name, offset, limit }, scope) => {
    const file = await scope.workspace.read(name, READ_BYTES_MAX);
    if (!file.ok) {
      const reference = scope.references.includes(name)
        ? await scope.assets.readText(name, READ_BYTES_MAX)
        : null;
      if (reference === null) return failed(file.error);
      return { result: { ok: true, content: cut(slice(reference, offset, limit)) } };
    }
    const resolved = await scope.workspace.resolve(name);
    if (resolved.ok) scope.memory.seen.set(resolved.value, file.value.digest);
    return {
      result: {
        ok: true,
        content: cut(slice(file.value.text, offset, limit)),
        digest: file.value.digest,
      },
    };
  },
});

function slice(text: string, offset = 0, limit?: number): string {
  if (offset === 0 && limit === undefined) return text;
  return text
    .split("\n")
    .slice(offset, limit === undefined ? undefined : offset + limit)
    .join("\n");
}

const listDirectory = defineTool({
  name: "list_directory",
  risk: "read",
  effect: false,
  description: "Lists a directory of the workspace.",
  path: { argument: "path", access: "read" },
  schema: z.strictObject({ path: path.default(".") }),
  run: async ({ path: name }, { workspace }) => {
    const items = await workspace.list(name);
    if (!items.ok) return failed(items.error);
    return {
      result: {
        ok: true,
        items: items.value.map((item) => (item.isDirectory ? `${item.name}/` : item.name)),
      },
    };
  },
});

const searchFiles = defineTool({
  name: "search_files",
  risk: "read",
  effect: false,
  description: "Finds lines that match a regular expression, or a literal text.",
  path: { argument: "path", access: "read" },
  schema: z.strictObject({
    pattern: z.string().min(1).max(1000),
    path: path.default("."),
    glob: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("Only files whose path matches, such as **/*.ts"),
    literal: z.boolean().default(false),
  }),
  run: async ({ pattern, path: name, glob, literal }, { workspace }, signal) => {
    const query = { pattern, literal, path: name, glob: glob ?? null, matchesMax: MATCHES_MAX };
    const matches = await workspace.search(query, signal);
    return matches.ok ? { result: { ok: true, matches: matches.value } } : failed(matches.error);
  },
});

/** One door for every write of a turn: lock, staleness, write, remember. */
async function writeText(name: string, text: string, scope: ToolScope): Promise<ToolOutcome> {
  const resolved = await scope.workspace.resolve(name);
  if (!resolved.ok) return failed(resolved.error);
  const relative = resolved.value;
  if (!scope.locks.take(relative, scope.turn)) return failed(stale(relative));
  const written = await scope.workspace.write(relative, text, scope.memory.seen.get(relative));
  if (!written.ok) return failed(written.error);
  scope.memory.seen.set(relative, written.value.digest);
  return {
    result: { ok: true, path: relative, digest: written.value.digest },
    wrote: relative,
    lines: linesOf(text),
  };
}

/** What ends with a line feed has no line after it. */
export const linesOf = (text: string): number =>
  text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);

const stale = (relative: string): Refusal => ({
  code: "FILE_STALE",
  message: `stale: ${relative} is being changed by another turn that runs now. Read it again later, or work on another file.`,
  details: { path: relative },
});

/** The digest of the file that is there now. */
const look: Trace["look"] = async (name, { workspace }) => {
  const file = await workspace.read(name, READ_BYTES_MAX);
  if (file.ok) return file.value.digest;
  return file.error.code === "FILE_MISSING" ? null : undefined;
};

/** No digest: a file that cannot be read cannot be told from one that was changed. */
const UNREADABLE = "unreadable";

/** `text` null: the file goes. */
async function planned(
  name: string,
  text: string | null,
  scope: ToolScope,
): Promise<PlannedEffect | null> {
  const resolved = await scope.workspace.resolve(name);
  if (!resolved.ok) return null;
  const before = await look(resolved.value, scope);
  if (before === null && text === null) return null;
  const after = text === null ? null : scope.ids.digest(text);
  return { path: resolved.value, before: before === undefined ? UNREADABLE : before, after };
}

const writeFile = defineTool({
  name: "write_file",
  risk: "write",
  effect: true,
  description: "Writes a whole text file; parents are made, an existing file is replaced.",
  path: { argument: "path", access: "write" },
  schema: z.strictObject({ path, content: z.string().max(READ_BYTES_MAX) }),
  trace: { look, plan: async ({ path: name, content }, scope) => planned(name, content, scope) },
  run: async ({ path: name, content }, scope) => writeText(name, content, scope),
});

const editFile = defineTool({
  name: "edit_file",
  risk: "write",
  effect: true,
  description: "Replaces text in a file; `old` must occur exactly `count` times.",
  path: { argument: "path", access: "write" },
  schema: z.strictObject({
    path,
    old: z.string().min(1),
    new: z.string(),
    count: z.int().min(1).max(1000).default(1),
  }),
  trace: {
    look,
    plan: async ({ path: name, old, new: replacement, count }, scope) => {
      const edited = await editedText(scope, { name, old, replacement, count });
      return typeof edited === "string" ? planned(name, edited, scope) : null;
    },
  },
  run: async ({ path: name, old, new: replacement, count }, scope) => {
    const edited = await editedText(scope, { name, old, replacement, count });
    return typeof edited === "string" ? writeText(name, edited, scope) : edited;
  },
});

/** The text an edit would give, or why there is none. Also what the gate's structure rules look at. */
export async function editedText(
  scope: Pick<ToolScope, "workspace" | "memory">,
  edit: {
    readonly name: string;
    readonly old: string;
    readonly replacement: string;
    readonly count: number;
  },
): Promise<string | ToolOutcome> {
  const file = await scope.workspace.read(edit.name, READ_BYTES_MAX);
  if (!file.ok) return failed(file.error);
  const parts = file.value.text.split(edit.old);
  const found = parts.length - 1;
  if (found === edit.count) return parts.join(edit.replacement);
  const code = found < edit.count ? "EDIT_NO_MATCH" : "EDIT_AMBIGUOUS";
  const word = found < edit.count ? "no_match" : "ambiguous";
  return failed({
    code,
    message: `${word}: the text occurs ${found} times in ${edit.name}, not ${edit.count}; nothing was written.`,
    details: { found },
  });
}

const deleteFile = defineTool({
  name: "delete_file",
  risk: "write",
  effect: true,
  description: "Deletes one file. Needs confirm: true.",
  path: { argument: "path", access: "write" },
  schema: z.strictObject({ path, confirm: z.boolean().optional() }),
  trace: { look, plan: async ({ path: name }, scope) => planned(name, null, scope) },
  run: async ({ path: name, confirm }, scope) => {
    if (confirm !== true) return failed(unconfirmed("delete_file"));
    const resolved = await scope.workspace.resolve(name);
    if (!resolved.ok) return failed(resolved.error);
    if (!scope.locks.take(resolved.value, scope.turn)) return failed(stale(resolved.value));
    const removed = await scope.workspace.remove(resolved.value);
    if (!removed.ok) return failed(removed.error);
    scope.memory.seen.delete(resolved.value);
    return { result: { ok: true, path: resolved.value }, wrote: resolved.value };
  },
});

export const unconfirmed = (tool: string): Refusal => ({
  code: "TOOL_ARGUMENT",
  message: `Destructive operation '${tool}' requires explicit confirmation (confirm=true)`,
  details: { tool },
});

export const FILE_TOOLS = [readFile, listDirectory, searchFiles, writeFile, editFile, deleteFile];
