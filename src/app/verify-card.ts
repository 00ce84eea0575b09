// The verification of one card: executed, then stored with the card and its event in one transaction. A run and
// `orket verify` both come here.
import type { Card } from "../domain/card.ts";
import type { NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { Verdict, VerificationRun } from "../domain/verdict.ts";
import { tally } from "../domain/verification.ts";
import type { Clock } from "../ports/clock.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { cardEvent } from "./apply-move.ts";
import type { Findings, Subject, Verifier } from "./verifier.ts";

export type Verified = VerificationRun & Findings;

export type VerifyRequest = Omit<Subject, "card"> & {
  readonly card: Pick<Card, "build" | "id" | "cycle">;
  /** `engine`, or who asked. */
  readonly actor: string;
  readonly run: string | null;
  /** Decisions that led to it. */
  readonly events: readonly NewEvent[];
};

type Deps = {
  readonly verifier: Verifier;
  readonly clock: Pick<Clock, "now">;
  readonly write: <Value>(
    work: (transaction: StoreTransaction) => Promise<Value>,
  ) => Promise<Value>;
};

/** Aborted, nothing is stored of it but its beginning: half a verification is none. */
export async function verifyCard(
  { verifier, clock, write }: Deps,
  request: VerifyRequest,
  signal: AbortSignal,
): Promise<Result<Verified>> {
  const { card, actor, run } = request;
  const event = (type: NewEvent["type"], data: JsonObject): NewEvent =>
    cardEvent(card, { type, actor, data, ...(run === null ? {} : { run }) });
  const { cycle } = card;
  await write(async ({ events }) =>
    events.append([...request.events, event("verification-started", { cycle })]),
  );
  const found = await verifier.execute(request, signal);
  if (!found.ok) {
    if (found.error.code === "INTERRUPTED") return found;
    const { code, message } = found.error;
    const data = { cycle, code, message };
    await write(async ({ events }) => events.append([event("verification-refused", data)]));
    return found;
  }
  const findings = found.value;
  const { workspaceDigest } = findings;
  const at = new Date(clock.now()).toISOString();
  const stored: VerificationRun = { at, cycle, workspaceDigest, ...tally(findings.results) };
  await write(async ({ cards, comments, events }) => {
    await cards.addVerification(card.build, card.id, stored);
    await events.append([event("verification-finished", finishedFacts(stored, findings))]);
    if (run === null) return;
    const text = summaryOf(stored, findings);
    await comments.add({ build: card.build, card: card.id, author: "engine", text, turn: null });
    await events.append([event("card-commented", { text })]);
  });
  return ok({ ...stored, ...findings });
}

/** No expected value and nothing that came out of the box: events are read by more than those who may see them. */
function finishedFacts(
  { cycle, total, passed, failed, notExecuted, verdict }: VerificationRun,
  { workspaceDigest, fixtureDigest, basis, results }: Findings,
): JsonObject {
  const scenarios = results.map(({ id, kind, outcome }) => ({ id, kind, outcome }));
  const counts = { total, passed, failed, notExecuted, verdict };
  return { cycle, workspaceDigest, fixtureDigest, basis, ...counts, scenarios };
}

function summaryOf(
  { verdict, passed, total }: VerificationRun,
  { results }: Pick<Findings, "results">,
): string {
  const others = results.filter(({ outcome }) => outcome !== "passed");
  const named = others.map(({ id, outcome }) => `${id} ${outcome}`).join(", ");
  const counts = `Verification: ${verdict ?? "no verdict"}, ${passed} of ${total} scenarios passed`;
  return named === "" ? `${counts}.` : `${counts} (${named}).`;
}

/** What a verdict must be about to count now. */
export type Standing = {
  readonly cycle: number;
  readonly workspaceDigest: string;
  readonly basis: string;
};

/**
 * The verdict of the card's newest verification, when it is about exactly this: this cycle, these files, these fixtures.
 * Null stands for every other case.
 */
export async function verdictFor(
  { events }: Pick<StoreTransaction, "events">,
  { build, id }: Pick<Card, "build" | "id">,
  { cycle, workspaceDigest, basis }: Standing,
): Promise<Verdict | null> {
  const types = ["verification-finished"] as const;
  const before = Number.MAX_SAFE_INTEGER;
  const [last] = await events.list({ build, card: id, types, before, limit: 1 });
  if (last === undefined) return null;
  const { data } = last;
  const isThis =
    data["cycle"] === cycle &&
    data["workspaceDigest"] === workspaceDigest &&
    data["basis"] === basis;
  return isThis ? (data["verdict"] as Verdict | null) : null;
}
