// The model of a simulation: mostly sensible, and as naughty as the story wants. It answers from chance, may be slow, may
// never answer, and reports each question to whoever watches.
import type { ErrorCode } from "../../../src/domain/errors.ts";
import { ok } from "../../../src/domain/result.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Model, ModelReply, ModelRequest } from "../../../src/ports/model.ts";
import type { Scheduler, SimulatedProcess } from "./scheduler.ts";

export const TOKENS_OF_A_REPLY = 60;

export type SimulatedModel = {
  readonly random: () => number;
  /** Share of replies that are not sensible; read anew each time. */
  readonly naughtiness: () => number;
  readonly onAsk: (request: ModelRequest) => void;
};

type Side = {
  readonly scheduler: Scheduler;
  readonly process: SimulatedProcess;
  readonly clock: Clock;
};

const FACTS = {
  provider: "simulated",
  name: "simulated",
  nativeTools: true,
  contextWindow: null,
  price: { inputUsdPerMillion: 0, outputUsdPerMillion: 0 },
};

export function createModel(
  { random, naughtiness, onAsk }: SimulatedModel,
  { scheduler, process, clock }: Side,
): Model {
  const naughty = createHabits(random);
  const turn = async (name: string): Promise<void> =>
    scheduler.call({ process, port: "model", name, work: async () => {} });
  return {
    describe: async () => ok(FACTS),
    reply: async (request, signal) => {
      await turn(`asks the model for ${request.origin.card}`);
      onAsk(request);
      const planned = random() < naughtiness() ? naughty(request) : sensible(request);
      const waitMs = planned.waitMs ?? 0;
      if (waitMs > 0) await clock.sleep(Math.min(waitMs, request.timeoutMs), signal);
      await turn("model answers");
      if (signal.aborted) return failed("MODEL_CONNECTION", "aborted");
      return waitMs >= request.timeoutMs ? failed("MODEL_TIMEOUT", "too slow") : planned.reply;
    },
  };
}

type Planned = { readonly reply: ModelReply; readonly waitMs?: number };

const failed = (
  code: ErrorCode,
  message: string,
  retryAfterMs: number | null = null,
): ModelReply => ({
  kind: "failed",
  failure: { code, message, status: null, retryAfterMs },
});

type Calls = readonly (readonly [tool: string, args: Record<string, string | boolean>])[];

const says = (text: string, calls: Calls = []): ModelReply => ({
  kind: "reply",
  text,
  calls: calls.map(([tool, args]) => ({ id: "call", tool, args })),
  inputTokens: TOKENS_OF_A_REPLY - 10,
  outputTokens: 10,
  truncated: false,
});

const isReview = ({ messages }: ModelRequest): boolean =>
  messages[0]?.content.includes("This is a review turn") === true;

const lastOk = ({ messages }: ModelRequest): boolean => {
  const last = messages.at(-1);
  return last?.role === "tool" && last.content.startsWith('{"ok":true');
};

const fileOf = ({ origin }: ModelRequest): string => `src/${origin.card.toLowerCase()}.md`;

function sensible(request: ModelRequest): Planned {
  if (isReview(request)) return { reply: says("", [["update_issue_status", { status: "done" }]]) };
  if (lastOk(request)) return { reply: says("DECISION: keep it small. Done.") };
  const content = `Work ${request.origin.seatReplies}\n`;
  return { reply: says("", [["write_file", { path: fileOf(request), content }]]) };
}

type Trick = (request: ModelRequest) => Planned;

const rejects: Trick = () => ({
  reply: says("", [
    ["update_issue_status", { status: "in_progress", reason: "It needs more care." }],
  ]),
});

const TRICKS: readonly Trick[] = [
  () => ({ reply: says("I would rather talk about something else.") }),
  (request) => ({ reply: says("", [["read_file", { path: fileOf(request) }]]) }),
  () => ({ reply: says("", [["read_file", { path: "always.md" }]]) }),
  () => ({ reply: says("", [["write_file", { path: "../outside.md", content: "x" }]]) }),
  () => ({ reply: says("", [["no_such_tool", {}]]) }),
  () => ({ reply: says("", [["run_command", { command: "true" }]]) }),
  () => ({ reply: says("", [["update_issue_status", { status: "done" }]]) }),
  rejects,
  () => ({ reply: says("", [["update_issue_status", { status: "ready_for_testing" }]]) }),
  () => ({
    reply: says("", [
      ["update_issue_status", { status: "blocked", wait_reason: "input", reason: "What now?" }],
    ]),
  }),
  () => ({ reply: says("", [["ask_human", { question: "Which colour?" }]]) }),
  () => ({ reply: says("", [["add_issue_comment", { comment: "DECISION: round corners." }]]) }),
  (request) => ({
    reply: says("", [
      ["write_file", { path: fileOf(request), content: "first\n" }],
      ["write_file", { path: "shared.md", content: `${request.origin.card}\n` }],
      ["edit_file", { path: fileOf(request), old: "first", new: "second" }],
      ["delete_file", { path: "shared.md", confirm: true }],
    ]),
  }),
  () => ({ reply: says("", [["create_issue", { summary: "More work", seat: "ada" }]]) }),
  () => ({ reply: failed("MODEL_CONNECTION", "reset") }),
  () => ({ reply: failed("MODEL_RATE_LIMITED", "slow down", 2000) }),
  () => ({ reply: failed("MODEL_OVERLOADED", "busy") }),
  () => ({ reply: failed("MODEL_MALFORMED", "no JSON") }),
  () => ({ reply: failed("MODEL_CONTEXT", "too long") }),
  () => ({ reply: failed("MODEL_AUTH", "no") }),
  (request) => ({ ...sensible(request), waitMs: 15_000 }),
  (request) => ({ ...sensible(request), waitMs: Infinity }),
];

/** A bad habit stays for a while, or no loop and no limit would ever be met. */
function createHabits(random: () => number): (request: ModelRequest) => Planned {
  const habits = new Map<string, Trick>();
  const fresh = (request: ModelRequest): Trick =>
    isReview(request) && random() < 0.6
      ? rejects
      : (TRICKS[Math.floor(random() * TRICKS.length)] ?? sensible);
  return (request) => {
    const { card, seat } = request.origin;
    const known = random() < 0.5 ? habits.get(`${card}/${seat}`) : undefined;
    const trick = known ?? fresh(request);
    habits.set(`${card}/${seat}`, trick);
    return trick(request);
  };
}
