// A model's answer to the driver, read as a plan. The text is untrusted: every object in it is a candidate, and only one that
// fits the schema to the last key is a plan. Names are checked later, where what is wrong with them can be told.
import { z } from "zod";
import { CARD_TYPES } from "../domain/card.ts";
import type { DriverReply } from "../domain/driver-plan.ts";
import { DEFAULT_DEPARTMENT, PLAN_LIMITS } from "../domain/driver-plan.ts";
import { findJsonGroups } from "../domain/json-groups.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";

const { actionsMax, issuesMax, entriesMax, listMax } = PLAN_LIMITS;
const REPLY_CHARACTERS_MAX = 256 * 1024;
const PROBLEMS_MAX = 20;

const name = z.string().max(PLAN_LIMITS.nameCharactersMax);
const line = name.regex(/\S/, "expected a text that is not blank");
const text = z.string().max(PLAN_LIMITS.textCharactersMax);
const department = name.default(DEFAULT_DEPARTMENT);
const priority = z.union([z.string().max(20), z.number()]).optional();
const texts = z.array(text).max(listMax).optional();

const issue = z.strictObject({
  summary: line,
  id: name.optional(),
  type: z.enum(CARD_TYPES).optional(),
  description: text.optional(),
  priority,
  note: text.optional(),
  labels: texts,
  seat: name.optional(),
  requirements: text.optional(),
  acceptance: texts,
  depends_on: z.array(name).max(listMax).optional(),
});

const entry = z.strictObject({
  epic: name,
  department: name.optional(),
  depends_on: z.array(name).max(listMax).optional(),
});

const action = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("create_issue"), department, epic: name, issue }),
  z.strictObject({
    action: z.literal("create_epic"),
    department,
    name,
    summary: line,
    description: text.optional(),
    requirements: text.optional(),
    priority,
    team: name,
    environment: name,
    issues: z.array(issue).max(issuesMax).default([]),
  }),
  z.strictObject({
    action: z.literal("create_rock"),
    department,
    name,
    summary: line.optional(),
    description: text.optional(),
    task: text.optional(),
    epics: z.array(entry).min(1).max(entriesMax),
  }),
  z.strictObject({ action: z.literal("adopt_issue"), issue: name, department, epic: name }),
  z.strictObject({ action: z.literal("assign_team"), department, epic: name, team: name }),
  z.strictObject({
    action: z.literal("turn_directive"),
    card: name,
    seat: name.optional(),
    text: text.regex(/\S/, "expected a text that is not blank"),
  }),
  z.strictObject({ action: z.literal("none") }),
]);

export const planActions = z.array(action).max(actionsMax);

const reply = z.strictObject({
  answer: z.string().max(PLAN_LIMITS.answerCharactersMax).default(""),
  actions: planActions,
});

/** What is wrong with it, in a line each, for the model to correct. */
export function parseReply(said: string): Result<DriverReply, readonly string[]> {
  if (said.length > REPLY_CHARACTERS_MAX)
    return unusable([`the answer has more than ${REPLY_CHARACTERS_MAX} characters`]);
  const objects = findJsonGroups(said, OWNERS).map(({ start, end }): unknown =>
    JSON.parse(said.slice(start, end)),
  );
  const candidates = objects.filter(isPlanLike);
  if (candidates.length > 1) return unusable(["there is more than one plan"]);
  const [candidate] = candidates;
  if (candidate === undefined) return unusable(["there is no JSON object with `actions`"]);
  const parsed = reply.safeParse(candidate);
  return parsed.success ? ok(parsed.data) : unusable(parsed.error.issues.map(toProblem));
}

/** Half a plan must not turn one of its own parts into a plan. */
const OWNERS: ReadonlySet<string> = new Set(["actions"]);

const isPlanLike = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.hasOwn(value, "actions");

const unusable = (problems: readonly string[]): Result<never, readonly string[]> => ({
  ok: false,
  error: problems.slice(0, PROBLEMS_MAX),
});

const toProblem = ({ path, message }: z.core.$ZodIssue): string =>
  `${["$", ...path].map(String).join(".")}: ${message}`;
