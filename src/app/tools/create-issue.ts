// The tool that creates a follow-up card in the same build and epic.
import { z } from "zod";
import { CARD_TYPES, EMPTY_BRIEF, parsePriority, slugOf } from "../../domain/card.ts";
import { createdFacts } from "../../domain/card-history.ts";
import { keyOf } from "../../domain/card-moves.ts";
import type { ToolResult } from "../../domain/turn.ts";
import { TURN_LIMITS } from "../../domain/turn.ts";
import type { NewCard, StoreTransaction } from "../../ports/store.ts";
import { cardEvent } from "../apply-move.ts";
import { actorOf, originOf } from "./card-words.ts";
import type { ToolScope } from "./tool.ts";
import { defineTool } from "./tool.ts";

export const createIssue = defineTool({
  name: "create_issue",
  risk: "write",
  effect: false,
  description: "Creates a card in this build and epic, as a child of the card of this turn.",
  schema: z.strictObject({
    seat: z.string().min(1).max(64),
    summary: z.string().max(500),
    type: z.enum(CARD_TYPES).exclude(["rock", "epic"]).default("issue"),
    priority: z.union([z.string(), z.number()]).default("medium"),
    depends_on: z.array(z.string()).max(50).default([]),
  }),
  run: async (args, scope) => {
    const problem = creationProblem(args, scope);
    if (problem !== null) return { result: { ok: false, code: "tool_argument", error: problem } };
    return {
      result: { ok: true },
      apply: async (transaction) => createCard(transaction, scope, args),
    };
  },
});

type CreationArgs = {
  readonly seat: string;
  readonly summary: string;
  readonly type: "issue" | "story" | "bug" | "task";
  readonly priority: string | number;
  readonly depends_on: readonly string[];
};

function creationProblem(args: CreationArgs, scope: ToolScope): string | null {
  if (args.summary.trim().length < 5) return "summary needs at least 5 characters.";
  if (parsePriority(args.priority) === null)
    return "priority is critical, high, medium, low or a number from 0.";
  const seats = scope.team.seats.map((seat) => seat.key);
  if (!seats.includes(keyOf(args.seat)))
    return `Unknown seat ${args.seat}; the team has: ${seats.join(", ")}.`;
  if (scope.memory.cardsCreated >= TURN_LIMITS.issuesCreatedMax) {
    return `A turn creates at most ${TURN_LIMITS.issuesCreatedMax} cards.`;
  }
  return null;
}

async function createCard(
  transaction: StoreTransaction,
  scope: ToolScope,
  args: CreationArgs,
): Promise<ToolResult> {
  for (const id of args.depends_on) {
    if ((await transaction.cards.get(scope.card.build, id)) === null) {
      return {
        ok: false,
        code: "tool_argument",
        error: `depends_on names ${id}, which is no card of this build.`,
      };
    }
  }
  const id = scope.ids.create(slugOf(scope.epic) || "card").toLowerCase();
  const card = newCard(scope, args, id);
  if (!(await transaction.cards.insert(card))) {
    return { ok: false, code: "card_exists", error: `The id ${id} is taken; call again.` };
  }
  scope.memory.cardsCreated += 1;
  await transaction.events.append([
    cardEvent(card, {
      type: "card-created",
      actor: actorOf(scope),
      data: createdFacts(card),
      ...originOf(scope),
    }),
  ]);
  return { ok: true, issue_id: id };
}

const newCard = (scope: ToolScope, args: CreationArgs, id: string): NewCard => ({
  build: scope.card.build,
  id,
  kind: "issue",
  type: args.type,
  summary: args.summary.trim(),
  status: "ready",
  waitReason: null,
  waitDetail: null,
  priority: parsePriority(args.priority) ?? 2,
  seat: keyOf(args.seat),
  epic: scope.card.epic,
  parent: scope.card.id,
  department: scope.department,
  position: Number.MAX_SAFE_INTEGER,
  dependsOn: args.depends_on,
  retriesMax: scope.card.retriesMax,
  assignee: null,
  brief: EMPTY_BRIEF,
});
