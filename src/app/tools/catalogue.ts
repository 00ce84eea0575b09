// Every tool there is, by name, and which of them a turn offers. A tool that no role lists is neither offered nor run.
import { z } from "zod";
import type { Role } from "../../domain/assets.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { PullUnderReview } from "../../domain/pull-review.ts";
import type { TurnKind } from "../../domain/turn.ts";
import type { ToolDefinition } from "../../ports/model.ts";
import { CARD_TOOLS } from "./cards.ts";
import { FILE_TOOLS } from "./files.ts";
import { GOVERNANCE_TOOLS } from "./governance.ts";
import { addReviewComment } from "./review-comment.ts";
import type { Tool } from "./tool.ts";

export const TOOLS: ReadonlyMap<string, Tool> = new Map(
  [...FILE_TOOLS, ...CARD_TOOLS, ...GOVERNANCE_TOOLS, addReviewComment].map((tool) => [
    tool.name,
    tool,
  ]),
);

/** What a reviewer has, whatever its roles list (system.md 7.3): it reads, comments and decides. */
export const REVIEW_TOOLS: readonly string[] = [
  "read_file",
  "list_directory",
  "search_files",
  "get_issue_context",
  "add_issue_comment",
  "update_issue_status",
];

/** Besides, where a pull request is reviewed; anywhere else there is no diff to speak of, whatever a role lists. */
const PULL_REQUEST_TOOLS: readonly string[] = ["add_review_comment"];

export function offeredTools({ kind, roles, pullRequest }: Offer): readonly Tool[] {
  const names = new Set(kind === "review" ? REVIEW_TOOLS : roles.flatMap((role) => role.tools));
  for (const name of PULL_REQUEST_TOOLS) {
    if (kind === "review" && pullRequest !== null) names.add(name);
    else names.delete(name);
  }
  return [...TOOLS.values()].filter((tool) => names.has(tool.name));
}

type Offer = {
  readonly kind: TurnKind;
  readonly roles: readonly Role[];
  readonly pullRequest: PullUnderReview | null;
};

const definitions = new Map<string, ToolDefinition>();

/** The tool as a model sees it; computed once, the catalogue does not change. */
export function definitionOf(tool: Tool): ToolDefinition {
  const known = definitions.get(tool.name);
  if (known !== undefined) return known;
  const { $schema: _, ...parameters } = z.toJSONSchema(tool.schema, { io: "input" }) as Record<
    string,
    unknown
  >;
  const definition = {
    name: tool.name,
    description: tool.description,
    parameters: parameters as JsonObject,
  };
  definitions.set(tool.name, definition);
  return definition;
}

/** The arguments by the tool's schema, or one line that says what is wrong with them. */
export function parseArguments(
  tool: Tool,
  args: JsonObject,
): { ok: true; args: object } | { ok: false; error: string } {
  const parsed = tool.schema.safeParse(args);
  if (parsed.success) return { ok: true, args: parsed.data };
  const problems = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "arguments"}: ${issue.message}`);
  return { ok: false, error: `${tool.name}: ${problems.join("; ")}` };
}
