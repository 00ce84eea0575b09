// The way of a pull request to its limit: what each time of being sent back was, or would bring.
import type { Review, ReviewLimits } from "../../api/types.ts";

export type Step = {
  readonly number: number;
  readonly kind: "changes" | "escalated" | "rejected" | "open" | "will-escalate" | "will-reject";
  readonly isNow: boolean;
};

type Standing = Pick<Review, "cycles" | "isEscalated" | "isRejecting" | "state">;

export function stepsOf(
  { cycles, isEscalated, isRejecting, state }: Standing,
  { escalation, rejection }: NonNullable<ReviewLimits>,
): readonly Step[] {
  const kindOf = (number: number): Step["kind"] => {
    const isPast = number <= cycles;
    if (number === rejection)
      return isPast && (isRejecting || state === "rejected")
        ? "rejected"
        : isPast
          ? "changes"
          : "will-reject";
    if (number === escalation)
      return isPast && isEscalated ? "escalated" : isPast ? "changes" : "will-escalate";
    return isPast ? "changes" : "open";
  };
  const count = Math.max(rejection, cycles);
  return Array.from({ length: count }, (_, at) => ({
    number: at + 1,
    kind: kindOf(at + 1),
    isNow: at + 1 === cycles,
  }));
}
