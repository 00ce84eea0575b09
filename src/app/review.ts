// What a reviewer's decision does: done, or back with a reason; escalated the third time, stopped the fourth.
import type { Card } from "../domain/card.ts";
import { createdFacts } from "../domain/card-history.ts";
import { ENGINE } from "../domain/card-moves.ts";
import type { NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { applyMove, cardEvent } from "./apply-move.ts";
import type { Proof } from "./prove-work.ts";
import { requirementsCard } from "./requirements-card.ts";
import type { Session } from "./session.ts";
import type { LiveTurn } from "./turn-outcome.ts";
import type { StagedMove } from "./tools/tool.ts";

export const ESCALATION_CYCLE = 3;
export const CYCLES_MAX = 4;
const COMMENTS_MAX = 200;

type Review = {
  readonly session: Session;
  readonly live: LiveTurn;
  readonly card: Card;
  readonly staged: StagedMove;
  /** What is known of the work at this moment. */
  readonly proof: Proof;
};

/** Applies the staged decision of a review turn; gives the outcome in a few words. */
export async function applyReview(transaction: StoreTransaction, review: Review): Promise<string> {
  const { session, live, card, staged, proof } = review;
  const rejected = staged.move.to === "in_progress";
  if (rejected && card.cycle + 1 >= CYCLES_MAX) return stopCycles(transaction, review);
  const roles = live.lane.team.seats.find((seat) => seat.key === live.turn.seat)?.roles ?? [];
  const moved = await applyMove(transaction, card, {
    to: staged.move.to,
    cause: staged.move.cause,
    waitReason: staged.move.waitReason,
    waitDetail: staged.move.waitDetail,
    actor: { kind: "agent", id: live.turn.seat, roles },
    turn: { card: live.card.id, review: true, authorSeats: card.authorSeats },
    verification: {
      ...proof,
      required: session.assets.organization.process.requireVerification,
    },
    origin: { run: session.run.id, turn: live.turn.id },
  });
  if (!moved.ok) return `not moved: ${moved.error.message}`;
  if (!rejected) return `moved to ${staged.move.to}`;
  return recordRejection(transaction, review);
}

const reviewEvent = (
  { session, live }: Review,
  type: NewEvent["type"],
  data: JsonObject,
): NewEvent =>
  cardEvent(live.card, {
    type,
    actor: `agent:${live.turn.seat}`,
    run: session.run.id,
    turn: live.turn.id,
    data,
  });

async function recordRejection(transaction: StoreTransaction, review: Review): Promise<string> {
  const { card, staged } = review;
  const cycle = card.cycle + 1;
  await transaction.cards.write(card.build, card.id, { cycle });
  await addReason(transaction, review);
  await transaction.events.append([
    reviewEvent(review, "review-rejected", { cycle, reason: staged.reason }),
    ...(cycle === ESCALATION_CYCLE ? [reviewEvent(review, "review-escalated", { cycle })] : []),
  ]);
  return `sent back (cycle ${cycle}): ${staged.reason}`;
}

/** The reason is a comment as well, unless the reviewer has just written it as one. */
async function addReason({ comments, events }: StoreTransaction, review: Review): Promise<void> {
  const { live, card, staged } = review;
  const list = await comments.list(card.build, card.id, COMMENTS_MAX);
  if (list.some((comment) => comment.turn === live.turn.id && comment.text === staged.reason))
    return;
  const author = `agent:${live.turn.seat}`;
  await comments.add({
    build: card.build,
    card: card.id,
    author,
    text: staged.reason,
    turn: live.turn.id,
  });
  await events.append([reviewEvent(review, "card-commented", { text: staged.reason })]);
}

/** The last cycle: the card is blocked instead of sent back, and the question goes to people as a card of its own. */
async function stopCycles(transaction: StoreTransaction, review: Review): Promise<string> {
  const { session, live, card, staged } = review;
  const cycle = card.cycle + 1;
  await addReason(transaction, review);
  await transaction.cards.write(card.build, card.id, { cycle });
  const waitDetail = `Rejected ${cycle} times; see ${card.id}-requirements.`;
  const fresh = (await transaction.cards.get(card.build, card.id)) ?? card;
  await applyMove(transaction, fresh, {
    to: "blocked",
    actor: ENGINE,
    cause: "limit",
    waitReason: "review",
    waitDetail,
    origin: { run: session.run.id, turn: live.turn.id },
  });
  const reasons = (await transaction.comments.list(card.build, card.id, COMMENTS_MAX))
    .filter((comment) => comment.author.startsWith("agent:"))
    .map((comment) => `- ${comment.at} ${comment.author}: ${comment.text}`);
  const created = requirementsCard(card, {
    suffix: "-requirements",
    summary: `Requirements of ${card.id} need a person: rejected ${CYCLES_MAX} times`,
    description: reasons.join("\n"),
    labels: ["requirements-review"],
  });
  const inserted = await transaction.cards.insert(created);
  await transaction.events.append([
    reviewEvent(review, "review-rejected", { cycle, reason: staged.reason }),
    reviewEvent(review, "review-limit-reached", { cycle, requirements: created.id }),
    ...(inserted
      ? [
          cardEvent(created, {
            type: "card-created",
            actor: "engine",
            run: session.run.id,
            data: createdFacts(created),
          }),
        ]
      : []),
  ]);
  return `stopped after ${cycle} rejections`;
}
