// What goes over the wire of the project, of a run's parts, of approvals and of sandboxes; the rest stands in api.ts.
import { z } from "zod";
import { APPROVAL_KINDS, APPROVAL_STATES } from "../domain/approval.ts";
import { asOfSeq, cardSchema, eventSchema } from "./api.ts";

const moment = z.string();
const texts = z.array(z.string()).readonly();
const anything = z.record(z.string(), z.unknown());

export const explorerSchema = z.object({
  items: z.array(z.object({ name: z.string(), is_dir: z.boolean(), ext: z.string() })).readonly(),
  path: z.string(),
});
export const fileSchema = z.object({ path: z.string(), content: z.string(), digest: z.string() });
export const savedSchema = z.object({
  ok: z.literal(true),
  path: z.string(),
  digest: z.string(),
});

export const boardSchema = z.object({
  sprint: z.object({ name: z.string(), start: z.string(), end: z.string() }),
  rocks: z.array(anything).readonly(),
  orphaned_epics: z.array(anything).readonly(),
  orphaned_issues: z.array(anything).readonly(),
  artifacts: z.array(z.never()).readonly(),
  alerts: z.array(z.object({ code: z.string(), message: z.string() })).readonly(),
  asOfSeq,
});
export const calendarSchema = z.object({
  current_sprint: z.string(),
  sprint_start: z.string(),
  sprint_end: z.string(),
});
const messageSchema = z.object({ role: z.string(), content: z.string() });
export const previewSchema = z.object({
  card: z.string(),
  seat: z.string(),
  kind: z.enum(["work", "review"]),
  model: z.string(),
  messages: z.array(messageSchema).readonly(),
});
const changedFiles = z
  .array(
    z.object({
      file: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
    }),
  )
  .readonly();
/** A plan that waits: the files as they would be. */
export const planSchema = z.object({ plan: z.string(), files: changedFiles });
export const chatSchema = z.object({
  response: z.string(),
  plan: z
    .object({
      id: z.string(),
      approval: z.string().nullable(),
      files: changedFiles,
    })
    .optional(),
});
export const postureSchema = z.object({
  checks: z
    .array(
      z.object({
        name: z.string(),
        verdict: z.enum(["ok", "warn", "refuse"]),
        reason: z.string(),
        remedy: z.string().nullable(),
      }),
    )
    .readonly(),
});

const settingSchema = z.object({
  key: z.string(),
  /** Its variable; null where only a file can say it. */
  env: z.string().nullable(),
  /** `set` or `unset` where it is secret. */
  value: z.unknown(),
  /** What said it: a flag, the environment, a file, or nothing but the default. */
  origin: z.string(),
  meaning: z.string(),
  isSecret: z.boolean(),
});
export type SettingShown = z.output<typeof settingSchema>;
export const settingsSchema = z.object({ settings: z.array(settingSchema).readonly() });

const turnSchema = z.object({
  id: z.string(),
  numberInRun: z.int(),
  build: z.string(),
  card: z.string(),
  number: z.int(),
  seat: z.string(),
  kind: z.enum(["work", "review"]),
  cycle: z.int(),
  model: z.string(),
  status: z.enum(["live", "committed", "failed", "violated", "dropped"]),
  outcome: z.string().nullable(),
  commit: z.string().nullable(),
  usage: z.object({ inputTokens: z.number(), outputTokens: z.number(), costUsd: z.number() }),
  startedAt: moment,
  endedAt: moment.nullable(),
});
export const turnPage = z.object({ turns: z.array(turnSchema).readonly(), asOfSeq });
export const turnViewSchema = z.object({
  turn: turnSchema,
  prompt: z.array(messageSchema).readonly(),
  steps: z
    .array(
      z.object({
        number: z.int(),
        text: z.string(),
        calls: z.array(z.object({ id: z.string(), tool: z.string(), args: anything })).readonly(),
        results: z.array(z.object({ callId: z.string(), result: anything.nullable() })).readonly(),
      }),
    )
    .readonly(),
  events: z.array(eventSchema).readonly(),
  asOfSeq,
});
export const runFilesSchema = z.object({
  files: z
    .array(
      z.object({
        turn: z.int(),
        build: z.string(),
        path: z.string(),
        change: z.enum(["added", "modified", "deleted"]),
        isBinary: z.boolean(),
        linesAdded: z.int(),
        linesRemoved: z.int(),
        text: z.string(),
      }),
    )
    .readonly(),
  nextTurn: z.int().nullable(),
  asOfSeq,
});
export const backlogSchema = z.object({ cards: z.array(cardSchema).readonly(), asOfSeq });
export const memberMetricsSchema = z.record(
  z.string(),
  z.object({
    tokens: z.number(),
    lines_written: z.number(),
    last_action: z.string(),
    detail: z.string(),
  }),
);

export const approvalSchema = z.object({
  id: z.string(),
  kind: z.enum(APPROVAL_KINDS),
  state: z.enum(APPROVAL_STATES),
  run: z.string().nullable(),
  build: z.string().nullable(),
  card: z.string().nullable(),
  turn: z.string().nullable(),
  tool: z.string().nullable(),
  riskClass: z.string().nullable(),
  arguments: anything,
  /** SHA-256 of what is really asked, with the secrets that are hidden here. */
  argsHash: z.string(),
  payload: anything,
  reason: z.string(),
  requestedAt: moment,
  expiresAt: moment,
  decidedAt: moment.nullable(),
  decidedBy: z.string().nullable(),
  decisionReason: z.string().nullable(),
});
export const approvalPage = z.object({ approvals: z.array(approvalSchema).readonly(), asOfSeq });
export const archivedSchema = z.object({
  ok: z.literal(true),
  archived_count: z.int(),
  archived_ids: texts,
  missing_ids: texts,
});

export const sandboxSchema = z.object({
  id: z.string(),
  build: z.string(),
  stack: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  urls: z.record(z.string(), z.string()),
  ports: z.array(z.object({ role: z.string(), port: z.int() })).readonly(),
  services: texts,
  createdAt: moment,
  lastUsedAt: moment,
  expiresAt: moment,
});
export const sandboxPage = z.object({
  sandboxes: z.array(sandboxSchema).readonly(),
  /** Known to the engine and not here. */
  orphans: texts,
  /** Why the engine does not answer; null when it does. */
  engine: z.string().nullable(),
  asOfSeq,
});
export const sandboxHealthSchema = z.object({
  sandbox: sandboxSchema,
  healthy: z.boolean(),
  illness: z.string().nullable(),
  services: z
    .array(
      z.object({
        service: z.string(),
        state: z.string(),
        health: z.enum(["healthy", "unhealthy", "starting"]).nullable(),
        exitCode: z.int().nullable(),
      }),
    )
    .readonly(),
});
