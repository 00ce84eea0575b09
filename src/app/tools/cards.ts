// Card tools that look and record: context, comments, a reset, nominations, credits; and the list of all card tools.
import { z } from "zod";
import type { JsonObject } from "../../domain/json.ts";
import type { ToolResult } from "../../domain/turn.ts";
import { applyMove, cardEvent } from "../apply-move.ts";
import { actorOf, comment, originOf, text } from "./card-words.ts";
import { createIssue } from "./create-issue.ts";
import { askHuman, requestExcuse, updateIssueStatus } from "./stage-move.ts";
import { unconfirmed } from "./files.ts";
import type { ToolOutcome } from "./tool.ts";
import { defineTool, failed } from "./tool.ts";

const COMMENTS_SHOWN = 50;

const getIssueContext = defineTool({
  name: "get_issue_context",
  risk: "read",
  effect: false,
  description:
    "Status, summary and comments of a card of this build; the card of this turn when no id is given.",
  schema: z.strictObject({ issue_id: z.string().min(1).max(64).optional() }),
  run: async ({ issue_id: id }, scope) => {
    const cardId = id ?? scope.card.id;
    return scope.store.read(async ({ cards, comments }): Promise<ToolOutcome> => {
      const card = await cards.get(scope.card.build, cardId);
      if (card === null)
        return {
          result: {
            ok: false,
            code: "not_found",
            error: `not_found: no card ${cardId} in this build.`,
          },
        };
      const list = await comments.list(card.build, card.id, COMMENTS_SHOWN);
      return {
        result: {
          ok: true,
          id: card.id,
          status: card.status,
          summary: card.summary,
          comments: list.map((comment) => ({
            author: comment.author,
            text: comment.text,
            at: comment.at,
          })),
        },
      };
    });
  },
});

const addIssueComment = defineTool({
  name: "add_issue_comment",
  risk: "write",
  effect: false,
  description: "Adds a comment to the card of this turn.",
  schema: z.strictObject({ comment: text }),
  run: async ({ comment: words }, scope) => {
    scope.memory.comments.push(words);
    return {
      result: { ok: true },
      apply: async (transaction) => {
        await comment(transaction, scope, words);
        return { ok: true, message: "Comment added." };
      },
    };
  },
});

const resetIssue = defineTool({
  name: "reset_issue",
  risk: "sensitive",
  effect: false,
  description: "Returns a card of this build that is in progress to ready. Needs confirm: true.",
  schema: z.strictObject({ issue_id: z.string().min(1).max(64), confirm: z.boolean().optional() }),
  run: async ({ issue_id: id, confirm }, scope) => {
    if (confirm !== true) return failed(unconfirmed("reset_issue"));
    if (id === scope.card.id) {
      return {
        result: {
          ok: false,
          code: "tool_argument",
          error: "A turn does not reset its own card; use update_issue_status.",
        },
      };
    }
    return {
      result: { ok: true },
      apply: async (transaction): Promise<ToolResult> => {
        const card = await transaction.cards.get(scope.card.build, id);
        if (card === null)
          return { ok: false, code: "not_found", error: `not_found: no card ${id} in this build.` };
        const engine = { kind: "engine", id: scope.seat, roles: [] } as const;
        const moved = await applyMove(transaction, card, {
          to: "ready",
          actor: engine,
          cause: "reset",
          origin: originOf(scope),
        });
        return moved.ok
          ? { ok: true, issue_id: id }
          : { ok: false, code: moved.error.code.toLowerCase(), error: moved.error.message };
      },
    };
  },
});

const free = z.record(z.string(), z.json());

const record = (
  name: string,
  type: "card-nominated" | "refinement-proposed",
  description: string,
) =>
  defineTool({
    name,
    risk: "write",
    effect: false,
    description,
    schema: free,
    run: async (args, scope) => ({
      result: { ok: true, message: "Recorded." },
      events: [
        cardEvent(scope.card, {
          type,
          actor: actorOf(scope),
          data: args as JsonObject,
          ...originOf(scope),
        }),
      ],
    }),
  });

const reportCredits = defineTool({
  name: "report_credits",
  risk: "write",
  effect: false,
  description: "Adds credits to the card of this turn.",
  schema: z.strictObject({ amount: z.number().positive().finite() }),
  run: async ({ amount }, scope) => ({
    result: { ok: true },
    apply: async (transaction) => {
      const card = await transaction.cards.get(scope.card.build, scope.card.id);
      const credits = (card?.credits ?? 0) + amount;
      await transaction.cards.write(scope.card.build, scope.card.id, { credits });
      await transaction.events.append([
        cardEvent(scope.card, {
          type: "credits-reported",
          actor: actorOf(scope),
          data: { amount },
          ...originOf(scope),
        }),
      ]);
      return { ok: true, credits };
    },
  }),
});

export const CARD_TOOLS = [
  getIssueContext,
  createIssue,
  updateIssueStatus,
  resetIssue,
  addIssueComment,
  requestExcuse,
  askHuman,
  record(
    "nominate_card",
    "card-nominated",
    "Nominates a card for attention; recorded, no effect on cards.",
  ),
  record(
    "refinement_proposal",
    "refinement-proposed",
    "Proposes a refinement; recorded, no effect on cards.",
  ),
  reportCredits,
];
