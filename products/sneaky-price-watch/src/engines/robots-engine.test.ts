// robots.txt: the RFC's own examples, what real files hold, and patterns meant to make a reader slow.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPathAllowed, parseRobots } from "./robots-engine.ts";

const allows = (text: string, path: string): boolean =>
  isPathAllowed(parseRobots(text, "sneaky-price-watch"), new URL(`http://shop.example${path}`));
const rules = (...lines: readonly string[]): string => ["User-agent: *", ...lines].join("\n");

const CASES: readonly (readonly [name: string, text: string, path: string, isAllowed: boolean])[] =
  [
    ["nothing said", "", "/a", true],
    ["a page that is no robots.txt", "<html>Disallow: /", "/a", true],
    ["an empty Disallow", rules("Disallow:"), "/a", true],
    ["everything", rules("Disallow: /"), "/", false],
    ["a prefix", rules("Disallow: /shop"), "/shopping", false],
    ["another path", rules("Disallow: /shop/"), "/shop", true],
    ["the longer rule, which allows", rules("Disallow: /", "Allow: /shop/"), "/shop/lamp", true],
    [
      "the longer rule, which forbids",
      rules("Allow: /shop", "Disallow: /shop/private"),
      "/shop/private",
      false,
    ],
    ["two as long", rules("Disallow: /page", "Allow: /page"), "/page", true],
    ["a star", rules("Disallow: /*.php"), "/a/b.php?c=1", false],
    ["an end", rules("Disallow: /*.php$"), "/a/b.php?c=1", true],
    ["an end that is met", rules("Disallow: /*.php$"), "/a/b.php", false],
    ["an end without a star", rules("Disallow: /lamp$"), "/lamps", true],
    ["stars that may not share signs", rules("Disallow: /a*a$"), "/a", true],
    ["a query", rules("Disallow: /*?sort="), "/lamps?sort=price", false],
    ["signs beyond ASCII", rules("Disallow: /küche"), "/küche/lampe", false],
    ["a comment", rules("Disallow: /a # not this"), "/a", false],
    [
      "our own group alone",
      "User-agent: *\nDisallow: /\nUser-agent: sneaky-price-watch\nDisallow: /b",
      "/a",
      true,
    ],
    [
      "our name in any case, with a version",
      "User-agent: Sneaky-Price-Watch/2.0\nDisallow: /",
      "/a",
      false,
    ],
    ["another's group", "User-agent: other\nDisallow: /", "/a", true],
    ["names that share rules", "User-agent: other\nUser-agent: *\nDisallow: /", "/a", false],
    [
      "groups of one name, joined",
      "User-agent: *\nDisallow: /a\nUser-agent: other\nDisallow: /\nUser-agent: *\nDisallow: /b",
      "/b",
      false,
    ],
    ["lines of Windows", "User-agent: *\r\nDisallow: /a\r\n", "/a", false],
    [
      "a sitemap between name and rule",
      "User-agent: *\nSitemap: http://a/b\nDisallow: /a",
      "/a",
      false,
    ],
    ["rules of nobody", "Disallow: /", "/a", true],
  ];

for (const [name, text, path, isAllowed] of CASES)
  test(`${name}: ${path} is ${isAllowed ? "allowed" : "forbidden"}`, () =>
    assert.equal(allows(text, path), isAllowed));

test("the delay between two requests is the longest that is said to us, an hour at most", () => {
  const delay = (text: string): number | null =>
    parseRobots(text, "sneaky-price-watch").crawlDelayMs;
  assert.equal(delay(rules("Crawl-delay: 2.5")), 2500);
  assert.equal(delay(rules("Crawl-delay: 5", "Crawl-delay: 3")), 5000);
  assert.equal(delay(rules("Crawl-delay: 999999")), 3_600_000);
  assert.equal(delay(rules("Crawl-delay: soon")), null);
});

test("no file and no path makes it throw, and no pattern makes it slow", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.webPath(), (text, path) => {
      assert.equal(typeof allows(rules(`Disallow: ${text}`, text), path), "boolean");
    }),
  );
  const started = process.hrtime.bigint();
  allows(rules(`Disallow: ${"/*a".repeat(600)}$`), `/${"a/".repeat(900)}b`);
  assert.ok(process.hrtime.bigint() - started < 100_000_000n);
});
