// Card tools: look at cards of the build, comment, ask, move the turn's own card, create follow-up cards.
import { z } from "zod";
import { CARD_TYPES, parsePriority, slugOf } from "../../domain/card.ts";
import { decideMove, keyOf } from "../../domain/card-moves.ts";
import type { CardMove, MoveRequest } from "../../domain/card-moves.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { TURN_LIMITS } from "../../domain/turn.ts";
import type { ToolResult } from "../../domain/turn.ts";
import type { NewCard, StoreTransaction } from "../../ports/store.ts";
import { applyMove, cardEvent } from "../apply-move.ts";
import { unconfirmed } from "./files.ts";
import type { ToolOutcome, ToolScope } from "./tool.ts";
import { defineTool, failed } from "./tool.ts";

const COMMENTS_SHOWN = 50;
const REJECTION_REASON_MIN = 10;
const text = z.string().min(1).max(16_384);

const actorOf = (scope: ToolScope): string => `agent:${scope.seat}`;
const originOf = (scope: ToolScope): { run: string; turn: string } => ({
  run: scope.run,
  turn: scope.turn,
});

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

async function comment(
  transaction: StoreTransaction,
  scope: ToolScope,
  words: string,
): Promise<void> {
  await transaction.comments.add({
    build: scope.card.build,
    card: scope.card.id,
    author: actorOf(scope),
    text: words,
    turn: scope.turn,
  });
  await transaction.events.append([
    cardEvent(scope.card, {
      type: "card-commented",
      actor: actorOf(scope),
      data: { text: words },
      ...originOf(scope),
    }),
  ]);
}

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

const updateIssueStatus = defineTool({
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

const requestExcuse = defineTool({
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

const askHuman = defineTool({
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

const createIssue = defineTool({
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
      data: { summary: card.summary, seat: card.seat, parent: card.parent },
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
  brief: {
    description: "",
    note: "",
    requirements: "",
    acceptance: [],
    labels: [],
    references: [],
    params: {},
    verification: null,
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
