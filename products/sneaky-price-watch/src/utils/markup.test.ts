// What strangers say stays text: in HTML, and in a terminal.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { toDecimal, toMoney } from "./format-money.ts";
import { html, plain, toHtml } from "./markup.ts";

test("whatever is put into HTML is read back from it as it was, in text and in attributes", () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("<script>alert(1)</script>", `" onload="x`, "&lt;", "</title><b>", "'"),
  );
  fc.assert(
    fc.property(text, (said) => {
      const { window } = new JSDOM(toHtml(html`<p title="${said}">${said}</p>`));
      const children = [...window.document.body.children];
      assert.equal(children.length, 1);
      // A parser makes one kind of line end out of three, and leaves NUL out.
      const expected = said.replaceAll(/\r\n?/g, "\n").replaceAll("\0", "");
      assert.equal(children[0]?.textContent, expected);
      assert.equal(
        children[0]?.getAttribute("title")?.replaceAll("\ufffd", ""),
        expected.replaceAll("\ufffd", ""),
      );
      window.close();
    }),
    { numRuns: 60 },
  );
});

test("only what the template made goes in as it is", () => {
  const items = [html`<li>${"a&b"}</li>`, html`<li>${2}</li>`];
  assert.equal(toHtml(html`<p>${items}${null}</p>`), "<p><li>a&amp;b</li><li>2</li></p>");
});

test("a terminal is sent no sign that it obeys", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) =>
      assert.doesNotMatch(plain(text), /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u),
    ),
  );
});

test("amounts are written without loss", () => {
  assert.deepEqual([0, 5, 10, 990, 12_990, 12_995, 1_234_000].map(toDecimal), [
    "0.00",
    "0.005",
    "0.01",
    "0.99",
    "12.99",
    "12.995",
    "1234.00",
  ]);
  assert.equal(toMoney({ amountMilli: 1_234_560, currency: "EUR" }), "€1,234.56");
  assert.equal(toMoney({ amountMilli: 12_000_000, currency: "JPY" }), "¥12,000");
  assert.equal(toMoney({ amountMilli: 1234, currency: "KWD" }), "KWD\u00a01.234");
  assert.equal(toMoney({ amountMilli: 1500, currency: null }), "1.50");
});
