// Questions to people: asked, decided, run out of time. Each change is one transaction with its event. Agents have no way
// here: no tool leads to it.
import type { Approval } from "../domain/approval.ts";
import { closedRefusal, isOverdue, whatOf } from "../domain/approval.ts";
import { EngineError } from "../domain/errors.ts";
import type { NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Run } from "../domain/run.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { ApprovalDecision, NewApproval, StoreTransaction } from "../ports/store.ts";
import type { Engine } from "./engine.ts";

export type ApprovalDeps = Pick<Engine, "store" | "clock">;

/** `actor` is who needs the answer: `agent:<seat>`, `human:<name>`, `engine`. `asksNobody`: it will be closed at once. */
export async function requestApproval(
  { approvals, events }: StoreTransaction,
  asked: NewApproval,
  { actor, asksNobody }: { readonly actor: string; readonly asksNobody: boolean },
): Promise<Approval> {
  await approvals.request(asked);
  // As it is stored: without secrets.
  const approval = await approvals.get(asked.id);
  if (approval === null)
    throw new EngineError("STORE_CORRUPT", `Approval ${asked.id} was stored and cannot be read.`);
  const { id, kind, tool, riskClass: risk, call, argsHash, reason, expiresAt } = approval;
  const data = {
    approval: id,
    kind,
    reason,
    argsHash,
    expiresAt,
    ...(asksNobody ? { asksNobody } : {}),
    ...(tool === null ? {} : { tool, call, risk, what: whatOf(approval) }),
  };
  await events.append([approvalEvent(approval, { type: "approval-requested", actor, data })]);
  return approval;
}

/** Gives it as it is then. When somebody was quicker, nothing was written and their decision stands. */
export async function closeApproval(
  { approvals, events }: StoreTransaction,
  approval: Approval,
  decision: ApprovalDecision,
): Promise<Approval> {
  const decided = await approvals.decide(approval.id, decision);
  const now = (await approvals.get(approval.id)) ?? approval;
  if (!decided) return now;
  const { state, by, reason } = decision;
  const { id, kind, tool } = approval;
  const data = {
    approval: id,
    kind,
    state,
    ...(tool === null ? {} : { tool }),
    ...(reason === null ? {} : { reason }),
  };
  await events.append([approvalEvent(approval, { type: "approval-decided", actor: by, data })]);
  return now;
}

type Subject = Pick<Approval, "run" | "build" | "card" | "turn">;
type Saying = Pick<NewEvent, "type" | "actor"> & { readonly data: JsonObject };

const approvalEvent = ({ run, build, card, turn }: Subject, saying: Saying): NewEvent => ({
  ...saying,
  ...(run === null ? {} : { run }),
  ...(build === null ? {} : { build }),
  ...(card === null ? {} : { card }),
  ...(turn === null ? {} : { turn }),
});

/** Closes what can no longer be answered: its time is over, or its turn has ended. Gives it as it is then. */
export async function settleApproval(
  transaction: StoreTransaction,
  approval: Approval,
  nowMs: number,
): Promise<Approval> {
  if (approval.state !== "pending") return approval;
  const { turn } = approval;
  const ended = turn !== null && (await transaction.turns.get(turn))?.status !== "live";
  if (!ended && !isOverdue(approval, nowMs)) return approval;
  const closed = ended
    ? ({ state: "void", reason: "The turn that asked has ended." } as const)
    : ({ state: "expired", reason: "Nobody decided in time." } as const);
  const at = new Date(nowMs).toISOString();
  return closeApproval(transaction, approval, { ...closed, by: "engine", at });
}

export type ApprovalAnswer = {
  readonly id: string;
  readonly decision: "allow" | "deny";
  readonly reason: string | null;
  /** The person's name. */
  readonly person: string;
};

/** Refused when it is unknown, was decided before, ran out of time, or its turn has ended. */
export async function decideApproval(
  { store, clock }: ApprovalDeps,
  { id, decision, reason, person }: ApprovalAnswer,
): Promise<Result<Approval>> {
  const nowMs = clock.now();
  const found = await store.transaction(async (transaction) => {
    const stored = await transaction.approvals.get(id);
    const approval = stored === null ? null : await settleApproval(transaction, stored, nowMs);
    if (approval?.state !== "pending") return { approval, isDecided: false };
    const state = decision === "allow" ? "allowed" : "denied";
    const at = new Date(nowMs).toISOString();
    const answer = { state, by: `human:${person}`, reason, at } as const;
    return { approval: await closeApproval(transaction, approval, answer), isDecided: true };
  });
  const { approval, isDecided } = found;
  if (approval === null) {
    const message = `No approval has the id ${id}. See them with: orket approvals`;
    return refuse("APPROVAL_UNKNOWN", message, { approval: id });
  }
  return (isDecided ? null : closedRefusal(approval)) ?? ok(approval);
}

export type WaitingApprovals = {
  readonly approvals: readonly Approval[];
  readonly asOfSeq: number;
};

const WAITING_MAX = 1000;

/** What waits for a person now, oldest first. What no longer does is closed on the way. */
export async function waitingApprovals({ store, clock }: ApprovalDeps): Promise<WaitingApprovals> {
  const pending = { states: ["pending"], limit: WAITING_MAX } as const;
  const nowMs = clock.now();
  return store.transaction(async (transaction) => {
    const settled: Approval[] = [];
    for (const approval of await transaction.approvals.list(pending))
      settled.push(await settleApproval(transaction, approval, nowMs));
    return {
      approvals: settled.filter(({ state }) => state === "pending"),
      asOfSeq: await transaction.events.lastSeq(),
    };
  });
}

const RUNS_MAX = 1000;

/** Runs that were paused for a person and can go on: something was answered, or nobody did in time. Oldest first. */
export async function answeredRuns({ store, clock }: ApprovalDeps): Promise<readonly Run[]> {
  const nowMs = clock.now();
  return store.read(async ({ runs, approvals }) => {
    const paused = await runs.list({ statuses: ["paused"], limit: RUNS_MAX });
    const answered: Run[] = [];
    for (const run of paused.filter(({ reason }) => reason === "approval")) {
      const asked = await approvals.list({ run: run.id, limit: WAITING_MAX });
      const open = asked.filter(({ usedAt }) => usedAt === null);
      const waits = open.every((one) => one.state === "pending" && !isOverdue(one, nowMs));
      if (!waits || open.length === 0) answered.push(run);
    }
    return answered.toReversed();
  });
}
