// What the turns of a run used, summed by what they have in common, and set beside what the run may use.
import type { Run, TurnPage } from "../../api/types.ts";
import { durationOf, moneyOf } from "../runs/amounts.ts";

export type CostTurn = Pick<TurnPage["turns"][number], "card" | "seat" | "model" | "usage">;

export type Sum = {
  readonly name: string;
  readonly turns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
  /** How many of the turns used tokens of which no price is known. */
  readonly unpriced: number;
  /** Of all tokens, from 0 to 1. */
  readonly share: number;
};

export function sumsBy(
  turns: readonly CostTurn[],
  nameOf: (turn: CostTurn) => string,
): readonly Sum[] {
  const sums = new Map<string, Omit<Sum, "name" | "share">>();
  for (const turn of turns) {
    const { inputTokens, outputTokens, costUsd } = turn.usage;
    const name = nameOf(turn);
    const sum = sums.get(name) ?? NOTHING;
    sums.set(name, {
      turns: sum.turns + 1,
      inputTokens: sum.inputTokens + inputTokens,
      outputTokens: sum.outputTokens + outputTokens,
      costUsd: sum.costUsd + costUsd,
      unpriced: sum.unpriced + (inputTokens + outputTokens > 0 && costUsd === 0 ? 1 : 0),
    });
  }
  const all = [...sums.values()].reduce((total, sum) => total + tokensIn(sum), 0);
  return [...sums]
    .map(([name, sum]) => ({ name, ...sum, share: all === 0 ? 0 : tokensIn(sum) / all }))
    .toSorted((a, b) => tokensIn(b) - tokensIn(a) || (a.name < b.name ? -1 : 1));
}

const NOTHING = { turns: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, unpriced: 0 };

const tokensIn = ({
  inputTokens,
  outputTokens,
}: Pick<Sum, "inputTokens" | "outputTokens">): number => inputTokens + outputTokens;

export function pricedAs({ costUsd, unpriced, turns, inputTokens, outputTokens }: Sum): string {
  if (inputTokens + outputTokens === 0) return "none yet";
  if (costUsd === 0) return "no price known";
  if (unpriced === 0) return moneyOf(costUsd);
  return `${moneyOf(costUsd)}, and no price known of ${unpriced} of ${turns} turns`;
}

const COUNT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export const countOf = (count: number): string => COUNT.format(count);

export type BudgetLine = {
  readonly name: string;
  readonly text: string;
  /** From 0 to 1; null where there is no limit or nothing to compare with it. */
  readonly share: number | null;
};

type Spent = Pick<Run, "usage" | "budget" | "activeMs" | "turns">;

export function budgetLines(run: Spent, priced: Sum | undefined): readonly BudgetLine[] {
  const { usage, budget, activeMs } = run;
  const cost = priced === undefined ? "none yet" : pricedAs(priced);
  return [
    lineOf("Tokens", usage.inputTokens + usage.outputTokens, {
      max: budget.tokensMax,
      say: (amount) => countOf(amount),
    }),
    {
      ...lineOf("Cost", usage.costUsd, { max: budget.costUsdMax, say: moneyOf }),
      text: withLimit(cost, budget.costUsdMax === null ? null : moneyOf(budget.costUsdMax)),
    },
    lineOf("Time worked", activeMs, {
      max: budget.minutesMax === null ? null : budget.minutesMax * 60_000,
      say: durationOf,
    }),
    lineOf("Turns", run.turns, { max: budget.turnsMax, say: String }),
  ];
}

type Limit = { readonly max: number | null; readonly say: (amount: number) => string };

const lineOf = (name: string, used: number, { max, say }: Limit): BudgetLine => ({
  name,
  text: withLimit(say(used), max === null ? null : say(max)),
  share: max === null ? null : Math.min(1, used / max),
});

const withLimit = (used: string, max: string | null): string =>
  max === null ? `${used}, no limit` : `${used} of ${max}`;
