// What an offered build says on the forge, and what it must not bring there.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OfferedCard } from "./offer.ts";
import { branchOf, matching, offerText, offerTitle, pipelinePaths } from "./offer.ts";

const EPIC: OfferedCard = {
  id: "shop",
  kind: "epic",
  summary: "A shop",
  status: "done",
  verified: true,
  seat: null,
};
const issue = (id: string, change: Partial<OfferedCard> = {}): OfferedCard => ({
  ...EPIC,
  id,
  kind: "issue",
  summary: `Work on ${id}`,
  seat: "coder",
  ...change,
});

const facts = (cards: readonly OfferedCard[], protectedPaths: readonly string[] = []) => ({
  build: "stone/shop",
  cards,
  protectedPaths,
});

test("the branch has the name of the build below one folder", () =>
  assert.equal(branchOf("stone/shop"), "orket/stone/shop"));

test("the title is the epic's summary, harmless and short; without one it is the build", () => {
  assert.equal(offerTitle(facts([issue("A-1"), EPIC])), "stone/shop: A shop");
  assert.equal(offerTitle(facts([])), "stone/shop");
  const hostile = offerTitle(facts([{ ...EPIC, summary: "@ann #1\nfixes" }]));
  assert.doesNotMatch(hostile, /@ann|#1|\n/);
  const long = offerTitle(facts([{ ...EPIC, summary: "x".repeat(300) }]));
  assert.equal(long.length, 200);
  assert.ok(long.endsWith("…"));
});

test("every issue is named with what was shown of it", () => {
  const text = offerText(
    facts([
      EPIC,
      issue("A-1"),
      issue("A-2", { verified: false, seat: null }),
      issue("A-3", { status: "canceled", verified: false, summary: "@ann" }),
    ]),
  );
  assert.match(text, /^The build `stone\/shop`, made by Orket\.$/m);
  assert.match(text, /\*\*Not verified: 1 of 3\.\*\*/);
  assert.match(text, /^- `A-1` Work on A-1 \(coder\): verified$/m);
  assert.match(text, /^- `A-2` Work on A-2: not verified$/m);
  assert.match(text, /^- `A-3` .* \(coder\): canceled$/m);
  assert.doesNotMatch(text, /@ann|`shop`/);
  assert.match(text, /Orket does not merge it by itself\.$/);
});

test("a build whose cards are all verified says nothing else of it", () =>
  assert.doesNotMatch(offerText(facts([EPIC, issue("A-1")])), /Not verified|protects/));

test("protected files are named; of many cards and files the first", () => {
  const cards = Array.from({ length: 103 }, (_, index) => issue(`A-${index}`));
  const paths = Array.from({ length: 21 }, (_, index) => `config/${index}<b>`);
  const text = offerText(facts(cards, paths));
  assert.match(text, /^- and 3 more cards$/m);
  assert.match(text, /^- and 1 more files$/m);
  assert.doesNotMatch(text, /<b>|`A-100`/);
});

test("what a forge would execute by itself is found in any spelling and at any depth", () => {
  const pipelines = [
    ".gitea/workflows/ci.yaml",
    ".GitHub/workflows/x.yml",
    ".forgejo/a",
    ".gitea",
    ".woodpecker.yml",
    ".drone.yml",
    ".gitlab-ci.yml",
  ];
  const others = ["src/.gitea.txt", "docs/github/a", "gitea/x", ".gitignore", "a/.gitea/x"];
  assert.deepEqual(pipelinePaths([...others, ...pipelines]), pipelines);
  assert.deepEqual(matching(["Config/a", "src/b"], ["config/**"]), ["Config/a"]);
});
