// The tools that move the card of their own turn. They stage the move; the commit of the turn applies it.
import { z } from "zod";
import type { CardMove, MoveRequest } from "../../domain/card-moves.ts";
import { decideMove } from "../../domain/card-moves.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { comment, text } from "./card-words.ts";
import type { ToolOutcome, ToolScope } from "./tool.ts";
import { defineTool, failed } from "./tool.ts";

const REJECTION_REASON_MIN = 10;

type StagedRequest = Pick<MoveRequest, "to" | "waitReason" | "waitDetail">;

/** Decides the move at once, with what is known now; the commit of the turn decides it again before it writes. */
const decideStaged = (scope: ToolScope, request: StagedRequest): Result<CardMove> =>
  decideMove(scope.card, {
    ...request,
    actor: { kind: "agent", id: scope.seat, roles: scope.roles },
    cause: scope.kind === "review" && request.to === "in_progress" ? "reject" : "command",
    turn: {
      card: scope.card.id,
      review: scope.kind === "review",
      authorSeats: scope.card.authorSeats,
    },
    verification: scope.verification,
  });

const judgeStaged = (scope: ToolScope, request: StagedRequest): Refusal | null => {
  const decided = decideStaged(scope, request);
  return decided.ok ? null : decided.error;
};

function stage(scope: ToolScope, request: StagedRequest, reason: string): ToolOutcome {
  const decided = decideStaged(scope, request);
  if (!decided.ok) return failed(decided.error);
  return {
    result: {
      ok: true,
      staged: decided.value.to,
      message: "The move is applied when this turn is committed.",
    },
    staged: { move: decided.value, reason },
  };
}

type StatusArgs = {
  readonly status: string;
  readonly wait_reason?: string | null | undefined;
  readonly reason?: string | undefined;
};

const statusRequest = (
  args: StatusArgs,
  scope: ToolScope,
): StagedRequest & { readonly words: string } => {
  const words = (args.reason ?? scope.memory.comments.at(-1) ?? "").trim();
  return {
    to: args.status,
    waitReason: args.wait_reason,
    waitDetail: words === "" ? null : words,
    words,
  };
};

export const updateIssueStatus = defineTool({
  name: "update_issue_status",
  risk: "write",
  effect: false,
  description:
    "Moves the card of this turn. blocked and waiting_for_developer need wait_reason; sending a card back from review needs a reason of at least 10 characters.",
  schema: z.strictObject({
    status: z.string().max(100),
    wait_reason: z.string().max(100).nullish(),
    reason: z.string().max(16_384).optional(),
  }),
  judge: (args, scope) => judgeStaged(scope, statusRequest(args, scope)),
  run: async (args, scope) => {
    const { words, ...request } = statusRequest(args, scope);
    if (
      scope.kind === "review" &&
      args.status === "in_progress" &&
      words.length < REJECTION_REASON_MIN
    ) {
      return failed({
        code: "TOOL_ARGUMENT",
        message: `A rejection needs a reason of at least ${REJECTION_REASON_MIN} characters: give it as \`reason\`.`,
        details: { length: words.length },
      });
    }
    return stage(scope, request, words);
  },
});

const waiting = (words: string): StagedRequest => ({
  to: "waiting_for_developer",
  waitReason: "input",
  waitDetail: words,
});

/** Comment and staged move belong together: the person who finds the card waiting finds the words as well. */
function waitForPerson(scope: ToolScope, words: string): ToolOutcome {
  const outcome = stage(scope, waiting(words), words);
  if (outcome.staged === undefined) return outcome;
  return {
    ...outcome,
    apply: async (transaction) => {
      await comment(transaction, scope, words);
      return outcome.result;
    },
  };
}

export const requestExcuse = defineTool({
  name: "request_excuse",
  risk: "write",
  effect: false,
  description: "Asks to be excused from this card: it waits for a person.",
  schema: z.strictObject({ reason: text }),
  judge: ({ reason }, scope) => judgeStaged(scope, waiting(reason)),
  run: async ({ reason }, scope) => waitForPerson(scope, reason),
});

const questionText = (args: {
  readonly question: string;
  readonly options?: readonly string[] | undefined;
}): string =>
  args.options === undefined
    ? args.question
    : `${args.question}\nOptions: ${args.options.join(" | ")}`;

export const askHuman = defineTool({
  name: "ask_human",
  risk: "write",
  effect: false,
  description: "Asks a person a question; the card waits for the answer.",
  schema: z.strictObject({
    question: text,
    options: z.array(z.string().max(200)).max(10).optional(),
  }),
  judge: (args, scope) => judgeStaged(scope, waiting(questionText(args))),
  run: async (args, scope) => waitForPerson(scope, questionText(args)),
});
