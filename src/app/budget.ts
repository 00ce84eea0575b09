// Whether a run, or a card of it, may spend more: looked at before each model call with what the call will cost at least,
// and after each reply.
import type { Card } from "../domain/card.ts";
import type { Budget, Usage } from "../domain/run.ts";
import type { Session } from "./session.ts";
import { activeMs } from "./session.ts";
import type { LiveTurn } from "./turn-outcome.ts";

type Spent = { readonly usage: Usage; readonly minutes: number };

/** One line with what was spent and the limit, or null. `nextInputTokens` is what the next call is known to send. */
export function budgetReached(session: Session, nextInputTokens: number): string | null {
  const minutes = (session.run.activeMs + activeMs(session)) / 60_000;
  return reached(session.run.budget, { usage: session.spent, minutes }, nextInputTokens);
}

/** The same for the card of a live turn, over all its turns in the build. */
export async function cardBudgetReached(
  { engine }: Pick<Session, "engine">,
  { turn }: Pick<LiveTurn, "turn">,
  nextInputTokens: number,
): Promise<string | null> {
  const budget = engine.settings.budgets.card;
  if (isUnlimited(budget)) return null;
  const { usage, endedMs, waitedMs } = await spentOn(engine, { build: turn.build, id: turn.card });
  const liveMs = Math.max(0, engine.clock.now() - Date.parse(turn.startedAt));
  const minutes = (endedMs + liveMs - waitedMs) / 60_000;
  const line = reached(budget, { usage, minutes }, nextInputTokens);
  return line === null ? null : `Card: ${line}`;
}

/** Whether one more turn of the card could do anything. */
export async function isCardOverBudget(
  engine: Session["engine"],
  card: Pick<Card, "build" | "id">,
): Promise<boolean> {
  const budget = engine.settings.budgets.card;
  if (isUnlimited(budget)) return false;
  const { usage, endedMs, waitedMs, turns } = await spentOn(engine, card);
  const spent = { usage, minutes: (endedMs - waitedMs) / 60_000 };
  return (turnsReached(budget, turns) ?? reached(budget, spent, 0)) !== null;
}

const isUnlimited = (budget: Budget): boolean =>
  Object.values(budget).every((limit) => limit === null);

const spentOn = async ({ store }: Session["engine"], { build, id }: Pick<Card, "build" | "id">) =>
  store.read(async ({ turns }) => turns.spentOn(build, id));

/** Whether one more turn may start; one that runs may end. */
export const turnsReached = ({ turnsMax }: Budget, turns: number): string | null =>
  turnsMax !== null && turns >= turnsMax ? `Turn budget: ${turns} of ${turnsMax} used.` : null;

function reached(
  { tokensMax, costUsdMax, minutesMax }: Budget,
  { usage, minutes }: Spent,
  nextInputTokens: number,
): string | null {
  const tokens = usage.inputTokens + usage.outputTokens;
  if (tokensMax !== null && (tokens >= tokensMax || tokens + nextInputTokens > tokensMax)) {
    return `Token budget: ${tokens} of ${tokensMax} used, the next call would send about ${nextInputTokens}.`;
  }
  if (costUsdMax !== null && usage.costUsd >= costUsdMax) {
    return `Cost budget: ${usage.costUsd.toFixed(4)} of ${costUsdMax} USD used.`;
  }
  if (minutesMax !== null && minutes >= minutesMax) {
    return `Time budget: ${minutes.toFixed(1)} of ${minutesMax} minutes used.`;
  }
  return null;
}
