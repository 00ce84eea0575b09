// A recording as a folder: `recording.yaml` with what the run was asked and what its models answered, `events.txt` with one
// event a line, so that a change of behaviour reads well in a diff.
import { APPROVE_MODES } from "../../domain/approval.ts";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { isErrorCode } from "../../domain/errors.ts";
import type { Recording } from "../../domain/recording.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";

const limit = z.number().positive().nullable().default(null);
const count = z.int().min(0);
const answer = z.strictObject({
  text: z.string().default(""),
  calls: z
    .array(z.strictObject({ tool: z.string(), args: z.record(z.string(), z.json()).default({}) }))
    .default([]),
  usage: z
    .strictObject({ inputTokens: count, outputTokens: count })
    .default({ inputTokens: 0, outputTokens: 0 }),
});
const failure = z.strictObject({
  failure: z.strictObject({
    code: z.string().refine((code) => isErrorCode(code) && code.startsWith("MODEL_"), {
      error: "expected one of the MODEL_ codes",
    }),
    message: z.string().default("recorded failure"),
    status: z.int().nullable().default(null),
  }),
});
const finding = z.union([
  z.strictObject({
    fixtureDigest: z.string().nullable(),
    basis: z.string(),
    scenarios: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.enum(["function", "command", "http", "unfit"]),
        outcome: z.enum(["passed", "failed", "not-executed"]),
      }),
    ),
  }),
  z.strictObject({
    refused: z.strictObject({
      code: z.string().refine(isErrorCode, { error: "expected a code" }),
      message: z.string(),
    }),
  }),
  z.strictObject({ lack: z.strictObject({ alert: z.string(), detail: z.string() }) }),
]);
const schema = z.strictObject({
  version: z.literal(1),
  card: z.string().min(1),
  department: z.string().nullable().default(null),
  build: z.string().min(1),
  model: z.string().nullable().default(null),
  budget: z
    .strictObject({ tokensMax: limit, costUsdMax: limit, minutesMax: limit, turnsMax: limit })
    .default({ tokensMax: null, costUsdMax: null, minutesMax: null, turnsMax: null }),
  approve: z.enum(APPROVE_MODES).default("ask"),
  concurrency: z.int().min(1),
  models: z
    .record(
      z.string(),
      z.strictObject({
        nativeTools: z.boolean(),
        contextWindow: z.int().min(1).nullable(),
        price: z
          .strictObject({ inputUsdPerMillion: z.number(), outputUsdPerMillion: z.number() })
          .nullable(),
      }),
    )
    .default({}),
  replies: z.record(z.string(), z.record(z.string(), z.array(z.union([failure, answer])))),
  verifications: z.record(z.string(), z.array(finding)).default({}),
});

export type KeptRecording = {
  readonly recording: Recording;
  /** As `eventLine` writes them. */
  readonly events: readonly string[];
};

const FILES = { recording: "recording.yaml", events: "events.txt" } as const;
const PROBLEMS_SHOWN = 10;

export async function readRecording(dir: string): Promise<Result<KeptRecording>> {
  const invalid = (problems: readonly string[]): Result<never> =>
    refuse("RECORDING_INVALID", `The recording in ${dir} does not load: ${problems.join("; ")}`, {
      dir,
    });
  let value: unknown;
  let lines: string;
  try {
    value = parse(await readFile(join(dir, FILES.recording), "utf8"), { logLevel: "error" });
    lines = await readFile(join(dir, FILES.events), "utf8");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return invalid([message.split("\n")[0] ?? message]);
  }
  const recording = parseRecording(value);
  if (!recording.ok) return invalid(recording.error);
  return ok({
    recording: recording.value,
    events: lines.split("\n").filter((line) => line !== ""),
  });
}

/** What `recording.yaml` holds. */
export function parseRecording(value: unknown): Result<Recording, readonly string[]> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, PROBLEMS_SHOWN);
    return {
      ok: false,
      error: problems.map(
        ({ path, message }) => `${["$", ...path].map(String).join(".")}: ${message}`,
      ),
    };
  }
  const { version: _, ...recording } = parsed.data;
  return ok(recording);
}

/** Into a new folder; a file of a recording that is there is not replaced. */
export async function writeRecording(
  dir: string,
  { recording, events }: KeptRecording,
): Promise<Result<null>> {
  try {
    await mkdir(dir, { recursive: true });
    const options = { flag: "wx" } as const;
    await writeFile(join(dir, FILES.recording), stringify({ version: 1, ...recording }), options);
    await writeFile(join(dir, FILES.events), textOf(events), options);
    return ok(null);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      return refuse("USAGE", `There is a recording in ${dir} already. Name a new folder.`, { dir });
    return refuse("USAGE", `${dir} cannot be written: ${message}`, { dir });
  }
}

/** What the events are from now on. */
export const replaceEvents = async (dir: string, events: readonly string[]): Promise<void> =>
  writeFile(join(dir, FILES.events), textOf(events));

const textOf = (events: readonly string[]): string => events.map((line) => `${line}\n`).join("");
