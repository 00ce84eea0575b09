// The file of the scripted provider: its schema, and its reading. Unknown keys are refused like everywhere else.
import { readFile, stat } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import type { ErrorCode } from "../../domain/errors.ts";
import { isErrorCode } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import { CALLS_MAX } from "./answer.ts";

const BYTES_MAX = 4 * 1024 * 1024;
const DELAY_MS_MAX = 600_000;
const RETRY_AFTER_MS_MAX = 3_600_000;
const ALIASES_MAX = 100;
const PROBLEMS_SHOWN = 10;

const call = z.strictObject({
  tool: z.string(),
  /** Whatever JSON: a script may play a model whose arguments are no object. */
  args: z.json().default({}),
});
const failure = z.strictObject({
  code: z
    .string()
    .refine(
      (code): code is ErrorCode => isErrorCode(code) && code.startsWith("MODEL_"),
      "expected one of the MODEL_ codes",
    ),
  message: z.string().default("scripted failure"),
  retryAfterMs: z.int().min(0).max(RETRY_AFTER_MS_MAX).optional(),
});
const answer = {
  text: z.string().default(""),
  calls: z.array(call).max(CALLS_MAX).default([]),
  usage: z.strictObject({ input: z.int().min(0), output: z.int().min(0) }).optional(),
};
const delay = { delayMs: z.int().min(0).max(DELAY_MS_MAX).default(0) };
const reply = z
  .strictObject({ ...answer, ...delay, failure: failure.optional() })
  .refine(
    ({ failure: failed, text, calls, usage }) =>
      failed === undefined || (text === "" && calls.length === 0 && usage === undefined),
    "expected either a failure or text and calls, not both",
  );
const schema = z.strictObject({
  version: z.literal(1),
  nativeTools: z.boolean().default(true),
  contextWindow: z.int().min(1).nullable().default(null),
  cards: z.record(z.string(), z.record(z.string(), z.array(reply))).default({}),
  match: z
    .array(
      z.strictObject({
        when: z.strictObject({
          card: z.string().optional(),
          seat: z.string().optional(),
          contains: z.string().optional(),
        }),
        reply,
      }),
    )
    .default([]),
  replies: z.array(reply).default([]),
});

export type ScriptReply = z.infer<typeof reply>;
export type Script = z.infer<typeof schema>;

export async function readScript(path: string): Promise<Result<Script>> {
  const invalid = (problems: readonly string[]): Result<never> =>
    refuse("SCRIPT_INVALID", `The script ${path} does not load: ${problems.join("; ")}`, {
      path,
      problems,
    });
  let value: unknown;
  try {
    const facts = await stat(path);
    if (!facts.isFile()) return invalid(["it is no file"]);
    if (facts.size > BYTES_MAX)
      return invalid([`it has ${facts.size} bytes, more than ${BYTES_MAX}`]);
    value = parse(await readFile(path, "utf8"), { maxAliasCount: ALIASES_MAX, logLevel: "error" });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return invalid([message.split("\n")[0] ?? message]);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return invalid(parsed.error.issues.slice(0, PROBLEMS_SHOWN).map(toProblem));
}

const toProblem = ({ path, message }: z.core.$ZodIssue): string =>
  `${["$", ...path].map(String).join(".")}: ${message}`;
