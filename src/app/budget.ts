// Whether a run may spend more: looked at before each model call with what the call will cost at least, and after each reply.
import type { Session } from "./session.ts";

/** One line with what was spent and the limit, or null. `nextInputTokens` is what the next call is known to send. */
export function budgetReached(session: Session, nextInputTokens: number): string | null {
  const { tokensMax, costUsdMax, minutesMax } = session.run.budget;
  const { inputTokens, outputTokens, costUsd } = session.spent;
  const tokens = inputTokens + outputTokens;
  const minutes = (session.engine.clock.monotonic() - session.startedMs) / 60_000;
  if (tokensMax !== null && (tokens >= tokensMax || tokens + nextInputTokens > tokensMax)) {
    return `Token budget: ${tokens} of ${tokensMax} used, the next call would send about ${nextInputTokens}.`;
  }
  if (costUsdMax !== null && costUsd >= costUsdMax) {
    return `Cost budget: ${costUsd.toFixed(4)} of ${costUsdMax} USD used.`;
  }
  if (minutesMax !== null && minutes >= minutesMax) {
    return `Time budget: ${minutes.toFixed(1)} of ${minutesMax} minutes used.`;
  }
  return null;
}
