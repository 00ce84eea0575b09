// Who works: teams with their seats, the roles of those seats, the environments they work in, and the dialects of models
// without native tool calling.
import { z } from "zod";
import { CARD_TYPES } from "../../../domain/card.ts";
import { EDITOR, filled, freeForm, idText, nameList, text, textList, TOLERATED } from "./fields.ts";

const SEED_MAX = 2 ** 31 - 1;
const TIMEOUT_SECONDS_MAX = 3600;
const TEMPERATURE_MAX = 2;

const issueType = z.enum([...CARD_TYPES, "utility", "app"]);

const PROGRAMS_MAX = 100;
/** No path and no pattern: it is looked for where the box looks, and nowhere in the workspace. */
const programName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, {
  error: "the bare name of a program, such as node",
});

const roleShape = {
  name: filled("Name of the role.").optional(),
  summary: filled("Another key for the name.").optional(),
  description: text("What the role is."),
  intent: text("What it is after.").default(""),
  prompt: text("Instructions to the model.").default(""),
  responsibilities: textList("What it answers for.").default([]),
  constraints: textList("What it must not do.").default([]),
  tools: nameList("Tools it may use; every other one is denied.").default([]),
  programs: z
    .array(programName)
    .max(PROGRAMS_MAX)
    .default([])
    .describe("Programs that run_command may start, by bare name; without one it starts none."),
  network: z
    .boolean()
    .default(false)
    .describe("Whether its commands may reach the network. Leave it out unless they must."),
  policy: freeForm("Free-form rules.").default({}),
  capabilities: z
    .strictObject({
      issue_types: z
        .array(issueType)
        .default(["issue", "story", "bug", "task"])
        .describe("Card types it works on."),
    })
    .prefault({})
    .describe("What it is able to do."),
  ...TOLERATED,
};
const NAMED = [{ required: ["name"] }, { required: ["summary"] }];

export const role = z
  .strictObject({ ...EDITOR, ...roleShape })
  .meta({ title: "Orket role", description: "Intent, prompt and tools of a seat.", anyOf: NAMED });

/** A letter first: JavaScript would sort keys that are numbers to the front, and the order of the seats counts. */
const seatKey = z.string().regex(/^[A-Za-z][A-Za-z0-9 _-]{0,63}$/, {
  error: "a key of letters, digits, spaces, underscores and dashes, a letter first",
});

const seat = z.strictObject({
  name: filled("Name of the seat."),
  roles: nameList("Roles of the seat, the leading one first.").min(1),
  ...TOLERATED,
});

export const team = z
  .strictObject({
    ...EDITOR,
    name: filled("Name of the team."),
    description: text("What the team is for.").default(""),
    seats: z
      .record(seatKey, seat)
      .describe("Seats by key, in the order in which reviewers are looked for."),
    roles: z
      .record(z.string(), z.strictObject(roleShape).meta({ anyOf: NAMED }))
      .default({})
      .describe("Roles for which there is no role asset of that name."),
    ...TOLERATED,
  })
  .meta({ title: "Orket team", description: "A named set of seats." });

export const environment = z
  .strictObject({
    ...EDITOR,
    name: filled("Name of the environment."),
    description: text("What it is for.").default(""),
    model: z.string().max(200).describe("<provider>:<model>; empty = the setting `model` decides."),
    temperature: z
      .number()
      .min(0)
      .max(TEMPERATURE_MAX)
      .default(0)
      .describe("How freely the model chooses."),
    seed: z
      .int()
      .min(0)
      .max(SEED_MAX)
      .optional()
      .describe("Makes answers repeatable where the provider takes it."),
    timeout: z
      .number()
      .positive()
      .max(TIMEOUT_SECONDS_MAX)
      .default(300)
      .describe("Seconds for one model call."),
    params: freeForm("Free-form data.").default({}),
    ...TOLERATED,
  })
  .meta({
    title: "Orket environment",
    description: "Model, temperature, seed and time limit of an epic.",
  });

export const dialect = z
  .strictObject({
    ...EDITOR,
    model_family: idText("Family of models it is for."),
    dsl_format: filled("How a tool call is written.").max(16 * 1024),
    constraints: textList("What must be kept to."),
    hallucination_guard: text("A last word against invented results."),
    ...TOLERATED,
  })
  .meta({
    title: "Orket dialect",
    description: "How a model without native tool calling writes its calls.",
  });
