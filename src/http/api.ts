// What goes over the wire: the schemas of answers, and the types that a client shares. Answers are checked against them, so
// that nothing is sent that is not written here.
import { z } from "zod";
import { ERROR_CODES } from "../domain/errors.ts";
import type { ErrorCode } from "../domain/errors.ts";

const CODES = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(CODES),
  requestId: z.string(),
  problems: z.array(z.strictObject({ path: z.string(), expected: z.string() })).optional(),
});

/** The number of the last event that an answer is true for. */
export const asOfSeq = z.int().min(0);

export const healthSchema = z.strictObject({ status: z.literal("ok"), organization: z.string() });

export const versionSchema = z.strictObject({ version: z.string(), api: z.literal("v1") });

export const heartbeatSchema = z.strictObject({
  status: z.literal("online"),
  timestamp: z.iso.datetime(),
  active_tasks: z.int().min(0),
});

const share = z.number().min(0).max(100);

export const metricsSchema = z.strictObject({
  cpu: share,
  memory: share,
  cpu_percent: share,
  ram_percent: share,
  vram_gb_used: z.number().min(0),
  vram_total_gb: z.number().min(0),
  timestamp: z.iso.datetime(),
});
