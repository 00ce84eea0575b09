// Amounts as text, without a detour over fractions of two.
import type { Price } from "../schemas/price.ts";

/** "12.99", "12.995", "12.00": for programs. */
export function toDecimal(amountMilli: number): string {
  const fraction = String(amountMilli % 1000)
    .padStart(3, "0")
    .replace(/0$/, "");
  return `${Math.trunc(amountMilli / 1000)}.${fraction}`;
}

/** "€12.99": for people. */
export function toMoney({ amountMilli, currency }: Price): string {
  const amount = amountMilli / 1000;
  if (currency === null)
    return new Intl.NumberFormat("en", {
      minimumFractionDigits: 2,
      maximumFractionDigits: 3,
    }).format(amount);
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    maximumFractionDigits: amountMilli % 10 === 0 ? 2 : 3,
  }).format(amount);
}
