// The root asset: identity, architecture rules, process rules, thresholds.
import { z } from "zod";
import { DEFAULT_IDESIGN_RULES } from "../../../domain/governance.ts";
import { EDITOR, filled, freeForm, idText, nameList, text, textList, TOLERATED } from "./fields.ts";

/** What a file gets that does not say; the built-in organization has its own, stricter one. */
const IDESIGN_THRESHOLD = 10;

const idesign = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether the iDesign rules hold."),
  categories: nameList("Folders that source files may lie in.").default([
    ...DEFAULT_IDESIGN_RULES.categories,
  ]),
  extensions: nameList("Suffixes of source files.").default([...DEFAULT_IDESIGN_RULES.extensions]),
  root_files: nameList("Source files that may lie in the workspace root.").default([
    ...DEFAULT_IDESIGN_RULES.rootFiles,
  ]),
});

const architecture = z.strictObject({
  idesign_threshold: z
    .int()
    .min(0)
    .default(IDESIGN_THRESHOLD)
    .describe("An epic with more issues runs only with architecture governance."),
  preferred_stack: freeForm("What products are built with.").default({}),
  cicd_rules: textList("Rules of delivery.").default([]),
  idesign: idesign.prefault({}).describe("Where source files belong."),
});

const reviewPolicy = z.strictObject({
  max_cycles: z
    .int()
    .min(1)
    .optional()
    .describe("Rejections after which a pull request is closed (4)."),
  escalation_cycle: z
    .int()
    .min(1)
    .optional()
    .describe("Rejections after which a person is asked (3)."),
  required_reviewers: nameList(
    "Logins whose approval counts; none = nothing is merged.",
  ).optional(),
  required_approvals: z.int().min(1).optional().describe("Approvals that a merge needs (1)."),
  required_statuses: nameList("Commit statuses that must be green.").optional(),
  protected_paths: nameList("Paths whose change is never merged by itself.").optional(),
  auto_merge: z.boolean().optional().describe("Whether anything is merged at all (false)."),
  auto_deploy: z.boolean().optional().describe("Whether a merge starts a sandbox (false)."),
  escalation_login: filled("Who is asked at the escalation.").optional(),
  labels: nameList("Labels of a requirements issue.").optional(),
});

const node = (seam: string) => filled(`Decision node of the seam ${seam}.`).optional();
const olderNode = (name: string) =>
  filled(`Older name of ${name}.`).optional().meta({ deprecated: true });

export const processRules = z.strictObject({
  default_llm: filled("Model where nothing else names one.").optional(),
  require_verification: z
    .boolean()
    .default(false)
    .describe("Whether a card without verification can be done."),
  bug_fix_initial_days: z.int().min(1).default(7).describe("Length of the bug-fix phase."),
  bug_fix_max_days: z.int().min(1).default(28).describe("Longest bug-fix phase."),
  bug_discovery_high_rate: z
    .number()
    .min(0)
    .default(5)
    .describe("Bugs a day above which the phase is extended."),
  bug_critical_threshold: z
    .int()
    .min(0)
    .default(3)
    .describe("Critical bugs above which the phase is extended."),
  open_pull_requests_in: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/)
    .optional()
    .describe(
      "Repository (owner/name) where every build that is done is opened as a pull request.",
    ),
  pr_review_policy: reviewPolicy.optional().describe("Rules of the pull-request loop."),
  plan: node("plan"),
  route: node("route"),
  select_model: node("selectModel"),
  gate: node("gate"),
  evaluate: node("evaluate"),
  planner_node: olderNode("plan"),
  router_node: olderNode("route"),
  prompt_strategy_node: olderNode("select_model"),
  tool_strategy_node: olderNode("gate"),
  evaluator_node: olderNode("evaluate"),
});

/** Key in `process_rules` → its older name. */
export const NODE_ALIASES = {
  plan: "planner_node",
  route: "router_node",
  select_model: "prompt_strategy_node",
  gate: "tool_strategy_node",
  evaluate: "evaluator_node",
} as const;

const thresholds = z.strictObject({
  blocked_duration_hours: z
    .number()
    .positive()
    .default(24)
    .describe("A card blocked for longer raises an alert."),
  review_duration_hours: z
    .number()
    .positive()
    .default(48)
    .describe("A review that takes longer raises an alert."),
  wip_limit_per_seat: z.int().min(1).default(3).describe("Cards in progress a seat may have."),
  queue_depth_per_seat: z
    .int()
    .min(1)
    .default(5)
    .describe("Ready cards a seat may have before an alert."),
});

const sandbox = z.strictObject({
  auto: z
    .boolean()
    .default(false)
    .describe(
      "Whether the engine deploys by itself: a build whose epic is done, and one whose verification asks over HTTP.",
    ),
});

const branding = z.strictObject({
  colorscheme: z.unknown().optional(),
  fonts: z.unknown().optional(),
  logo_path: text("Where the logo lies.").optional(),
  design_dos: textList("What designs do.").optional(),
  design_donts: textList("What designs do not do.").optional(),
});

const contact = z.strictObject({
  email: text("E-mail address.").optional(),
  website: text("Web address.").optional(),
  socials: z.unknown().optional(),
});

export const organization = z
  .strictObject({
    ...EDITOR,
    schema_version: text("Version of this format.").default("1.0.0"),
    name: filled("Name of the organization."),
    vision: filled("What it wants to bring about."),
    ethos: filled("How it works."),
    branding: branding.optional().describe("Looks."),
    architecture: architecture.prefault({}).describe("Architecture rules."),
    contact: contact.optional().describe("How it is reached."),
    departments: z
      .array(idText("Name of its folder."))
      .default(["core"])
      .describe("Its departments."),
    process_rules: processRules.prefault({}).describe("Process rules."),
    sandbox: sandbox.prefault({}).describe("Running products in containers."),
    bottleneck_thresholds: thresholds.prefault({}).describe("From when on something is an alert."),
    ...TOLERATED,
  })
  .meta({ title: "Orket organization", description: "The root asset of a project." });

export const department = z
  .strictObject({
    ...EDITOR,
    name: filled("Name of the department."),
    description: text("What it does.").default(""),
    parent: filled("The department it belongs to.").default("core"),
    policy: freeForm("Free-form rules.").default({}),
    preferred_stack: freeForm("What its products are built with.").default({}),
    default_llm: filled("Model where no environment names one.").optional(),
    ...TOLERATED,
  })
  .meta({ title: "Orket department", description: "A namespace of planning assets." });
