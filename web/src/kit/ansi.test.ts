// What is read off the colours of a log: the text stays whole, and nothing that steers a terminal is left.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ansiLines, ansiTokens, textOf } from "./ansi.ts";
import { marked } from "./marks.ts";

const E = "\u001B";
const looks = (text: string) => ansiTokens(text).map(({ text: part, look }) => [part, look]);

test("colours, bold and their ends become looks", () => {
  assert.deepEqual(looks(`a ${E}[1;31mred${E}[22m thin${E}[0m b ${E}[96mcyan${E}[39m c`), [
    ["a ", ""],
    ["red", "ansi-red ansi-bold"],
    [" thin", "ansi-red"],
    [" b ", ""],
    ["cyan", "ansi-cyan"],
    [" c", ""],
  ]);
  assert.deepEqual(looks(`${E}[2;3;4;9mall${E}[23;24;29;22mnone${E}[32mgreen${E}[mend`), [
    ["all", "ansi-dim ansi-italic ansi-underline ansi-struck"],
    ["none", ""],
    ["green", "ansi-green"],
    ["end", ""],
  ]);
});

test("what could hide a text is passed over, with its parameters", () => {
  for (const hiding of ["8", "30;40", "38;5;231", "48;2;0;31;0", "38:2:31:31:31", "107", "7"])
    assert.ok(
      looks(`${E}[${hiding}mhere`).every(([text, look]) => text === "here" && look !== "ansi-red"),
      hiding,
    );
  assert.deepEqual(looks(`${E}[38;5;9;1mbold`), [["bold", "ansi-bold"]]);
});

test("links, titles, cursor moves and two-letter escapes are dropped", () => {
  const dropped = [
    `${E}]8;;https://evil.example\u0007`,
    `${E}]0;title${E}\\`,
    "\u009D0;title\u009C",
    `${E}P1$r0m${E}\\`,
    `${E}_app${E}\\`,
    `${E}[2J`,
    `${E}[?25l`,
    `${E}[1 q`,
    "\u009B3A",
    `${E}c`,
    `${E}(B`,
    `${E}#8`,
    `${E}\\`,
  ];
  for (const one of dropped)
    assert.equal(textOf(ansiTokens(`a${one}b`)), "ab", JSON.stringify(one));
});

test("a string that nothing closes does not swallow the log", () => {
  const text = `${E}]0;no end\nsecond line\u0007`;
  assert.equal(marked(textOf(ansiTokens(text))), "[U+001B]]0;no end\nsecond line[U+0007]");
});

test("a colour lasts over the end of its line", () => {
  assert.deepEqual(ansiLines(`${E}[31ma\r\n\nb${E}[0mc`), [
    [{ text: "a", look: "ansi-red" }],
    [],
    [
      { text: "b", look: "ansi-red" },
      { text: "c", look: "" },
    ],
  ]);
});

const sequence = fc.oneof(
  fc.stringMatching(/^[0-9;:?]{0,9}$/u).map((given) => `${E}[${given}m`),
  fc
    .tuple(fc.stringMatching(/^[0-9;?]{0,5}$/u), fc.stringMatching(/^[ABCDHJKfhlnsu]$/u))
    .map(([given, end]) => `\u009B${given}${end}`),
  fc
    .tuple(fc.constantFrom("]", "P", "X", "^", "_"), fc.stringMatching(/^[ -~]{0,12}$/u))
    .map(([kind, text]) => `${E}${kind}${text}\u0007`),
);
const plain = fc.stringMatching(/^[^\p{Cc}]{0,12}$/u);

test("between sequences every text is kept, in its order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(plain, sequence), { maxLength: 8 }), plain, (pairs, last) => {
      const text = `${pairs.flat().join("")}${last}`;
      const kept = `${pairs.map(([part]) => part).join("")}${last}`;
      assert.equal(textOf(ansiTokens(text)), kept);
    }),
  );
});

const wild = fc.array(
  fc.oneof(fc.string({ unit: "binary" }), sequence, fc.constantFrom(E, "\u009B", `${E}[`, `${E}]`)),
  { maxLength: 12 },
);

test("no escape survives whatever comes, and nothing is said that was not there", () => {
  fc.assert(
    fc.property(wild, (parts) => {
      const text = parts.join("");
      const tokens = ansiTokens(text);
      assert.doesNotMatch(marked(textOf(tokens)), /(?![\t\n\r])[\p{Cc}\p{Cf}]/u);
      let at = 0;
      for (const { text: part, look } of tokens) {
        at = text.indexOf(part, at) + part.length;
        assert.ok(at >= part.length, part);
        assert.match(look, /^(?:ansi-[a-z]+(?: |$))*$/u);
      }
      if (!/[\p{Cc}]/u.test(text)) assert.equal(textOf(tokens), text);
    }),
  );
});
