// What goes over the wire: the schemas of answers, and the types that a client shares. Answers are checked against them, so
// that nothing is sent that is not written here.
import { z } from "zod";
import { ERROR_CODES } from "../domain/errors.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { CARD_KINDS, CARD_STATUSES, CARD_TYPES, WAIT_REASONS } from "../domain/card.ts";
import { EVENT_TYPES } from "../domain/events.ts";
import { RUN_REASONS, RUN_STATUSES } from "../domain/run.ts";
import { SCOPES } from "./auth.ts";

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

export const keySchema = z.strictObject({ name: z.string(), scope: z.enum(SCOPES) });

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

const moment = z.iso.datetime();
const texts = z.array(z.string()).readonly();

export const budgetSchema = z.object({
  tokensMax: z.number().nullable(),
  costUsdMax: z.number().nullable(),
  minutesMax: z.number().nullable(),
  turnsMax: z.number().nullable(),
});

/** What a caller may say of a budget; what is left out is as the settings have it. */
export const askedBudgetSchema = z.strictObject({
  tokensMax: z.int().min(1).optional(),
  costUsdMax: z.number().positive().optional(),
  minutesMax: z.number().positive().optional(),
  turnsMax: z.int().min(1).optional(),
});

export const runSchema = z.object({
  id: z.string(),
  card: z.string(),
  kind: z.enum(["rock", "epic", "issue"]),
  builds: texts,
  status: z.enum(RUN_STATUSES),
  reason: z.enum(RUN_REASONS).nullable(),
  detail: z.string().nullable(),
  turns: z.int(),
  usage: z.object({ inputTokens: z.number(), outputTokens: z.number(), costUsd: z.number() }),
  budget: budgetSchema,
  model: z.string().nullable(),
  createdAt: moment,
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  activeMs: z.number(),
});

export const runAnswer = z.object({ run: runSchema, asOfSeq });

export const runPage = z.object({
  runs: z.array(runSchema).readonly(),
  next: z.string().nullable(),
  asOfSeq,
});

export const runViewSchema = z.object({
  run: runSchema,
  from: z.object({ run: z.string(), turn: z.int() }).nullable(),
  waits: z
    .array(
      z.object({
        card: z.string(),
        waitsFor: z.string(),
        on: z.string(),
        since: z.string(),
        wayOut: z.string().nullable(),
      }),
    )
    .readonly(),
  /** Ids of the questions that wait for a person. */
  approvals: texts,
  asOfSeq,
});

/** A run under its older names. */
export const sessionSchema = z.object({
  session_id: z.string(),
  card_id: z.string(),
  type: z.enum(["rock", "epic", "issue"]),
  build_ids: texts,
  status: z.enum(RUN_STATUSES),
  reason: z.enum(RUN_REASONS).nullable(),
  start_time: moment.nullable(),
  end_time: moment.nullable(),
  asOfSeq,
});

export const sessionSnapshotSchema = z.object({
  session_id: z.string(),
  snapshot: z.record(z.string(), z.unknown()),
  asOfSeq,
});

export const cardSchema = z.object({
  build: z.string(),
  id: z.string(),
  kind: z.enum(CARD_KINDS),
  type: z.enum(CARD_TYPES),
  summary: z.string(),
  status: z.enum(CARD_STATUSES),
  waitReason: z.enum(WAIT_REASONS).nullable(),
  waitDetail: z.string().nullable(),
  version: z.int(),
  priority: z.number(),
  seat: z.string().nullable(),
  epic: z.string().nullable(),
  parent: z.string().nullable(),
  department: z.string(),
  dependsOn: texts,
  retryCount: z.int(),
  retriesMax: z.int(),
  cycle: z.int(),
  verified: z.boolean(),
  orphaned: z.boolean(),
  authorSeats: texts,
  assignee: z.string().nullable(),
  credits: z.number(),
  resolution: z.string().nullable(),
  lastError: z.string().nullable(),
  createdAt: moment,
  updatedAt: moment,
  statusSince: moment,
});

const commentSchema = z.object({
  id: z.int(),
  author: z.string(),
  text: z.string(),
  at: moment,
  turn: z.string().nullable(),
});

export const cardPage = z.object({
  cards: z.array(cardSchema).readonly(),
  next: z.string().nullable(),
  asOfSeq,
});

export const cardViewSchema = z.object({
  card: cardSchema,
  brief: z
    .object({
      description: z.string(),
      note: z.string(),
      requirements: z.string(),
      acceptance: texts,
      labels: texts,
      references: texts,
    })
    .nullable(),
  comments: z.array(commentSchema).readonly(),
  /** Its last one. Its lines hold expected values: this is for people. */
  verification: z
    .object({
      at: moment,
      cycle: z.int(),
      workspaceDigest: z.string(),
      total: z.int(),
      passed: z.int(),
      failed: z.int(),
      notExecuted: z.int(),
      verdict: z.enum(["pass", "fail"]).nullable(),
      logs: texts,
    })
    .nullable(),
  asOfSeq,
});

/** An event as `orket run --json` prints it. */
export const eventSchema = z.object({
  v: z.literal(1),
  seq: z.int(),
  at: moment,
  type: z.enum(EVENT_TYPES),
  run: z.string().nullable(),
  build: z.string().nullable(),
  card: z.string().nullable(),
  turn: z.string().nullable(),
  actor: z.string(),
  data: z.record(z.string(), z.unknown()),
});

export const eventPage = z.object({
  events: z.array(eventSchema).readonly(),
  next: z.int().nullable(),
  asOfSeq,
});
