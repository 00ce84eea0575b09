// A price as a number that can be compared without rounding, and why a text is none.

export type Price = {
  /** Thousandths of the currency's unit: 12.99 is 12990. No currency in use divides further. */
  readonly amountMilli: number;
  /** ISO 4217; null where the page does not say. */
  readonly currency: string | null;
};

/** Which sign parts whole units from fractions; `auto` goes by the rule of the price engine. */
export type DecimalSign = "auto" | "dot" | "comma";

export type PriceHints = {
  readonly decimal: DecimalSign;
  /** Overrules what the text says. */
  readonly currency: string | null;
};

export type NoPrice = {
  /** `several`: more than one amount could be meant, and none is guessed. */
  readonly reason: "none" | "several" | "malformed";
  readonly detail: string;
};
