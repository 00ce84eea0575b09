// Prices as people write them, a property over what the world's locales make, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PriceHints } from "../schemas/price.ts";
import { parsePrice } from "./price-engine.ts";

const AUTO: PriceHints = { decimal: "auto", currency: null };

const PRICES: readonly (readonly [text: string, amount: number, currency: string | null])[] = [
  ["1.234,56 €", 1234.56, "EUR"],
  ["$1,234.56", 1234.56, "USD"],
  ["1 234,56 EUR", 1234.56, "EUR"],
  ["1\u202f234,56\u00a0€", 1234.56, "EUR"],
  ["CHF 1'234.50", 1234.5, "CHF"],
  ["CHF 1’234.50", 1234.5, "CHF"],
  ["¥12,000", 12_000, "JPY"],
  ["12,000円", 12_000, "JPY"],
  ["₹1,23,456.78", 123_456.78, "INR"],
  ["US$ 9.99", 9.99, "USD"],
  ["A$15", 15, "AUD"],
  ["1.299,-", 1299, null],
  ["12,– €", 12, "EUR"],
  ["1 299 kr", 1299, "SEK"],
  ["49,90 zł", 49.9, "PLN"],
  ["R$ 1.099,00", 1099, "BRL"],
  ["KWD 1.234", 1.234, "KWD"],
  ["Now only $12.99, 3 left!", 12.99, "USD"],
  ["$12.99 $12.99", 12.99, "USD"],
  ["$12.99 20% off", 12.99, "USD"],
  ["-20 % 80,00 €", 80, "EUR"],
  ["Price: 5", 5, null],
  ["1.234", 1234, null],
  ["1,234", 1234, null],
  ["12.34", 12.34, null],
  ["0.123", 0.123, null],
  ["1234.567", 1234.567, null],
  ["1.234.567", 1_234_567, null],
  ["1.5", 1.5, null],
];

for (const [text, amount, currency] of PRICES)
  test(`"${text}" is ${amount} ${currency ?? "of no named currency"}`, () => {
    assert.deepEqual(parsePrice(text, AUTO), {
      ok: true,
      value: { amountMilli: Math.round(amount * 1000), currency },
    });
  });

test("a watch that names the decimal sign or the currency overrules what is ambiguous", () => {
  const read = (text: string, hints: Partial<PriceHints>): unknown => {
    const parsed = parsePrice(text, { ...AUTO, ...hints });
    return parsed.ok ? [parsed.value.amountMilli, parsed.value.currency] : parsed.error.reason;
  };
  assert.deepEqual(read("1.234", { decimal: "dot" }), [1234, null]);
  assert.deepEqual(read("1.234", { decimal: "comma" }), [1_234_000, null]);
  assert.deepEqual(read("1,234", { decimal: "comma" }), [1234, null]);
  assert.deepEqual(read("$5", { currency: "CAD" }), [5000, "CAD"]);
  assert.equal(read("1.234,50", { decimal: "dot" }), "malformed");
});

const REFUSED: readonly (readonly [text: string, reason: string])[] = [
  ["", "none"],
  ["sold out", "none"],
  ["20 %", "none"],
  ["was $20.00 now $15.00", "several"],
  ["10 € – 20 €", "several"],
  ["3 for 2", "several"],
  ["-5 €", "malformed"],
  ["1,2,3", "malformed"],
  ["12.34.56", "malformed"],
  ["12.3456", "malformed"],
  ["9999999999999", "malformed"],
];

for (const [text, reason] of REFUSED)
  test(`"${text}" is refused: ${reason}`, () => {
    const parsed = parsePrice(text, AUTO);
    assert.equal(parsed.ok ? "read" : parsed.error.reason, reason);
  });

const SIGNS = "0 1 2 3 9 . , ' € $ - – % E U R k r".split(" ").concat(" ", "\u00a0");
const LOCALES = [
  "de-DE",
  "en-US",
  "fr-FR",
  "de-CH",
  "en-IN",
  "pt-BR",
  "pl-PL",
  "it-IT",
  "sv-SE",
  "ja-JP",
  "nl-NL",
  "cs-CZ",
];
const CURRENCIES = ["EUR", "USD", "GBP", "CHF", "PLN", "INR", "BRL"];

const SPELT = ["AUD", "CAD", "CZK", "DKK", "JPY", "NOK", "NZD", "SEK", ...CURRENCIES];

test("every spelling of a currency by a dozen locales is known", () => {
  for (const locale of LOCALES)
    for (const currency of SPELT)
      for (const currencyDisplay of ["symbol", "code"] as const) {
        const style = { style: "currency", currency, currencyDisplay } as const;
        const text = new Intl.NumberFormat(locale, style).format(7);
        const parsed = parsePrice(text, AUTO);
        assert.deepEqual(
          parsed,
          { ok: true, value: { amountMilli: 7000, currency } },
          `${locale} writes ${text}`,
        );
      }
});

test("what any of a dozen locales writes is read back to the cent", () => {
  fc.assert(
    fc.property(
      fc.record({
        locale: fc.constantFrom(...LOCALES),
        currency: fc.constantFrom(...CURRENCIES),
        currencyDisplay: fc.constantFrom("symbol" as const, "code" as const),
      }),
      fc.integer({ min: 0, max: 99_999_999_999 }),
      ({ locale, currency, currencyDisplay }, cents) => {
        const text = new Intl.NumberFormat(locale, {
          style: "currency",
          currency,
          currencyDisplay,
        }).format(cents / 100);
        assert.deepEqual(
          parsePrice(text, AUTO),
          { ok: true, value: { amountMilli: cents * 10, currency } },
          text,
        );
      },
    ),
  );
});

test("words around a marked price change nothing, as long as they hold no other one", () => {
  const words = fc.stringMatching(/^[a-z ,.!]{0,40}$/);
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 9_999_999 }), words, (before, cents, after) => {
      const text = `${before} €${(cents / 100).toFixed(2)} ${after}`;
      const parsed = parsePrice(text, AUTO);
      assert.equal(parsed.ok && parsed.value.amountMilli, cents * 10, text);
    }),
  );
});

test("no text makes it throw or give what is no exact amount, and none takes it long", () => {
  const digits = fc
    .array(fc.constantFrom(...SIGNS), { maxLength: 3000 })
    .map((signs) => signs.join(""));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "grapheme" }), digits), (text) => {
      const parsed = parsePrice(text, AUTO);
      if (!parsed.ok) return;
      assert.ok(Number.isSafeInteger(parsed.value.amountMilli) && parsed.value.amountMilli >= 0);
    }),
  );
});
