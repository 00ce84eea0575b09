// The inner loop of a turn: ask the model, gate and execute what it calls, give the results back, and see when it ends.
import { addUsage } from "../domain/run.ts";
import { parseTextCalls } from "../domain/tool-call-text.ts";
import { TURN_LIMITS } from "../domain/turn.ts";
import type { ChatMessage, Step, ToolCall } from "../domain/turn.ts";
import type { ModelReply, ModelRequest } from "../ports/model.ts";
import { cardEvent } from "./apply-move.ts";
import { budgetReached, cardBudgetReached } from "./budget.ts";
import { callModel } from "./call-model.ts";
import { estimateTokens, MEMORY_TITLE } from "./compile-prompt.ts";
import { createToolRunner } from "./execute-call.ts";
import type { CallOutcome, ToolRunner } from "./execute-call.ts";
import type { Session } from "./session.ts";
import { write } from "./session.ts";
import type { Ended, LiveTurn, TurnOutcome } from "./turn-outcome.ts";
import { outcomeOf } from "./turn-outcome.ts";
import { definitionOf } from "./tools/catalogue.ts";

/** What the loop keeps while it runs; rebuilt from the stored steps when a turn is taken up again. */
type Progress = {
  readonly messages: ChatMessage[];
  corrections: number;
  steps: number;
  text: string;
  /** The write of the last reply; a call without an effect outside the store goes on beside it and shares its commit. */
  stored: Promise<void>;
};

type Play = {
  readonly session: Session;
  readonly live: LiveTurn;
  readonly runner: ToolRunner;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

export async function playSteps(
  session: Session,
  live: LiveTurn,
  signal: AbortSignal,
): Promise<TurnOutcome> {
  const runner = createToolRunner(session, live);
  const progress: Progress = {
    messages: [...live.prompt],
    corrections: 0,
    steps: 0,
    text: "",
    stored: Promise.resolve(),
  };
  const play: Play = { session, live, runner, progress, signal };
  const { stepsMax } = session.engine.settings.limits;
  let ended: Ended | null = null;
  while (ended === null) {
    if (signal.aborted) ended = timeUp(play);
    else if (session.pause.aborted) ended = { end: "aborted", detail: "The run was paused." };
    else if (progress.steps >= stepsMax)
      ended = { end: "step-limit", detail: `The turn used all its ${stepsMax} steps.` };
    else ended = await playStep(play);
  }
  const { staged, successfulWrites, recorded } = runner.state();
  return outcomeOf({ staged, successfulWrites, recorded, text: progress.text, ...ended });
}

const timeUp = ({ session }: Play): Ended =>
  session.signal.aborted
    ? { end: "aborted", detail: "The run was stopped." }
    : { end: "failed", detail: "The turn ran into its time limit." };

async function playStep(play: Play): Promise<Ended | null> {
  const { live, progress, runner, signal } = play;
  const step = live.stored[progress.steps] ?? (await askModel(play));
  if ("end" in step) return step;
  progress.steps += 1;
  if (step.text.trim() !== "") progress.text = step.text;
  progress.messages.push({
    role: "assistant",
    content: step.text,
    calls: live.model.nativeTools ? step.calls : [],
  });
  if (step.calls.length === 0) {
    await progress.stored;
    return answered(play, step);
  }
  const results: string[] = [];
  for (const call of step.calls) {
    const outcome = await withStored(play, runner.execute(call, step, signal));
    const content = JSON.stringify(outcome.result);
    if (live.model.nativeTools)
      progress.messages.push({ role: "tool", callId: call.id, tool: call.tool, content });
    else results.push(`${call.tool} → ${content}`);
    if (outcome.end !== null) return outcome.end;
  }
  // A model without tool messages gets its results as the user's next words.
  if (results.length > 0)
    progress.messages.push({ role: "user", content: `TOOL RESULTS\n${results.join("\n")}` });
  return runner.state().staged === null ? null : { end: "move-staged" };
}

/** The call and the commit of the reply that asks for it; both have ended when one fails, so that no call outlives its run. */
async function withStored(
  { progress }: Play,
  executing: Promise<CallOutcome>,
): Promise<CallOutcome> {
  const [stored, executed] = await Promise.allSettled([progress.stored, executing]);
  if (stored.status === "rejected") throw stored.reason;
  if (executed.status === "rejected") throw executed.reason;
  return executed.value;
}

/** The model answered without a call: finished work, a reviewer who did not decide, or nothing usable. */
async function answered(play: Play, step: Step): Promise<Ended | null> {
  const { live, progress, runner } = play;
  if (live.turn.kind === "review") {
    if (progress.corrections >= 1)
      return { end: "no-decision", detail: "The reviewer ended twice without a decision." };
    return correct(
      play,
      "You have not decided. Call update_issue_status: done, or in_progress with a reason.",
    );
  }
  if (runner.state().successfulWrites > 0) return { end: "answered" };
  if (progress.corrections >= TURN_LIMITS.correctionsMax) {
    return {
      end: "no-usable-reply",
      detail: `No usable call after ${progress.corrections} corrections: ${step.text.slice(0, 200)}`,
    };
  }
  return correct(play, expectedForm(live));
}

const expectedForm = (live: LiveTurn): string =>
  live.model.nativeTools
    ? "Nothing was done: call a tool. Use the tools you were given; when the files are written, answer without a call."
    : 'Nothing was done: no tool call was found. Answer with one JSON object such as {"tool":"write_file","args":{"path":"…","content":"…"}}.';

async function correct(play: Play, words: string): Promise<null> {
  const { session, live, progress } = play;
  progress.corrections += 1;
  progress.messages.push({ role: "user", content: words });
  // A stored step was corrected before the restart; its event is in the log already.
  if (progress.steps < live.stored.length) return null;
  const origin = { run: session.run.id, turn: live.turn.id, actor: "engine" };
  const data = { correction: progress.corrections };
  await write(session, async ({ events }) =>
    events.append([cardEvent(live.card, { ...origin, type: "reply-corrected", data })]),
  );
  return null;
}

/** One reply; its write, with its cost, goes before the write of anything that is done about it. */
async function askModel(play: Play): Promise<Step | Ended> {
  const { session, live, progress, signal } = play;
  const known = estimateTokens(progress.messages);
  const reached = budgetReached(session, known);
  if (reached !== null) return { end: "budget", detail: reached };
  const ofCard = await cardBudgetReached(session, live, known);
  if (ofCard !== null) return { end: "card-budget", detail: ofCard };
  const request = requestOf(play);
  await session.lease.check();
  const reply = await callModel(session.engine, {
    request,
    signal,
    shorten: () => shortened(request),
    onText: (text) =>
      session.engine.watcher.onText({ card: live.card.id, seat: live.turn.seat }, text),
    onRetry: async (failure, attempt, waitMs) => {
      const data = { code: failure.code, status: failure.status, attempt, waitMs };
      const event = cardEvent(live.card, {
        run: session.run.id,
        turn: live.turn.id,
        actor: "engine",
        type: "model-retried",
        data,
      });
      await write(session, async ({ events }) => events.append([event]));
    },
  });
  if (signal.aborted) return timeUp(play);
  if (reply.kind === "failed") {
    const { failure } = reply;
    return { end: "provider-failed", detail: `${failure.code}: ${failure.message}`, failure };
  }
  return storeReply(play, reply, known);
}

const requestOf = ({ session, live, progress, runner }: Play): ModelRequest => ({
  model: live.turn.model,
  messages: progress.messages,
  tools: live.model.nativeTools ? runner.offered.map(definitionOf) : [],
  temperature: live.lane.environment.temperature,
  seed: live.lane.environment.seed,
  timeoutMs: live.lane.environment.timeoutSec * 1000,
  origin: {
    run: session.run.id,
    card: live.card.id,
    seat: live.turn.seat,
    seatReplies: live.seatReplies + progress.steps,
    runReplies: session.replies,
  },
});

/** What a too long prompt can do without: earlier turns, and where there are none, the project's memory. */
const SPARE = ["EARLIER TURN ", MEMORY_TITLE];

function shortened(request: ModelRequest): ModelRequest | null {
  for (const title of SPARE) {
    const messages = request.messages.filter(
      (message) => !(message.role === "user" && message.content.startsWith(title)),
    );
    if (messages.length < request.messages.length) return { ...request, messages };
  }
  return null;
}

type Reply = Extract<ModelReply, { kind: "reply" }>;

async function storeReply(
  { session, live, progress }: Play,
  reply: Reply,
  knownTokens: number,
): Promise<Step> {
  const inputTokens = reply.inputTokens ?? knownTokens;
  const outputTokens = reply.outputTokens ?? Math.ceil(reply.text.length / 4);
  const { price } = live.model;
  const costUsd =
    price === null
      ? 0
      : (inputTokens * price.inputUsdPerMillion + outputTokens * price.outputUsdPerMillion) /
        1_000_000;
  const usage = { inputTokens, outputTokens, costUsd };
  const calls = uniqueCalls(
    live.model.nativeTools ? reply.calls : parseTextCalls(reply.text),
    progress.steps + 1,
  );
  const step = { number: progress.steps + 1, text: reply.text, calls, usage };
  const data = {
    model: live.turn.model,
    step: step.number,
    inputTokens,
    outputTokens,
    costUsd,
    estimated: reply.inputTokens === null || reply.outputTokens === null,
    priceKnown: price !== null,
    calls: calls.map((call) => call.tool),
  };
  progress.stored = write(session, async ({ turns, runs, events }) => {
    await turns.addStep(live.turn.id, step);
    await runs.addUsage(session.run.id, usage, 0);
    const origin = { run: session.run.id, turn: live.turn.id, actor: `agent:${live.turn.seat}` };
    await events.append([cardEvent(live.card, { ...origin, type: "model-called", data })]);
  });
  session.spent = addUsage(session.spent, usage);
  session.replies += 1;
  return { ...step, results: [] };
}

/** Providers repeat ids, and text has none: a call is named by its step and place, so that results find it. */
const uniqueCalls = (calls: readonly ToolCall[], step: number): readonly ToolCall[] =>
  calls
    .slice(0, CALLS_PER_REPLY_MAX)
    .map((call, place) => ({ ...call, id: `call-${step}-${place + 1}` }));

const CALLS_PER_REPLY_MAX = 32;
