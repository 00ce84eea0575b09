// The pieces that the schemas of several asset kinds share. A custom `error` is the text that a problem shows as what was
// expected.
import { z } from "zod";
import { CARD_ID_PATTERN, CARD_STATUSES } from "../../../domain/card.ts";

const TEXT_CHARACTERS_MAX = 64 * 1024;
const NAME_CHARACTERS_MAX = 500;

/** Free text; may be empty. */
export const text = (meaning: string) => z.string().max(TEXT_CHARACTERS_MAX).describe(meaning);

/** A text that says something. */
export const filled = (meaning: string) =>
  z
    .string()
    .max(NAME_CHARACTERS_MAX)
    .regex(/\S/, { error: "a text that is not blank" })
    .describe(meaning);

/** A name that can become part of a path. */
export const idText = (meaning: string) =>
  z
    .string()
    .regex(CARD_ID_PATTERN, {
      error: "letters, digits, dots, underscores and dashes, at most 64, a letter or digit first",
    })
    .describe(meaning);

export const textList = (meaning: string) => z.array(text("One of them.")).describe(meaning);
export const nameList = (meaning: string) => z.array(filled("One of them.")).describe(meaning);

/** Reading has made sure of JSON already, so the values are not looked at again. */
export const freeForm = (meaning: string) => z.record(z.string(), z.unknown()).describe(meaning);

const ignored = z
  .unknown()
  .optional()
  .meta({ deprecated: true, description: "Accepted without effect." });

/** Keys of the predecessor's files and fields that the store owns: they change nothing and give one warning per file. */
export const TOLERATED = {
  iterations: ignored,
  handshake_enabled: ignored,
  example_task: ignored,
  card_flow: ignored,
  final_states: ignored,
  skills: ignored,
  status: z
    .enum(CARD_STATUSES)
    .optional()
    .meta({ deprecated: true, description: "Accepted without effect." }),
  wait_reason: ignored,
  parent_id: ignored,
  build_id: ignored,
  assignee: ignored,
  sprint: ignored,
  retry_count: ignored,
  last_run: ignored,
  actual_output: ignored,
} as const;

/** Lets an editor find the schema; without effect here. */
export const EDITOR = {
  $schema: z.string().optional().describe("Where an editor finds this schema."),
} as const;

export const lessons = z
  .array(
    z.strictObject({
      date: text("When it was learned.").default(""),
      category: text("What it is about.").default(""),
      observation: text("What was seen.").default(""),
      sentiment: text("How it felt.").default(""),
      action_item: text("What follows.").default(""),
    }),
  )
  .default([])
  .describe("What earlier work on it taught.");
