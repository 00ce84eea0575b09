// What models cost, in US dollars per million tokens, as their makers list them. Settings override; unknown stays unknown.
import type { Price } from "../../ports/model.ts";

const price = (inputUsdPerMillion: number, outputUsdPerMillion: number): Price => ({
  inputUsdPerMillion,
  outputUsdPerMillion,
});

export const FREE: Price = price(0, 0);

/** By the start of `<provider>:<model>`; the longest that fits wins. */
const LISTED: Readonly<Record<string, Price>> = {
  "anthropic:claude-opus-4": price(15, 75),
  "anthropic:claude-sonnet-4": price(3, 15),
  "anthropic:claude-haiku-4": price(1, 5),
  "openai:gpt-5": price(1.25, 10),
  "openai:gpt-5-mini": price(0.25, 2),
  "openai:gpt-5-nano": price(0.05, 0.4),
  "openai:gpt-4o": price(2.5, 10),
  "openai:gpt-4o-mini": price(0.15, 0.6),
};

export function priceOf(model: string, overrides: Readonly<Record<string, Price>>): Price | null {
  const own = Object.hasOwn(overrides, model) ? overrides[model] : undefined;
  if (own !== undefined) return own;
  const [best] = Object.keys(LISTED)
    .filter((start) => model.startsWith(start))
    .toSorted((left, right) => right.length - left.length);
  return best === undefined ? null : (LISTED[best] ?? null);
}
