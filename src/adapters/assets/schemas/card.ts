// The three kinds of cards and what an issue's verification declares.
import { z } from "zod";
import { CARD_TYPES, parsePriority } from "../../../domain/card.ts";
import { EDITOR, filled, freeForm, idText, lessons, text, textList, TOLERATED } from "./fields.ts";

const RETRIES_MAX = 100;
export const DEFAULT_SEAT = "standard";

const priority = z
  .union([z.number(), z.string()], { error: "critical, high, medium, low, or a number from 0" })
  .refine((value) => parsePriority(value) !== null, {
    error: "critical, high, medium, low, or a number from 0",
  })
  .default(2)
  .describe("critical 4, high 3, medium 2, low 1, or a number from 0.");

const cardShape = {
  id: idText(
    "Id, unique in the project; derived from the file and the summary when it is left out.",
  ).optional(),
  summary: filled("What it is about, in a line.").optional(),
  name: filled("Another key for the summary.").optional(),
  type: z.enum(CARD_TYPES).optional().describe("Type of the card."),
  description: text("More about it.").default(""),
  priority,
  note: text("A note to whoever works on it.").default(""),
  labels: textList("Labels.").default([]),
  params: freeForm("Free-form data.").default({}),
  references: z
    .array(filled("A path."))
    .default([])
    .describe("Files of the project that turns may read."),
  owner_department: filled("The department that owns it.").default("core"),
  ...TOLERATED,
};

const scenario = z.strictObject({
  id: idText("Id, unique in the issue; names the function verify_<id>."),
  description: text("What it shows.").default(""),
  input_data: z.unknown().optional().describe("What the function or the endpoint gets."),
  expected_output: z.unknown().optional().describe("What must come back."),
  ...TOLERATED,
});

const command = z.strictObject({
  argv: z.array(text("An argument.")).min(1).describe("Program and arguments; no shell."),
  cwd: text("Folder below the workspace.").optional(),
  exit_code: z
    .union([z.int(), z.array(z.int()).min(1)])
    .optional()
    .describe("Accepted exit code or codes (0)."),
  stdout: z
    .strictObject({
      equals: text("The whole output.").optional(),
      contains: text("A part of the output.").optional(),
      matches: text("A regular expression.").optional(),
    })
    .optional()
    .describe("What the output must be."),
});

const verification = z.strictObject({
  fixture_path: filled("Fixture below verification/.").optional(),
  verification_fixture: filled("Older key of fixture_path.").optional().meta({ deprecated: true }),
  command: command.optional().describe("A command and what it must answer."),
  scenarios: z.array(scenario).default([]).describe("What is tried."),
  ...TOLERATED,
});

const issueShape = {
  ...cardShape,
  seat: filled("The seat that works on it.").default(DEFAULT_SEAT),
  requirements: text("What is wanted.").default(""),
  acceptance: textList("When it is good.").default([]),
  depends_on: z
    .array(filled("An id or a summary."))
    .default([])
    .describe("Cards of the same epic that come first."),
  max_retries: z
    .int()
    .min(0)
    .max(RETRIES_MAX)
    .default(3)
    .describe("Failed turns before it is blocked."),
  verification: verification.optional().describe("How it is verified."),
  verification_fixture: filled("Older place of verification.fixture_path.")
    .optional()
    .meta({ deprecated: true }),
  metrics: z
    .strictObject({
      score: z.number().optional(),
      grade: text("A grade.").optional(),
      shippability_threshold: z.number().optional(),
    })
    .optional()
    .describe("Kept for readers; without effect on the engine."),
};
const NAMED = [{ required: ["summary"] }, { required: ["name"] }, { required: ["id"] }];

const issueEntry = z.strictObject(issueShape).meta({ anyOf: NAMED });

export const issue = z
  .strictObject({ ...EDITOR, ...issueShape })
  .meta({ title: "Orket issue", description: "One unit of work.", anyOf: NAMED });

const issues = z.array(issueEntry).optional();

export const epic = z
  .strictObject({
    ...EDITOR,
    ...cardShape,
    team: filled("Team that works on it."),
    environment: filled("Environment it is worked on in."),
    issues: issues.describe("The work."),
    stories: issues.meta({ deprecated: true, description: "Older key of issues." }),
    cards: issues.meta({ deprecated: true, description: "Older key of issues." }),
    requirements: text("What is wanted.").default(""),
    architecture_governance: z
      .strictObject({
        idesign: z.boolean().default(true).describe("Whether the iDesign rules hold for it."),
        pattern: text("Pattern of the architecture.").default(""),
        reasoning: text("Why.").default(""),
      })
      .prefault({})
      .describe("Rules of architecture."),
    params: freeForm("Free-form data; `model_overrides` gives models by role.")
      .refine((params) => isModels(params["model_overrides"]), {
        error: "model_overrides as an object of texts: role → model",
      })
      .default({}),
    lessons_learned: lessons,
  })
  .meta({ title: "Orket epic", description: "A goal of several issues." });

const isModels = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((model) => typeof model === "string"));

export const rock = z
  .strictObject({
    ...EDITOR,
    ...cardShape,
    task: text("What is wanted.").default(""),
    epics: z
      .array(
        z.strictObject({
          epic: idText("Name of the epic's file."),
          department: filled("Department it is looked for in first.").optional(),
          depends_on: z
            .array(filled("An epic of this rock."))
            .optional()
            .describe("Epics that come first; left out = the one before; empty = none."),
        }),
      )
      .min(1)
      .describe("Its epics, in order."),
    lessons_learned: lessons,
  })
  .meta({ title: "Orket rock", description: "A goal of several epics." });
