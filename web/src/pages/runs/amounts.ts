// Amounts as people read them. What a price is not known of costs nothing in the log; that is said, never 0.
import type { Run } from "../../api/types.ts";

const COUNT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const MONEY = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });

const CENT = 0.01;

/** What is above nothing is never drawn as nothing. */
export const moneyOf = (usd: number): string =>
  usd > 0 && usd < CENT ? `under ${MONEY.format(CENT)}` : MONEY.format(usd);

export const tokensOf = ({ inputTokens, outputTokens }: Run["usage"]): string =>
  `${COUNT.format(inputTokens)} / ${COUNT.format(outputTokens)}`;

export function costOf({ costUsd, inputTokens }: Run["usage"]): string {
  if (costUsd > 0) return moneyOf(costUsd);
  return inputTokens === 0 ? "none yet" : "no price known";
}

/** `1:02:03`, `2:03`, `3 s`. */
export function durationOf(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown
    .map((part, place) => (place === 0 ? String(part) : String(part).padStart(2, "0")))
    .join(":");
}
