// The one tool of a reviewer of a pull request: a remark on a line. It is kept as an event of the turn; whoever posts the
// review takes it from there. A line that the diff does not show is no place for it, so it goes into the text instead.
import { z } from "zod";
import { isInDiff } from "../../domain/review-diff.ts";
import type { ToolResult } from "../../domain/turn.ts";
import { cardEvent } from "../apply-move.ts";
import { actorOf, originOf } from "./card-words.ts";
import { defineTool, failed } from "./tool.ts";

const COMMENTS_MAX = 50;
const BODY_CHARACTERS_MAX = 4000;
const LINE_MAX = 10_000_000;

export const addReviewComment = defineTool({
  name: "add_review_comment",
  risk: "write",
  effect: false,
  description:
    "Puts a comment on a line of a changed file of the pull request, by its number in the new file. It is posted with the decision.",
  schema: z.strictObject({
    path: z.string().min(1).max(4096),
    line: z.number().int().min(1).max(LINE_MAX),
    body: z.string().min(1).max(BODY_CHARACTERS_MAX),
  }),
  run: async ({ path, line, body }, scope) => {
    const { pullRequest } = scope;
    if (pullRequest === null)
      return failed({
        code: "TOOL_ARGUMENT",
        message: "No pull request is reviewed in this turn.",
        details: {},
      });
    const place = { path: path.replace(/^(?:\.?\/)+/, ""), line };
    const onLine = isInDiff(pullRequest.files, place);
    return {
      result: { ok: true },
      apply: async ({ events }): Promise<ToolResult> => {
        const { run, card, turn } = scope;
        const types = ["review-commented"] as const;
        const given = await events.list({
          run,
          build: card.build,
          card: card.id,
          types,
          limit: 500,
        });
        if (given.filter((event) => event.turn === turn).length >= COMMENTS_MAX)
          return {
            ok: false,
            code: "limit",
            error: `A review has ${COMMENTS_MAX} comments at most. Decide now.`,
          };
        const data = { ...place, body, isInDiff: onLine };
        const event = { type: "review-commented", actor: actorOf(scope), data } as const;
        await events.append([cardEvent(card, { ...event, ...originOf(scope) })]);
        return onLine
          ? { ok: true, message: "It will stand on that line." }
          : {
              ok: true,
              message: "The diff does not show that line; it will stand in the text of the review.",
            };
      },
    };
  },
});
