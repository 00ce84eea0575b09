// Whose card a pull request is: the order of the places, the longest name first, and texts nobody should have to read whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooseCard, wordsOf } from "./pull-request-card.ts";

const NOTHING = { title: "", body: "", branch: "" };
const known = (...ids: readonly string[]): ReadonlySet<string> => new Set(ids);

const ROWS = [
  ["the title names it", { title: "Build: LEDG-12 schema" }, { kind: "card", id: "ledg-12" }],
  [
    "the title goes before the body",
    { title: "api", body: "ledg-12" },
    { kind: "card", id: "api" },
  ],
  [
    "the body goes before the branch",
    { body: "api", branch: "ledg-12" },
    { kind: "card", id: "api" },
  ],
  ["the branch names it", { branch: "orket/ledg-12-fix" }, { kind: "card", id: "ledg-12" }],
  ["the longer name wins", { title: "ledg-12-b" }, { kind: "card", id: "ledg-12-b" }],
  ["a part of a longer word is no name", { title: "apis and scrapi" }, { kind: "none" }],
  [
    "an issue nobody knows is told",
    { title: "Fix ISSUE-99 now" },
    { kind: "unknown", id: "ISSUE-99" },
  ],
  [
    "an unknown one in the title hides the body's",
    { title: "ISSUE-99", body: "api" },
    { kind: "unknown", id: "ISSUE-99" },
  ],
  [
    "a known one in the same place goes before it",
    { title: "ISSUE-99 api" },
    { kind: "card", id: "api" },
  ],
  ["a small word is no issue", { title: "issue-99" }, { kind: "none" }],
  ["nothing is named", {}, { kind: "none" }],
] as const;
for (const [name, texts, expected] of ROWS)
  test(`the card of a pull request: ${name}`, () => {
    const ids = known("api", "ledg-12", "ledg-12-b");
    assert.deepEqual(chooseCard({ ...NOTHING, ...texts }, ids), expected);
  });

test("every span of a dotted, dashed or underlined word is looked up, in lower case, once", () => {
  const words = wordsOf({ ...NOTHING, title: "A-b.C A-b", branch: "a" });
  assert.deepEqual(words, ["a-b.c", "a-b", "a", "b.c", "b", "c"]);
});

test("words without end are cut: by characters, by words and by pieces", () => {
  assert.ok(!wordsOf({ ...NOTHING, body: `${" ".repeat(20_000)}late` }).includes("late"));
  const many = Array.from({ length: 3000 }, (_, index) => `w${index}`).join(" ");
  assert.equal(wordsOf({ ...NOTHING, body: many }).length, 2000);
  const pieces = Array.from({ length: 40 }, (_, index) => `p${index}`).join("-");
  assert.ok(!wordsOf({ ...NOTHING, body: pieces }).includes("p12"));
  assert.deepEqual(wordsOf({ ...NOTHING, body: "x".repeat(65) }), []);
});

test("whatever is written, a card is chosen only out of those that exist and are named", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.array(fc.string()), (title, body, ids) => {
      const texts = { title, body, branch: "" };
      const named = chooseCard(texts, known(...ids));
      if (named.kind === "card")
        assert.ok(ids.includes(named.id) && wordsOf(texts).includes(named.id));
    }),
  );
});
