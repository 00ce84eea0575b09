// The built-in route node: which seat works on a card, and which reviews it. It never invents a seat or grants a role.
import type { Seat } from "../domain/assets.ts";
import { keyOf } from "../domain/card-moves.ts";
import type { RouteAnswer, RouteInput, RouteNode } from "../domain/decision.ts";

const GUARD_ROLE = "integrity_guard";
const ARCHITECT_ROLE = "lead_architect";
/** From this rejection on, the rework goes to an architect. */
const ESCALATION_CYCLE = 3;
const REASON_MAX = 2000;

export const route: RouteNode = (input) =>
  input.kind === "review" ? routeReview(input) : routeWork(input);

const hasRole = (seat: Seat, role: string): boolean =>
  seat.roles.some((name) => keyOf(name) === role);
const isNamed = (seat: Seat, key: string): boolean => keyOf(seat.key) === keyOf(key);
const none = (reason: string): RouteAnswer => ({ seat: null, reason: reason.slice(0, REASON_MAX) });

const reviewerOf = (seats: readonly Seat[], authors: readonly string[]): Seat | undefined =>
  seats.find(
    (seat) => hasRole(seat, GUARD_ROLE) && !authors.some((author) => isNamed(seat, author)),
  );

function routeReview({ card, seats, authorSeats }: RouteInput): RouteAnswer {
  const reviewer = reviewerOf(seats, authorSeats);
  if (reviewer !== undefined) return { seat: reviewer.key };
  const guards = seats.filter((seat) => hasRole(seat, GUARD_ROLE)).map((seat) => seat.key);
  const why = guards.length === 0 ? "the team has none" : `${guards.join(", ")} worked on the card`;
  return none(
    `No seat may review ${card.id}: it needs the role ${GUARD_ROLE} and no part in the work; ${why}. Add such a seat to the team.`,
  );
}

function routeWork(input: RouteInput): RouteAnswer {
  const { card, seats } = input;
  const own = seats.find((seat) => isNamed(seat, card.seat ?? ""));
  const architect = card.cycle >= ESCALATION_CYCLE ? architectOf(input) : undefined;
  const seat = architect ?? own;
  if (seat === undefined) {
    const known = seats.map((one) => one.key).join(", ");
    return none(
      `The team has no seat '${card.seat ?? ""}', which ${card.id} is for. It has: ${known === "" ? "none" : known}.`,
    );
  }
  if (mayWorkOn(input, seat)) return { seat: seat.key };
  const roles = seat.roles.length === 0 ? "it has none" : seat.roles.join(", ");
  return none(
    `No role of the seat '${seat.key}' (${roles}) lists the type '${card.type}' of ${card.id} in its issue_types.`,
  );
}

/** An architect who would leave the card without a reviewer is no help. */
const architectOf = (input: RouteInput): Seat | undefined =>
  input.seats.find(
    (seat) =>
      hasRole(seat, ARCHITECT_ROLE) &&
      mayWorkOn(input, seat) &&
      reviewerOf(input.seats, [...input.authorSeats, seat.key]) !== undefined,
  );

const mayWorkOn = ({ card, issueTypes }: RouteInput, seat: Seat): boolean =>
  Object.entries(issueTypes).some(
    ([role, types]) => seat.roles.includes(role) && types.includes(card.type),
  );
