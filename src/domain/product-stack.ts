// What a repository says of how its product runs: `stack` in `.orket.json` or `orket.yaml`, a name or services of its own.
// Whether the stack itself is allowed is own-stack.ts.
import type { Json } from "./json.ts";
import { isJsonObject } from "./json.ts";
import type { Result } from "./result.ts";
import { ok, refuse } from "./result.ts";

export const STACK_FILES = [".orket.json", "orket.yaml"] as const;
export type StackFile = (typeof STACK_FILES)[number];

/** A repository that says more than this about its stack says something else. */
export const STACK_FILE_BYTES_MAX = 64 * 1024;

/** Null when none of the files names one. Two that name one are not chosen between. */
export function productStack(files: Readonly<Partial<Record<StackFile, Json>>>): Result<Json> {
  const named: { readonly file: StackFile; readonly stack: Json }[] = [];
  for (const file of STACK_FILES) {
    const content = files[file];
    if (content === undefined) continue;
    if (!isJsonObject(content)) return unfit(file, "it holds no object with a field `stack`");
    const { stack } = content;
    if (stack !== undefined && stack !== null) named.push({ file, stack });
    // Orket's settings may stand beside it in orket.yaml; the other file is for this alone.
    else if (file === ".orket.json") return unfit(file, "it has no field `stack`");
  }
  const [first, second] = named;
  if (first === undefined) return ok(null);
  return second === undefined
    ? ok(first.stack)
    : refuse("SANDBOX_INVALID", `${first.file} and ${second.file} both name a stack. Keep one.`);
}

export const unfit = (file: StackFile, why: string): Result<never> =>
  refuse("SANDBOX_INVALID", `${file} of the repository does not say its stack: ${why}.`, { file });
