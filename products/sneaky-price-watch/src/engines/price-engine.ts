// Reads a price out of a text that a person would read one in. Pure. Whatever could mean two amounts is refused, not guessed.
//
// What a sign means, in this order:
//   1. A space or an apostrophe before three digits groups; before others it ends the amount.
//   2. With both a dot and a comma, the last one is the decimal sign, and it stands once.
//   3. A sign that stands twice groups.
//   4. A single sign before exactly three digits groups ("1.234" is 1234), unless the whole part is 0 or longer than three
//      digits, or the currency has three decimals. In any other place it is the decimal sign.
//   5. `decimal: "dot"` or `"comma"` overrules 2 to 4: the other sign groups.
import type { DecimalSign, NoPrice, Price, PriceHints } from "../schemas/price.ts";
import type { Result } from "../utils/result.ts";
import { ok, refuse } from "../utils/result.ts";

const TEXT_MAX = 2000;
/** Beyond this, thousandths are no exact numbers any more. */
const UNITS_DIGITS_MAX = 12;
const CODES = new Set(Intl.supportedValuesOf("currency"));
/** "$" is the dollar of the United States, "¥" the yen and "kr" the Swedish crown, unless the watch names another. */
const SIGNS: Readonly<Record<string, string>> = {
  "€": "EUR",
  "£": "GBP",
  "¥": "JPY",
  "￥": "JPY",
  円: "JPY",
  元: "CNY",
  "₹": "INR",
  "₩": "KRW",
  "₽": "RUB",
  "₺": "TRY",
  "₴": "UAH",
  "₪": "ILS",
  "฿": "THB",
  "₫": "VND",
  "₱": "PHP",
  "₦": "NGN",
  "₸": "KZT",
  "₾": "GEL",
  $: "USD",
  US$: "USD",
  A$: "AUD",
  AU$: "AUD",
  C$: "CAD",
  CA$: "CAD",
  NZ$: "NZD",
  HK$: "HKD",
  S$: "SGD",
  NT$: "TWD",
  MX$: "MXN",
  R$: "BRL",
  BR$: "BRL",
  "£GB": "GBP",
  $US: "USD",
  $CA: "CAD",
  $AU: "AUD",
  $NZ: "NZD",
  $HK: "HKD",
  "CN¥": "CNY",
  "JP¥": "JPY",
  zł: "PLN",
  Kč: "CZK",
  kr: "SEK",
  Dkr: "DKK",
  Nkr: "NOK",
  "Fr.": "CHF",
  SFr: "CHF",
  Ft: "HUF",
  lei: "RON",
  лв: "BGN",
};
const THREE_DECIMALS = new Set(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);

const escape = (sign: string): string => sign.replaceAll(/[$.]/g, "\\$&");
const WORDS = Object.keys(SIGNS).toSorted((one, other) => other.length - one.length);
const MARK = `(?<![\\p{L}])(?:${WORDS.map(escape).join("|")}|[A-Z]{3})(?![\\p{L}])`;
/** Digits, with single signs between them, a space or an apostrophe only before three; what follows may say "no cents". */
const AMOUNT = "\\d+(?:[.,]\\d+|['’ ]\\d{3}(?!\\d))*(?:[.,](?:-{1,2}|–|—))?";
const CANDIDATE = new RegExp(`(${MARK})?( ?[-−]? ?)(${AMOUNT})(?: ?(${MARK}))?( ?%)?`, "gu");

type Candidate = {
  readonly digits: string;
  readonly isNegative: boolean;
  readonly currency: string | null;
};

/** The one price that `text` tells; amounts that a currency stands beside win over those that stand alone. */
export function parsePrice(text: string, hints: PriceHints): Result<Price, NoPrice> {
  const found = findCandidates(text.slice(0, TEXT_MAX));
  const marked = found.filter(({ currency }) => currency !== null);
  const parsed = (marked.length > 0 ? marked : found).map((one) => toPrice(one, hints));
  const [first] = parsed;
  if (first === undefined) return no("none", `No amount in "${cut(text)}".`);
  const isOne = parsed.every((one) => JSON.stringify(one) === JSON.stringify(first));
  return isOne
    ? first
    : no("several", `More than one amount in "${cut(text)}": narrow the target.`);
}

/** One kind of space, so that what is told apart is only what differs for a reader. */
const tidy = (text: string): string =>
  text
    .normalize("NFC")
    .replaceAll(/[\s\u00a0\u2007\u2009\u202f]+/gu, " ")
    .replaceAll(/[\u200e\u200f\u061c]/g, "");

function findCandidates(text: string): readonly Candidate[] {
  return [...tidy(text).matchAll(CANDIDATE)].flatMap(
    ([, before, between, digits, after, percent]) => {
      if (digits === undefined || percent !== undefined) return [];
      const currency = currencyOf(before) ?? currencyOf(after);
      return [{ digits, isNegative: /[-−]/.test(between ?? ""), currency }];
    },
  );
}

function currencyOf(mark: string | undefined): string | null {
  if (mark === undefined) return null;
  return SIGNS[mark] ?? (CODES.has(mark) ? mark : null);
}

function toPrice(candidate: Candidate, hints: PriceHints): Result<Price, NoPrice> {
  const currency = hints.currency ?? candidate.currency;
  const { digits } = candidate;
  if (candidate.isNegative) return no("malformed", `"-${digits}" is below nothing.`);
  const plain = digits.replace(/[.,](?:-{1,2}|–|—)$/, "");
  const sign = decimalSignOf(plain, hints.decimal, currency);
  const at = sign === null ? -1 : plain.lastIndexOf(sign);
  const whole = at < 0 ? plain : plain.slice(0, at);
  const fraction = at < 0 ? "" : plain.slice(at + 1);
  if (!isGrouped(whole, sign)) return no("malformed", `"${digits}" is written as no price is.`);
  const units = whole.replaceAll(/\D/g, "");
  if (units.length > UNITS_DIGITS_MAX) return no("malformed", `"${cut(digits)}" is too much.`);
  if (!/^\d{0,3}$/.test(fraction)) return no("malformed", `"${digits}" has too many decimals.`);
  return ok({ amountMilli: Number(units) * 1000 + Number(fraction.padEnd(3, "0")), currency });
}

function decimalSignOf(
  digits: string,
  decimal: DecimalSign,
  currency: string | null,
): "." | "," | null {
  if (decimal !== "auto") {
    const sign = decimal === "dot" ? "." : ",";
    return digits.includes(sign) ? sign : null;
  }
  const dot = digits.lastIndexOf(".");
  const comma = digits.lastIndexOf(",");
  if (dot < 0 && comma < 0) return null;
  const sign = dot > comma ? "." : ",";
  if (dot >= 0 && comma >= 0) return sign;
  const parts = digits.split(sign);
  if (parts.length > 2) return null;
  const [whole = "", rest = ""] = parts;
  const canGroup = rest.length === 3 && whole.length <= 3 && !whole.startsWith("0");
  // "1 234.500": another sign groups already, so this one does not.
  if (/\D/.test(whole)) return sign;
  return canGroup && !(currency !== null && THREE_DECIMALS.has(currency)) ? null : sign;
}

/** Groups of three, or as in India groups of two before the last three; one sign for all of them, and not the decimal one. */
function isGrouped(whole: string, decimalSign: string | null): boolean {
  const signs = new Set(whole.replaceAll(/\d/g, ""));
  if (signs.size === 0) return true;
  if (signs.size > 1 || (decimalSign !== null && signs.has(decimalSign))) return false;
  return /^\d{1,3}(?:\D\d{3})+$|^\d{1,2}(?:\D\d{2})*\D\d{3}$/.test(whole);
}

const cut = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
};
const no = (reason: NoPrice["reason"], detail: string): Result<never, NoPrice> =>
  refuse({ reason, detail });
