// What a price means for a watch: the first one locks the baseline, a deep enough drop below it is an alert. Pure.
import type { Price } from "../schemas/price.ts";
import type { Watch } from "../schemas/watch.ts";

export type Verdict =
  | { readonly kind: "baseline"; readonly baseline: Price }
  | { readonly kind: "foreign"; readonly expected: string | null }
  | { readonly kind: "drop"; readonly from: Price }
  /** Above the threshold again: the next drop is news. */
  | { readonly kind: "recovered" }
  | { readonly kind: "steady" };

type Judged = Pick<Watch, "baseline" | "alertedMilli" | "dropPercent">;

/** An alert is given once for a drop, and again only for a price as far below the one it was given for. */
export function judgePrice({ baseline, alertedMilli, dropPercent }: Judged, price: Price): Verdict {
  if (baseline === null) return { kind: "baseline", baseline: price };
  if (baseline.currency !== price.currency) return { kind: "foreign", expected: baseline.currency };
  // What was free cannot become cheaper.
  if (baseline.amountMilli === 0) return { kind: "steady" };
  if (price.amountMilli > thresholdMilli(baseline.amountMilli, dropPercent))
    return alertedMilli === null ? { kind: "steady" } : { kind: "recovered" };
  const isNews =
    alertedMilli === null || price.amountMilli <= thresholdMilli(alertedMilli, dropPercent);
  return isNews && price.amountMilli < (alertedMilli ?? Infinity)
    ? { kind: "drop", from: baseline }
    : { kind: "steady" };
}

/** The highest price that is a drop of so many percent. */
export const thresholdMilli = (amountMilli: number, dropPercent: number): number =>
  Math.floor((amountMilli * Math.round((100 - dropPercent) * 1000)) / 100_000);

/** With one decimal, as people are told. */
export const dropPercentOf = (from: Price, to: Price): number =>
  from.amountMilli === 0 ? 0 : Math.round((1 - to.amountMilli / from.amountMilli) * 1000) / 10;
