// The end of a turn: the evaluate node says what it was worth, and one transaction makes it so: work committed, card
// moved, counters and events written. A turn that was cut off is left as it is, to be taken up again.
import type { Card, WaitReason } from "../domain/card.ts";
import { lastErrorOf } from "../domain/card-history.ts";
import { ENGINE } from "../domain/card-moves.ts";
import type { MoveCause } from "../domain/card-moves.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { NewEvent } from "../domain/events.ts";
import type { TurnStatus } from "../domain/turn.ts";
import type { Evaluation } from "../domain/verdict.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { applyMove, cardEvent } from "./apply-move.ts";
import { askNode } from "./ask-node.ts";
import { backoffMs, endsRun, isConnectionFailure } from "./call-model.ts";
import { applyReview } from "./review.ts";
import type { Proof } from "./prove-work.ts";
import { proofForDecision } from "./prove-work.ts";
import { remember } from "./remember.ts";
import type { Session } from "./session.ts";
import { write } from "./session.ts";
import type { LiveTurn, TurnOutcome } from "./turn-outcome.ts";
import { writeReport } from "./violation-report.ts";

/** What the loop must know of a turn that ended. */
export type TurnEffect = {
  /** The turn is still open: the run stopped in the middle of it. */
  readonly kept: boolean;
  /** How long the card rests before it may be worked on again; null when at once. */
  readonly backoffMs: number | null;
  /** Set when the whole run must end. */
  readonly runFailure: { readonly reason: "provider" | "budget"; readonly detail: string } | null;
  readonly connectionFailure: ErrorCode | null;
  /** The question to a person that the turn is kept for. */
  readonly waitsFor: string | null;
};

const BACKOFF_CAP_MS = 60_000;
const RESOLUTION_CHARACTERS_MAX = 500;
const NOTHING: TurnEffect = {
  kept: false,
  backoffMs: null,
  runFailure: null,
  connectionFailure: null,
  waitsFor: null,
};

export async function finishTurn(
  session: Session,
  live: LiveTurn,
  outcome: TurnOutcome,
): Promise<TurnEffect> {
  live.lane.locks.release(live.turn.id);
  if (outcome.end === "approval") return { ...NOTHING, kept: true, waitsFor: outcome.waitsFor };
  if (outcome.end === "aborted") return { ...NOTHING, kept: true };
  if (outcome.end === "budget")
    return { ...NOTHING, kept: true, runFailure: { reason: "budget", detail: outcome.detail } };
  if (outcome.failure !== null && endsRun(outcome.failure.code)) {
    await interruptTurn(session, live, outcome.detail);
    return { ...NOTHING, runFailure: { reason: "provider", detail: outcome.detail } };
  }
  const proof = await proofForDecision(session, live, outcome);
  if (proof === null) return { ...NOTHING, kept: true };
  const { answer, events } = evaluate(session, live, outcome);
  const closing: Closing = { session, live, outcome, proof, events };
  const effect = await settle(closing, answer);
  const code = outcome.failure?.code ?? null;
  return { ...effect, connectionFailure: code !== null && isConnectionFailure(code) ? code : null };
}

type Closing = {
  readonly session: Session;
  readonly live: LiveTurn;
  readonly outcome: TurnOutcome;
  readonly proof: Proof;
  readonly events: readonly NewEvent[];
};

function evaluate(session: Session, live: LiveTurn, outcome: TurnOutcome) {
  const { id, status, cycle, retryCount, retriesMax } = live.card;
  const input = {
    end: outcome.end,
    kind: live.turn.kind,
    card: { id, status, cycle, retryCount, retriesMax },
    successfulWrites: outcome.successfulWrites,
    staged: outcome.staged?.move.to ?? null,
    detail: outcome.detail,
  };
  const origin = { run: session.run.id, build: live.card.build, card: id, turn: live.turn.id };
  return askNode(session.engine, "evaluate", { input, origin });
}

async function settle(closing: Closing, answer: Evaluation): Promise<TurnEffect> {
  switch (answer.kind) {
    case "commit":
    case "promote":
      await commitTurn(closing, answer.kind);
      return NOTHING;
    case "retry":
      return retryTurn(closing, answer.reason);
    case "block":
      await blockCard(closing, {
        reason: answer.reason,
        detail: answer.detail,
        status: "failed",
        cause: "failure",
      });
      return NOTHING;
    case "violation":
      await violate(closing, answer.detail);
      return NOTHING;
  }
}

/** The provider failed for everybody: the turn is dropped, its card goes back without a mark. */
async function interruptTurn(session: Session, live: LiveTurn, detail: string): Promise<void> {
  await write(session, async (transaction) => {
    await close(session, live, { transaction, status: "dropped", outcome: detail, commit: null });
    await transaction.events.append([
      turnEvent(session, live, { type: "turn-failed", data: { detail } }),
    ]);
    const card = await transaction.cards.get(live.card.build, live.card.id);
    if (card?.status !== "in_progress") return;
    await applyMove(transaction, card, {
      to: "ready",
      actor: ENGINE,
      cause: "interrupted",
      origin: originOf(session, live),
    });
  });
}

const originOf = (session: Session, live: LiveTurn) => ({
  run: session.run.id,
  turn: live.turn.id,
});

const turnEvent = (
  session: Session,
  live: LiveTurn,
  event: Pick<NewEvent, "type" | "data">,
): NewEvent =>
  cardEvent(live.card, { ...event, actor: `agent:${live.turn.seat}`, ...originOf(session, live) });

type Close = {
  readonly transaction: StoreTransaction;
  readonly status: TurnStatus;
  readonly outcome: string;
  readonly commit: string | null;
};

const close = async (
  session: Session,
  live: LiveTurn,
  { transaction, status, outcome, commit }: Close,
): Promise<void> =>
  transaction.turns.finish(live.turn.id, {
    status,
    outcome,
    commit,
    at: new Date(session.engine.clock.now()).toISOString(),
  });

/** Files first, then the store: a commit that no row names is found again by the turn in its message. */
async function commitTurn(
  { session, live, outcome, proof, events }: Closing,
  kind: "commit" | "promote",
): Promise<void> {
  const { turn, lane } = live;
  const commit = await commitFiles(session, live);
  const digest = commit === null ? null : await lane.workspace.digest();
  await write(session, async (transaction) => {
    const fresh = await transaction.cards.get(turn.build, turn.card);
    if (fresh === null) return;
    await transaction.events.append(events);
    if (digest !== null) await saveDigest(transaction, turn.build, digest);
    const words = await moveAtCommit(
      transaction,
      { session, live, outcome, proof, events },
      { kind, card: fresh },
    );
    if (fresh.retryCount > 0)
      await transaction.cards.write(turn.build, turn.card, { retryCount: 0, lastError: null });
    await close(session, live, { transaction, status: "committed", outcome: words, commit });
    const memory = await remember(transaction, session, { live, outcome });
    const resolution = resolutionOf(outcome, kind);
    const data = {
      end: outcome.end,
      outcome: words,
      commit,
      writes: outcome.successfulWrites,
      ...(memory === null ? {} : { memory }),
      ...(resolution === "" ? {} : { resolution }),
    };
    await transaction.events.append([turnEvent(session, live, { type: "turn-finished", data })]);
  });
}

/** What the model said of its finished work; it becomes the card's resolution. */
const resolutionOf = ({ text }: TurnOutcome, kind: "commit" | "promote"): string =>
  kind === "promote" ? text.trim().slice(0, RESOLUTION_CHARACTERS_MAX) : "";

/** How many of the newest commits may hold the one of a turn: those of the turns that ran beside it, and some more. */
const COMMITS_SEARCHED_MAX = 200;

/** Gives the turn's commit, also one that was made before a crash kept the store from hearing of it. */
async function commitFiles(
  session: Session,
  { turn, card, lane }: LiveTurn,
): Promise<string | null> {
  const paths = await session.engine.store.read(async ({ turns }) =>
    turns.uncommittedWrites(turn.build, turn.card),
  );
  if (paths.length === 0) return null;
  await session.lease.check();
  const subject = `${card.id}: ${card.summary}`.slice(0, 100);
  const request = { paths, subject, card: card.id, seat: turn.seat, turn: turn.id, run: turn.run };
  const made = await lane.workspace.commit(request);
  if (made !== null) return made;
  const newest = await lane.workspace.history(COMMITS_SEARCHED_MAX);
  return newest.find((one) => one.turn === turn.id)?.commit ?? null;
}

async function saveDigest(
  { runs }: StoreTransaction,
  id: string,
  workspaceDigest: string,
): Promise<void> {
  const build = await runs.build(id);
  if (build !== null) await runs.saveBuild({ ...build, workspaceDigest });
}

/** Gives the outcome in a few words. A move that no longer fits is dropped with its reason; the work is kept. */
async function moveAtCommit(
  transaction: StoreTransaction,
  { session, live, outcome, proof }: Closing,
  { kind, card }: { readonly kind: "commit" | "promote"; readonly card: Card },
): Promise<string> {
  const origin = originOf(session, live);
  if (kind === "promote") {
    const resolution = resolutionOf(outcome, kind);
    if (resolution !== "") await transaction.cards.write(card.build, card.id, { resolution });
    const fresh = await transaction.cards.get(card.build, card.id);
    const moved = await applyMove(transaction, fresh ?? card, {
      to: "code_review",
      actor: ENGINE,
      cause: "promote",
      origin,
    });
    return moved.ok ? "finished, on to review" : `kept, not moved: ${moved.error.message}`;
  }
  const { staged } = outcome;
  if (staged === null) return "kept, more to do";
  if (live.turn.kind === "review")
    return applyReview(transaction, { session, live, card, staged, proof });
  const { waitReason, waitDetail, to, cause } = staged.move;
  const actor = { kind: "agent", id: live.turn.seat, roles: rolesOfSeat(live) } as const;
  const turn = { card: live.card.id, review: false, authorSeats: card.authorSeats };
  const moved = await applyMove(transaction, card, {
    to,
    actor,
    cause,
    waitReason,
    waitDetail,
    turn,
    origin,
  });
  return moved.ok ? `moved to ${to}` : `kept, not moved: ${moved.error.message}`;
}

const rolesOfSeat = ({ lane, turn }: LiveTurn): readonly string[] =>
  lane.team.seats.find((seat) => seat.key === turn.seat)?.roles ?? [];

/** A failed turn costs the card one of its retries; past the last it is blocked and stays so. */
async function retryTurn({ session, live, events }: Closing, reason: string): Promise<TurnEffect> {
  const { turn } = live;
  return write(session, async (transaction) => {
    await transaction.events.append([
      ...events,
      turnEvent(session, live, { type: "turn-failed", data: { detail: reason } }),
    ]);
    await close(session, live, { transaction, status: "failed", outcome: reason, commit: null });
    const card = await transaction.cards.get(turn.build, turn.card);
    if (card === null) return NOTHING;
    const retryCount = card.retryCount + 1;
    await transaction.cards.write(turn.build, turn.card, {
      retryCount,
      lastError: lastErrorOf(reason),
    });
    const fresh = (await transaction.cards.get(turn.build, turn.card)) ?? card;
    const origin = originOf(session, live);
    if (retryCount > card.retriesMax) {
      await transaction.events.append([
        turnEvent(session, live, { type: "card-retries-exhausted", data: { retryCount, reason } }),
      ]);
      const waitDetail = `Failed ${retryCount} times, the last time: ${reason}`;
      await applyMove(transaction, fresh, {
        to: "blocked",
        actor: ENGINE,
        cause: "failure",
        waitReason: "system",
        waitDetail,
        origin,
      });
      return NOTHING;
    }
    const waitMs = backoffMs(retryCount, session.engine.ids.random(), BACKOFF_CAP_MS);
    await transaction.events.append([
      turnEvent(session, live, { type: "card-retried", data: { retryCount, waitMs, reason } }),
    ]);
    if (card.status === "in_progress")
      await applyMove(transaction, fresh, { to: "ready", actor: ENGINE, cause: "retry", origin });
    return { ...NOTHING, backoffMs: waitMs };
  });
}

type Block = {
  readonly reason: WaitReason;
  readonly detail: string;
  readonly status: TurnStatus;
  readonly cause: MoveCause;
};

async function blockCard(
  { session, live, events }: Closing,
  block: Block,
  more: readonly NewEvent[] = [],
): Promise<void> {
  const { turn } = live;
  await write(session, async (transaction) => {
    await transaction.events.append([
      ...events,
      ...more,
      turnEvent(session, live, { type: "turn-failed", data: { detail: block.detail } }),
    ]);
    await close(session, live, {
      transaction,
      status: block.status,
      outcome: block.detail,
      commit: null,
    });
    const card = await transaction.cards.get(turn.build, turn.card);
    if (card === null) return;
    const waits = {
      waitReason: block.reason,
      waitDetail: block.detail,
      origin: originOf(session, live),
    };
    await applyMove(transaction, card, {
      to: "blocked",
      actor: ENGINE,
      cause: block.cause,
      ...waits,
    });
  });
}

/** Rules held: the staged move is dropped, the card waits for a person, and a report says what was tried. */
async function violate(closing: Closing, detail: string): Promise<void> {
  const { session, live, outcome } = closing;
  const report = await writeReport(session.engine, { live, outcome, detail });
  const rule = outcome.rule ?? "policy";
  await blockCard(closing, { reason: "system", detail, status: "violated", cause: "failure" }, [
    turnEvent(session, live, {
      type: "governance-violated",
      data: { rule, detail, tool: outcome.attempted?.tool ?? null },
    }),
    turnEvent(session, live, { type: "report-written", data: { report, violationType: rule } }),
  ]);
}
