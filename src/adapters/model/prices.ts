// What models cost, in US dollars per million tokens, as their makers list them. Settings override; unknown stays unknown.
import type { Price } from "../../ports/model.ts";

const price = (inputUsdPerMillion: number, outputUsdPerMillion: number): Price => ({
  inputUsdPerMillion,
  outputUsdPerMillion,
});

export const FREE: Price = price(0, 0);

const LISTED: Readonly<Record<string, Price>> = {
  "anthropic:claude-opus-4-5": price(5, 25),
  "anthropic:claude-opus-4-1": price(15, 75),
  "anthropic:claude-opus-4": price(15, 75),
  "anthropic:claude-sonnet-4-5": price(3, 15),
  "anthropic:claude-sonnet-4": price(3, 15),
  "anthropic:claude-haiku-4-5": price(1, 5),
  "openai:gpt-5": price(1.25, 10),
  "openai:gpt-5-mini": price(0.25, 2),
  "openai:gpt-5-nano": price(0.05, 0.4),
  "openai:gpt-4.1": price(2, 8),
  "openai:gpt-4.1-mini": price(0.4, 1.6),
  "openai:gpt-4.1-nano": price(0.1, 0.4),
  "openai:gpt-4o": price(2.5, 10),
  "openai:gpt-4o-mini": price(0.15, 0.6),
};

/** A date or `latest` names a release of the same model; any other ending (`gpt-5-pro`) is another model. */
const RELEASE = /-(?:latest|0|\d{8}|\d{4}-\d{2}-\d{2})$/;

export const ownPrice = (model: string, prices: Readonly<Record<string, Price>>): Price | null =>
  (Object.hasOwn(prices, model) ? prices[model] : null) ?? null;

export const listedPrice = (model: string): Price | null =>
  ownPrice(model, LISTED) ?? ownPrice(model.replace(RELEASE, ""), LISTED);
