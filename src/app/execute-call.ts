// One tool call: loop detection, gate, execution, and the record of it. A call that leaves something behind outside the
// store is recorded before it starts, so that after a crash nobody takes it for not having happened.
import type { Approval } from "../domain/approval.ts";
import { checkedSignal } from "./limits.ts";
import { isMachineFailure } from "./machine-failure.ts";
import type { NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import { callSignature } from "../domain/tool-call-text.ts";
import { TURN_LIMITS } from "../domain/turn.ts";
import type { Step, StoredResult, ToolCall, ToolResult } from "../domain/turn.ts";
import { cardEvent } from "./apply-move.ts";
import { NOT_KEPT, secretInArguments, UNKNOWN_OUTCOME } from "./call-answers.ts";
import { answerTo, askPerson, refusalOf, takeAnswer } from "./ask-approval.ts";
import { gateToolCall } from "./gate-tool-call.ts";
import type { GateVerdict, Passed } from "./gate-tool-call.ts";
import { reconcileCall } from "./reconcile-call.ts";
import type { Session } from "./session.ts";
import { idsOf, rolesOf, write } from "./session.ts";
import type { Ended, LiveTurn } from "./turn-outcome.ts";
import { toolScopeOf } from "./tool-scope.ts";
import { offeredTools } from "./tools/catalogue.ts";
import { recallCall } from "./tools/recall.ts";
import type { StagedMove, Tool, ToolOutcome, ToolScope } from "./tools/tool.ts";

export type CallOutcome = { readonly result: ToolResult; readonly end: Ended | null };

type RunnerState = {
  staged: StagedMove | null;
  successfulWrites: number;
  denials: number;
  /** Whether a call wrote to the store. */
  recorded: boolean;
};

export type ToolRunner = {
  readonly offered: readonly Tool[];
  readonly state: () => Readonly<RunnerState>;
  readonly execute: (call: ToolCall, step: Step, signal: AbortSignal) => Promise<CallOutcome>;
};

type Runner = {
  readonly session: Session;
  readonly live: LiveTurn;
  readonly scope: ToolScope;
  readonly offered: readonly Tool[];
  readonly state: RunnerState;
  readonly repeats: Map<string, number>;
};

export function createToolRunner(session: Session, live: LiveTurn): ToolRunner {
  const roles = rolesOf(live.lane.team, live.turn.seat);
  const offered = offeredTools({ kind: live.turn.kind, roles, pullRequest: session.pullRequest });
  const state: RunnerState = { staged: null, successfulWrites: 0, denials: 0, recorded: false };
  const runner: Runner = {
    session,
    live,
    scope: toolScopeOf(session, live),
    offered,
    state,
    repeats: new Map(),
  };
  return {
    offered,
    state: () => state,
    execute: async (call, step, signal) => {
      const answer = answerTo(session, live, { call, step });
      return execute(runner, { call, step, signal, answer });
    },
  };
}

type Question = {
  readonly call: ToolCall;
  readonly step: Step;
  readonly signal: AbortSignal;
  /** What a person was asked about this call, and said. */
  readonly answer: Approval | null;
};

async function execute(runner: Runner, question: Question): Promise<CallOutcome> {
  const { call, step, answer } = question;
  const stored = step.results.find((one) => one.callId === call.id);
  if (stored !== undefined && stored.result !== null)
    return replay(runner, question, stored.result);
  if (stored?.begun === true) {
    const taken = await takeUp(runner, question, stored);
    if (taken !== null) return taken;
  }
  if (call.redacted === true) return finish(runner, question, { result: NOT_KEPT });
  if (runner.state.staged !== null) {
    return finish(runner, question, {
      result: { ok: false, code: "not_executed", error: "not executed: a move is staged." },
    });
  }
  const repeats = countRepeat(runner, call);
  if (repeats >= TURN_LIMITS.repeatsMax) return loopDetected(runner, question, repeats);
  if (answer !== null && answer.state !== "allowed") return withoutPerson(runner, question, answer);
  const { verdict, events } = await gateToolCall(runner.session.engine, {
    call,
    scope: runner.scope,
    offered: runner.offered,
    idesign: idesignOf(runner),
  });
  if (verdict.kind === "allow" || (verdict.kind === "ask" && answer !== null))
    return perform(runner, question, { verdict, events });
  if (verdict.kind === "ask") {
    if (runner.session.engine.redact.json(call.args) !== call.args)
      return notAskable(runner, question, events);
    const doubt = { riskClass: verdict.tool.risk, reason: verdict.reason, events };
    const asked = await askPerson(runner.session, runner.live, { call, step, ...doubt });
    return withoutPerson(runner, question, asked);
  }
  if (verdict.kind === "error") {
    return finish(runner, question, {
      result: { ok: false, code: verdict.code, error: verdict.message },
      events,
    });
  }
  return denied(runner, question, { verdict, events });
}

function countRepeat({ repeats }: Runner, call: ToolCall): number {
  const signature = callSignature(call);
  const count = (repeats.get(signature) ?? 0) + 1;
  repeats.set(signature, count);
  return count;
}

/** A call that a person must decide about and has not, or has refused. While it waits, so does the turn. */
async function withoutPerson(
  runner: Runner,
  question: Question,
  answer: Approval,
): Promise<CallOutcome> {
  const { call } = question;
  const { code, message } = refusalOf(answer);
  const result = { ok: false, code, error: message } as const;
  if (answer.state === "pending")
    return { result, end: { end: "approval", detail: message, waitsFor: answer.id } };
  const facts = { tool: call.tool, call: call.id, rule: "policy", code, reason: message };
  const events = [toolEvent(runner, "tool-denied", { ...facts, approval: answer.id })];
  return finish(runner, { ...question, answer }, { result, events });
}

/** The answer would come to a call that is taken up from what was kept of it, and the person would not see it all. */
async function notAskable(
  runner: Runner,
  question: Question,
  events: readonly NewEvent[],
): Promise<CallOutcome> {
  const { tool, id } = question.call;
  const { code, error } = secretInArguments(tool);
  const facts = { tool, call: id, rule: "policy", code, reason: error };
  return finish(runner, question, {
    result: { ok: false, code, error },
    events: [...events, toolEvent(runner, "tool-denied", facts)],
  });
}

/** A call that a crash cut off; null when it did not happen and is to be made as any other. */
async function takeUp(
  runner: Runner,
  question: Question,
  stored: StoredResult,
): Promise<CallOutcome | null> {
  const { call } = question;
  const tool = runner.offered.find((one) => one.name === call.tool);
  const found = await reconcileCall(tool, stored, { call, scope: runner.scope });
  const facts = { tool: call.tool, call: call.id, path: stored.effect?.path ?? null };
  if (found.kind === "unverified") {
    const detail = `It is not known whether ${call.tool} (${stored.effect?.path ?? call.id}) happened when the process ended. Look at the workspace, then: orket cards move ${runner.live.card.id} ready`;
    const events = [toolEvent(runner, "effect-unverified", facts)];
    const outcome = await finish(runner, question, { result: UNKNOWN_OUTCOME, events });
    return { ...outcome, end: { end: "effect-unverified", detail } };
  }
  const event = toolEvent(runner, "call-reconciled", { ...facts, found: found.kind });
  if (found.kind === "happened") {
    await recallCall(runner.scope, call, found.outcome.result);
    return finish(runner, question, { ...found.outcome, events: [event] });
  }
  await write(runner.session, async ({ events }) => events.append([event]));
  return null;
}

const idesignOf = ({ session, live }: Runner) =>
  session.assets.organization.idesign.enabled && live.lane.epic.idesign
    ? session.assets.organization.idesign
    : null;

/** A stored result counts as it did when it was made. A staged move was kept nowhere else, so it is decided again. */
async function replay(
  runner: Runner,
  { call, answer }: Question,
  result: ToolResult,
): Promise<CallOutcome> {
  const { state, scope } = runner;
  const tool = runner.offered.find((one) => one.name === call.tool);
  if (result.ok || result.code !== "not_executed") countRepeat(runner, call);
  // What the call wrote beside its result is not known any more.
  if (result.ok) state.recorded = true;
  const wroteAll = result.ok ? result["changed"] : undefined;
  if (
    result.ok &&
    (tool?.path?.access === "write" || (Array.isArray(wroteAll) && wroteAll.length > 0))
  ) {
    state.successfulWrites += 1;
    runner.repeats.clear();
  }
  await recallCall(scope, call, result);
  // What a person denied is no breach of a rule.
  if (!result.ok && result.code === "denied" && answer === null) state.denials += 1;
  if (result.ok && typeof result["staged"] === "string" && tool !== undefined) {
    const again = await tool.run(call.args as never, scope, new AbortController().signal);
    state.staged = again.staged ?? null;
  }
  return { result, end: null };
}

async function perform(
  runner: Runner,
  question: Question,
  { verdict, events }: { verdict: Passed; events: readonly NewEvent[] },
): Promise<CallOutcome> {
  const { session, live } = runner;
  const { call, step, answer } = question;
  const { tool } = verdict;
  const facts: JsonObject = {
    tool: tool.name,
    call: call.id,
    risk: tool.risk,
    verdict: "allow",
    path: verdict.path,
    ...(answer === null ? {} : { approval: answer.id }),
  };
  const called = [
    ...events,
    toolEvent(runner, "tool-called", { ...facts, ...warned(verdict.warnings) }),
  ];
  if (tool.effect) {
    const effect = (await tool.trace?.plan(verdict.args as never, runner.scope)) ?? null;
    await write(session, async (transaction) => {
      await takeAnswer(session, transaction, answer);
      await transaction.turns.beginCall(live.turn.id, step.number, call.id, effect);
      await transaction.events.append(called);
    });
  }
  const outcome = await runTool(runner, question, verdict);
  const before = tool.effect ? [] : called;
  const rest = tool.effect ? { ...question, answer: null } : question;
  const left = leftWorkspace(outcome.result);
  if (left !== null) return denied(runner, rest, { verdict: left, events: before });
  return finish(runner, rest, { ...outcome, events: [...before, ...(outcome.events ?? [])] });
}

/** A link is only seen when the path is walked, after the gate: what it leads to is refused then, and is as serious. */
function leftWorkspace(result: ToolResult): Violation | null {
  if (result.ok || (result.code !== "path_escape" && result.code !== "path_protected")) return null;
  return { kind: "violation", rule: "path", code: result.code, message: result.error };
}

type Violation = Extract<GateVerdict, { kind: "violation" }>;

const warned = (warnings: readonly string[]): JsonObject =>
  warnings.length === 0 ? {} : { warnings };

/** A tool that throws is a tool that failed, an ordinary result for the model; unless it was the machine that did. */
async function runTool(
  runner: Runner,
  { signal }: Question,
  verdict: Passed,
): Promise<ToolOutcome> {
  const { engine } = runner.session;
  const limitMs = verdict.tool.risk === "execute" ? COMMAND_MS_MAX : engine.settings.limits.toolMs;
  try {
    return await verdict.tool.run(
      verdict.args as never,
      runner.scope,
      checkedSignal(signal, limitMs),
    );
  } catch (error) {
    if (isMachineFailure(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    engine.log.warn(
      { ...idsOf(runner.session, runner.live), tool: verdict.tool.name, error: message },
      "tool failed",
    );
    return { result: { ok: false, code: "tool_failed", error: `The tool failed: ${message}` } };
  }
}

const COMMAND_MS_MAX = 610_000;

async function denied(
  runner: Runner,
  question: Question,
  {
    verdict,
    events,
  }: { verdict: Extract<GateVerdict, { kind: "deny" | "violation" }>; events: readonly NewEvent[] },
): Promise<CallOutcome> {
  const { state } = runner;
  const { call } = question;
  const facts = {
    tool: call.tool,
    call: call.id,
    rule: verdict.rule,
    code: verdict.code,
    reason: verdict.message,
  };
  const counted = verdict.kind === "deny" && verdict.counts;
  if (counted) state.denials += 1;
  const outcome = await finish(runner, question, {
    result: { ok: false, code: counted ? "denied" : verdict.code, error: verdict.message },
    events: [...events, toolEvent(runner, "tool-denied", facts)],
  });
  const attempted = { tool: call.tool, args: call.args };
  if (verdict.kind === "violation") {
    return {
      ...outcome,
      end: { end: "violation", detail: verdict.message, rule: verdict.rule, attempted },
    };
  }
  if (state.denials < TURN_LIMITS.denialsMax) return outcome;
  const detail = `The gate denied ${state.denials} calls of one turn; the last: ${verdict.message}`;
  return { ...outcome, end: { end: "denied-too-often", detail, rule: verdict.rule, attempted } };
}

async function loopDetected(
  runner: Runner,
  question: Question,
  repeats: number,
): Promise<CallOutcome> {
  const { call } = question;
  const error = `${call.tool} was called ${repeats} times with the same arguments and nothing written in between.`;
  const outcome = await finish(runner, question, {
    result: { ok: false, code: "loop_detected", error },
    events: [toolEvent(runner, "loop-detected", { tool: call.tool, repeats })],
  });
  return { ...outcome, end: { end: "loop-detected", detail: error } };
}

const toolEvent = ({ session, live }: Runner, type: NewEvent["type"], data: JsonObject): NewEvent =>
  cardEvent(live.card, {
    type,
    actor: `agent:${live.turn.seat}`,
    run: session.run.id,
    turn: live.turn.id,
    data,
  });

/** Stores the result, what the tool wants written, and the events, together; only then does the turn go on. */
async function finish(
  runner: Runner,
  { call, step, answer }: Question,
  outcome: ToolOutcome,
): Promise<CallOutcome> {
  const { session, live, state } = runner;
  const result = await write(session, async (transaction) => {
    await takeAnswer(session, transaction, answer);
    const value = outcome.apply === undefined ? outcome.result : await outcome.apply(transaction);
    await transaction.turns.finishCall(live.turn.id, step.number, call.id, value);
    for (const path of wroteOf(outcome)) await transaction.turns.addWrite(live.turn.id, path);
    await transaction.events.append([
      ...(outcome.events ?? []),
      ...finished(runner, call, { outcome, value }),
    ]);
    return { value };
  });
  if (result.value.ok && outcome.apply !== undefined) state.recorded = true;
  if (result.value.ok && outcome.staged !== undefined) state.staged = outcome.staged;
  if (result.value.ok && wroteOf(outcome).length > 0) {
    state.successfulWrites += 1;
    runner.repeats.clear();
  }
  return { result: result.value, end: null };
}

const wroteOf = ({ wrote, wroteAll }: ToolOutcome): readonly string[] =>
  wrote === undefined ? (wroteAll ?? []) : [wrote];

function finished(
  runner: Runner,
  call: ToolCall,
  { outcome, value }: { outcome: ToolOutcome; value: ToolResult },
): readonly NewEvent[] {
  const facts = value.ok
    ? { ok: true }
    : { ok: false, code: value.code, error: value.error.slice(0, 500) };
  const lines = outcome.lines === undefined ? {} : { lines: outcome.lines };
  const wrote = outcome.wrote === undefined ? {} : { path: outcome.wrote, ...lines };
  return [
    toolEvent(runner, "tool-finished", { tool: call.tool, call: call.id, ...facts, ...wrote }),
  ];
}
