// Verification in a run: a card in review is verified before its reviewer looks, and again before it is done when its files
// or its fixtures are no longer those that were verified. What cannot be verified here is blocked, never let through.
import type { Card } from "../domain/card.ts";
import type { VerificationFacts } from "../domain/card-moves.ts";
import type { NewEvent } from "../domain/events.ts";
import { blockByEngine } from "./block-card.ts";
import type { Lane, Session } from "./session.ts";
import { write } from "./session.ts";
import type { LiveTurn, TurnOutcome } from "./turn-outcome.ts";
import type { Subject } from "./verifier.ts";
import { verdictFor, verifyCard } from "./verify-card.ts";

type Declared = { readonly card: Card; readonly subject: Subject };

/** Whether the card has to be verified before it is reviewed. */
export async function needsProof(session: Session, lane: Lane, card: Card): Promise<boolean> {
  const subject = subjectOf(lane, card);
  return subject !== null && (await standingVerdict(session, { card, subject })) === null;
}

/** What the asset declares; cards that turns create declare nothing. */
function subjectOf({ epic, workspace }: Lane, card: Card): Subject | null {
  const verification = epic.issues.find((issue) => issue.id === card.id)?.verification ?? null;
  return verification === null ? null : { card, verification, workspace };
}

/** The stored verdict when it is about the card as it is at this moment. */
async function standingVerdict({ engine }: Session, { card, subject }: Declared) {
  const basis = await engine.verifier.basis(subject);
  if (!basis.ok) return null;
  const workspaceDigest = await subject.workspace.digest();
  const standing = { cycle: card.cycle, workspaceDigest, basis: basis.value };
  return engine.store.read(async (transaction) => verdictFor(transaction, card, standing));
}

/** Verifies the card; with a verdict it is reviewed next, without one it is blocked with what is missing. */
export async function proveWork(
  session: Session,
  lane: Lane,
  { card, events }: { readonly card: Card; readonly events: readonly NewEvent[] },
): Promise<void> {
  const subject = subjectOf(lane, card);
  if (subject === null) return;
  const lack = await session.engine.verifier.lacks(subject);
  if (lack !== null) {
    await blockByEngine(session, card, { ...lack, reason: "resource", events });
    return;
  }
  const verified = await verify(session, { card, subject }, events);
  if (!verified.ok) {
    const { code, message: detail } = verified.error;
    if (code === "INTERRUPTED") return;
    const block = { alert: "verification-refused", reason: "system", detail, events: [] } as const;
    await blockByEngine(session, card, block);
    return;
  }
  const { verdict, total, notExecuted } = verified.value;
  if (verdict !== null) return;
  const detail = `Its verification gave no verdict: ${notExecuted} of ${total} scenarios could not be executed.`;
  const block = { alert: "no-verdict", reason: "resource", detail, events: [] } as const;
  await blockByEngine(session, card, block);
}

const verify = async (
  session: Session,
  { card, subject }: Declared,
  events: readonly NewEvent[],
) => {
  const { verifier, clock } = session.engine;
  await session.lease.check();
  return verifyCard(
    { verifier, clock, write: async (work) => write(session, work) },
    { ...subject, card, actor: "engine", run: session.run.id, events },
    session.signal,
  );
};

export type Proof = Pick<VerificationFacts, "declared" | "verdict">;

/**
 * What is known of the work at the moment of a reviewer's decision. Null when the run was stopped meanwhile: the turn then
 * stays as it is, and its decision is looked at again.
 */
export async function proofForDecision(
  session: Session,
  { turn, card, lane }: LiveTurn,
  { staged }: TurnOutcome,
): Promise<Proof | null> {
  const nothing: Proof = { declared: false, verdict: null };
  if (turn.kind !== "review" || staged?.move.to !== "done") return nothing;
  const subject = subjectOf(lane, card);
  if (subject === null) return nothing;
  const known = await standingVerdict(session, { card, subject });
  if (known !== null) return { declared: true, verdict: known };
  if ((await session.engine.verifier.lacks(subject)) !== null)
    return { declared: true, verdict: null };
  const verified = await verify(session, { card, subject }, []);
  if (verified.ok) return { declared: true, verdict: verified.value.verdict };
  return verified.error.code === "INTERRUPTED" ? null : { declared: true, verdict: null };
}

/** Why the card's verification could not be executed now; null when it could, or there is none. */
export async function lackOf(session: Session, lane: Lane, card: Card): Promise<string | null> {
  const subject = subjectOf(lane, card);
  const lack = subject === null ? null : await session.engine.verifier.lacks(subject);
  return lack?.detail ?? null;
}
