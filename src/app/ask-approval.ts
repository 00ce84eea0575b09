// A call that needs a person: what was answered to exactly this call, the question when nobody was asked yet, and what the
// model is told when the answer is no.
import type { Approval } from "../domain/approval.ts";
import { EngineError } from "../domain/errors.ts";
import type { NewEvent } from "../domain/events.ts";
import type { RiskClass } from "../domain/governance.ts";
import type { JsonObject } from "../domain/json.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Step, ToolCall } from "../domain/turn.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { closeApproval, requestApproval } from "./approvals.ts";
import type { Session } from "./session.ts";
import { write } from "./session.ts";
import type { LiveTurn } from "./turn-outcome.ts";

export type AskedCall = { readonly call: ToolCall; readonly step: Step };

const hashOf = ({ engine }: Session, { args }: ToolCall): string =>
  engine.ids.digest(canonicalJson(args));

/** Null when nobody was asked about this very call; other arguments are another call. */
export function answerTo(
  session: Session,
  { approvals }: LiveTurn,
  { call, step }: AskedCall,
): Approval | null {
  if (approvals.length === 0) return null;
  const argsHash = hashOf(session, call);
  const isOfCall = (one: Approval): boolean =>
    one.step === step.number &&
    one.call === call.id &&
    one.tool === call.tool &&
    one.argsHash === argsHash;
  return approvals.find(isOfCall) ?? null;
}

export type Doubt = {
  readonly riskClass: RiskClass;
  readonly reason: string;
  /** What the gate has to say beside it. */
  readonly events: readonly NewEvent[];
};

/** Stores the question. Where nobody is to be asked it is answered with no in the same breath. */
export async function askPerson(
  session: Session,
  live: LiveTurn,
  { call, step, riskClass, reason, events }: AskedCall & Doubt,
): Promise<Approval> {
  const { engine, fence, approve } = session;
  const { clock, ids, settings } = engine;
  const nowMs = clock.now();
  const at = new Date(nowMs).toISOString();
  const { id: turn, run, build, card, seat } = live.turn;
  const asked = {
    id: ids.create("approval"),
    kind: "tool",
    run,
    build,
    card,
    turn,
    step: step.number,
    call: call.id,
    epoch: fence.epoch,
    tool: call.tool,
    riskClass,
    arguments: call.args as JsonObject,
    argsHash: hashOf(session, call),
    payload: {},
    reason,
    requestedAt: at,
    expiresAt: new Date(nowMs + settings.approvalMs).toISOString(),
  } as const;
  return write(session, async (transaction) => {
    await transaction.events.append(events);
    const pending = await requestApproval(transaction, asked, {
      actor: `agent:${seat}`,
      asksNobody: approve === "deny",
    });
    if (approve === "ask") return pending;
    const no = { state: "denied", by: "engine", reason: "This run asks nobody.", at } as const;
    return closeApproval(transaction, pending, no);
  });
}

/** Notes that the turn has the answer now. An answer is good for one call; a second one does not happen. */
export async function takeAnswer(
  { engine }: Session,
  { approvals }: StoreTransaction,
  answer: Approval | null,
): Promise<void> {
  if (answer === null || answer.usedAt !== null) return;
  if (await approvals.use(answer.id, new Date(engine.clock.now()).toISOString())) return;
  throw new EngineError("INTERNAL", `The answer to ${answer.id} was used before.`);
}

/** What the model is told of a no; `code` is that of the result. */
export function refusalOf({ id, tool, state, decidedBy, decisionReason, reason }: Approval): {
  readonly code: string;
  readonly message: string;
} {
  const name = tool ?? id;
  if (state === "expired") {
    const message = `Nobody decided about ${name} in time, so it counts as denied. Go on without it, or ask_human.`;
    return { code: "denied", message };
  }
  if (decidedBy === "engine") {
    const message = `${name} needs a person's approval (${reason}), and this run asks nobody. Go on without it, or ask_human.`;
    return { code: "approval_needed", message };
  }
  const why = decisionReason === null ? "" : `: ${decisionReason}`;
  return { code: "denied", message: `A person denied ${name}${why}. Go on without it.` };
}
