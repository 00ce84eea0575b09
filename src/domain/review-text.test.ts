import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReviewWords } from "./review-text.ts";
import { lineComments, reviewBody, reviewMark, statusLine } from "./review-text.ts";

const WORDS: ReviewWords = {
  kind: "approved",
  card: "api",
  sha: "0123456789abcdef",
  reason: "It does what the card says.",
  verdict: "pass",
  comments: [],
  isOwn: false,
  key: "run-1",
};
const LOOSE = { path: "a.ts", line: 9, body: "two\nlines", isInDiff: false };
const ON_LINE = { path: "b.ts", line: 2, body: "x", isInDiff: true };

const HEADS = [
  ["approved", "The review accepts this change."],
  ["changes-requested", "The review asks for changes."],
  ["not-reviewed", "This commit was not reviewed."],
] as const;
for (const [kind, head] of HEADS)
  test(`a review that is ${kind} begins with what it is, and ends with its mark`, () => {
    const body = reviewBody({ ...WORDS, kind });
    assert.ok(body.startsWith(`**${head}** (card \`api\`, commit \`0123456789ab\`)`), body);
    assert.ok(body.endsWith(reviewMark(WORDS)), body);
  });

test("it says what the verification of the commit was, and that there was none", () => {
  assert.match(reviewBody(WORDS), /^Verification of this commit: pass\.$/m);
  assert.match(reviewBody({ ...WORDS, verdict: null }), /^Verification of this commit: none\.$/m);
});

test("of Orket's own pull request it says that it decides nothing, unless nothing was judged", () => {
  const own = /decides nothing/;
  assert.match(reviewBody({ ...WORDS, isOwn: true }), own);
  assert.doesNotMatch(reviewBody({ ...WORDS, isOwn: true, kind: "not-reviewed" }), own);
  assert.doesNotMatch(reviewBody(WORDS), own);
});

test("what stands on no line of the diff is in the text, on one line; the rest on its line", () => {
  const comments = [LOOSE, ON_LINE];
  assert.match(reviewBody({ ...WORDS, comments }), /^- `a\.ts`, line 9: two lines$/m);
  assert.deepEqual(lineComments(comments), [{ path: "b.ts", line: 2, body: "x" }]);
});

test("words of a model mention nobody, end no code and hold no mark, and are cut where they are too long", () => {
  const reason = `@ann closes #1 ${reviewMark(WORDS)} ${"x".repeat(9000)}`;
  const body = reviewBody({ ...WORDS, reason, card: "`api`" });
  assert.doesNotMatch(body, /@ann|#1\b/);
  assert.equal(body.split("<!-- orket-review").length, 2);
  assert.match(body, /card `api`/);
  assert.match(body, /x…$/m);
  assert.equal(statusLine("a\nb"), "a b");
  assert.equal(statusLine("y".repeat(200)), `${"y".repeat(140)}…`);
});
