// Turns that wait for a person: the run's part of it. A waiting turn stays live and holds no slot; it goes on when its
// question is answered, and is dropped when its card was taken elsewhere meanwhile.
import type { Approval } from "../domain/approval.ts";
import { decideLine, isOverdue, waitLine } from "../domain/approval.ts";
import type { Turn } from "../domain/turn.ts";
import { cardEvent } from "./apply-move.ts";
import { closeApproval, settleApproval } from "./approvals.ts";
import type { RunEnd } from "./end-run.ts";
import type { Lane, Session } from "./session.ts";
import { write } from "./session.ts";

export type WaitingTurn = {
  readonly lane: Lane;
  readonly turn: Turn;
  readonly approval: string;
};

const APPROVALS_MAX = 10_000;

/** The question each of these turns was left with, by turn; those whose answer was taken are left out. */
export async function openQuestions(
  { engine, run }: Session,
  turns: readonly Turn[],
): Promise<ReadonlyMap<string, string>> {
  if (turns.length === 0) return new Map();
  const asked = await engine.store.read(async ({ approvals }) =>
    approvals.list({ run: run.id, limit: APPROVALS_MAX }),
  );
  const open = asked.filter((one) => one.usedAt === null && one.turn !== null);
  return new Map(open.map((one) => [one.turn ?? "", one.id]));
}

export type Looked = {
  /** Their questions are answered. */
  readonly answered: readonly WaitingTurn[];
  /** Their cards were moved by somebody else; the turns have ended. */
  readonly dropped: readonly WaitingTurn[];
};

/** Looks at the questions again; what ran out of time is closed. */
export async function lookAtWaits(
  session: Session,
  waits: readonly WaitingTurn[],
): Promise<Looked> {
  const { store, clock } = session.engine;
  const found = await store.read(async ({ approvals }) => {
    const list = [];
    for (const wait of waits) list.push({ wait, approval: await approvals.get(wait.approval) });
    return list;
  });
  const answered: WaitingTurn[] = [];
  const dropped: WaitingTurn[] = [];
  for (const { wait, approval } of found) {
    if (isElsewhere(wait)) {
      await drop(session, wait, approval);
      dropped.push(wait);
    } else if (approval === null || approval.state !== "pending") answered.push(wait);
    else if (isOverdue(approval, clock.now())) {
      await write(session, async (transaction) =>
        settleApproval(transaction, approval, clock.now()),
      );
      answered.push(wait);
    }
  }
  return { answered, dropped };
}

/** A turn works on a card in progress and reviews one in review; somebody put it elsewhere. */
function isElsewhere({ lane, turn }: WaitingTurn): boolean {
  const status = lane.backlog.get(turn.card)?.status;
  return status !== (turn.kind === "review" ? "code_review" : "in_progress");
}

async function drop(
  session: Session,
  { turn }: WaitingTurn,
  approval: Approval | null,
): Promise<void> {
  const detail = "The card was moved while its turn waited for a decision.";
  const at = new Date(session.engine.clock.now()).toISOString();
  await write(session, async (transaction) => {
    if (approval !== null)
      await closeApproval(transaction, approval, {
        state: "void",
        by: "engine",
        reason: detail,
        at,
      });
    const end = { status: "dropped", outcome: detail, commit: null, at } as const;
    await transaction.turns.finish(turn.id, end);
    const card = { build: turn.build, id: turn.card };
    const origin = { actor: "engine", run: turn.run, turn: turn.id };
    await transaction.events.append([
      cardEvent(card, { ...origin, type: "turn-failed", data: { detail } }),
    ]);
  });
}

/** Nothing moves before a person decides: one line a question, and how to answer it. */
export async function waitForPeople(
  { engine, run }: Session,
  others: readonly string[],
): Promise<RunEnd> {
  const pending = await engine.store.read(async ({ approvals }) =>
    approvals.list({ run: run.id, states: ["pending"], limit: APPROVALS_MAX }),
  );
  const lines = pending.map((one) => `${waitLine(one)} — ${decideLine(one)}`);
  return { status: "paused", reason: "approval", detail: [...lines, ...others].join("\n") };
}
