// The file of the scripted provider: its schema, and its reading. Unknown keys are refused like everywhere else.
import { readFile, stat } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { isErrorCode } from "../../domain/errors.ts";
import type { ErrorCode } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";

const BYTES_MAX = 4 * 1024 * 1024;
const DELAY_MS_MAX = 600_000;

const call = z.strictObject({ tool: z.string(), args: z.unknown().default({}) });
const failure = z.strictObject({
  code: z
    .string()
    .refine((code) => isErrorCode(code) && code.startsWith("MODEL_"), "one of the MODEL_ codes")
    .transform((code) => code as ErrorCode),
  message: z.string().default("scripted failure"),
  retryAfterMs: z.number().min(0).optional(),
});
const reply = z.strictObject({
  text: z.string().default(""),
  calls: z.array(call).default([]),
  usage: z.strictObject({ input: z.int().min(0), output: z.int().min(0) }).optional(),
  delayMs: z.number().min(0).max(DELAY_MS_MAX).default(0),
  failure: failure.optional(),
});
const schema = z.strictObject({
  version: z.literal(1),
  nativeTools: z.boolean().default(true),
  contextWindow: z.int().min(1).optional(),
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
  const invalid = (problem: string): Result<never> =>
    refuse("SCRIPT_INVALID", `The script ${path} does not load: ${problem}`, { path });
  let value: unknown;
  try {
    const { size } = await stat(path);
    if (size > BYTES_MAX) return invalid(`it has ${size} bytes, more than ${BYTES_MAX}.`);
    value = parse(await readFile(path, "utf8"), { maxAliasCount: 100 });
  } catch (error) {
    return invalid(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues
    .slice(0, 10)
    .map((issue) => `$.${issue.path.join(".")}: ${issue.message}`);
  return invalid(problems.join("; "));
}
