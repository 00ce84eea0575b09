// Questions to people: asked, decided, run out of time. Each change is one transaction with its event. Agents have no way
// here: no tool leads to it.
import type { Approval } from "../domain/approval.ts";
import { closedRefusal, isOverdue } from "../domain/approval.ts";
import type { NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { ApprovalDecision, NewApproval, StoreTransaction } from "../ports/store.ts";
import type { Engine } from "./engine.ts";

export type ApprovalDeps = Pick<Engine, "store" | "clock">;

/** `actor` is who needs the answer: `agent:<seat>`, `human:<name>`, `engine`. */
export async function requestApproval(
  { approvals, events }: StoreTransaction,
  approval: NewApproval,
  actor: string,
): Promise<void> {
  await approvals.request(approval);
  const { id, kind, tool, riskClass: risk, call, argsHash, reason, expiresAt } = approval;
  const data = {
    approval: id,
    kind,
    reason,
    argsHash,
    expiresAt,
    ...(tool === null ? {} : { tool, call, risk }),
  };
  await events.append([approvalEvent(approval, { type: "approval-requested", actor, data })]);
}

/** False when somebody was quicker; then nothing was written. */
export async function closeApproval(
  { approvals, events }: StoreTransaction,
  approval: Approval,
  decision: ApprovalDecision,
): Promise<boolean> {
  if (!(await approvals.decide(approval.id, decision))) return false;
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
  return true;
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
  await closeApproval(transaction, approval, { ...closed, by: "engine", at });
  return (await transaction.approvals.get(approval.id)) ?? approval;
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
    if (approval?.state !== "pending") return { approval, decided: false };
    const state = decision === "allow" ? "allowed" : "denied";
    const at = new Date(nowMs).toISOString();
    const decided = await closeApproval(transaction, approval, {
      state,
      by: `human:${person}`,
      reason,
      at,
    });
    return { approval: (await transaction.approvals.get(id)) ?? approval, decided };
  });
  const { approval, decided } = found;
  if (approval === null)
    return refuse(
      "APPROVAL_UNKNOWN",
      `No approval has the id ${id}. See them with: orket approvals`,
      {
        approval: id,
      },
    );
  return (decided ? null : closedRefusal(approval)) ?? ok(approval);
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
