// What the graph draws of few cards and of many, and what it says of each.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BacklogCard } from "./graph-data.ts";
import { byKeyOf, nodesOf, orderOf } from "./graph-nodes.ts";

const card = (id: string, over: Partial<BacklogCard> = {}): BacklogCard => ({
  build: "shop",
  id,
  kind: "issue",
  summary: id,
  status: "ready",
  verified: false,
  epic: "ledger",
  dependsOn: [],
  waitDetail: null,
  ...over,
});

const many = (epic: string, count: number, dependsOn: readonly string[] = []): BacklogCard[] =>
  Array.from({ length: count }, (_, at) => card(`${epic}-${at}`, { epic, dependsOn }));

test("of few cards each is drawn, and no epic or rock", () => {
  const drawn = nodesOf(
    [card("all", { kind: "epic" }), card("a"), card("b", { dependsOn: ["a"] })],
    null,
  );
  assert.deepEqual(
    drawn.map(({ key, cards, dependsOn }) => [key, cards, dependsOn]),
    [
      ["shop/a", 1, []],
      ["shop/b", 1, ["shop/a"]],
    ],
  );
});

test("of many cards an epic is one box, which stands where its cards stand", () => {
  const cards = [...many("schema", 200), ...many("ledger", 200, ["schema-0"])];
  const drawn = nodesOf(cards, null);
  assert.deepEqual(
    drawn.map(({ key, card: one, cards: count }) => [key, one, count]),
    [
      ["shop/schema", null, 200],
      ["shop/ledger", null, 200],
    ],
  );
  assert.deepEqual([...new Set(drawn[1]?.dependsOn)], ["shop/schema"]);
});

test("the epic that is open is drawn card by card beside the folded ones", () => {
  const cards = [...many("schema", 200), ...many("ledger", 200, ["schema-0"])];
  const drawn = nodesOf(cards, "shop/ledger");
  assert.equal(drawn.length, 201);
  assert.deepEqual(
    drawn.find(({ key }) => key === "shop/ledger-7")?.dependsOn,
    ["shop/schema"],
    "it depends on the box that holds its card",
  );
});

test("cards of one name in two builds are two", () => {
  const cards = [
    card("a"),
    card("a", { build: "other" }),
    card("b", { build: "other", dependsOn: ["a"] }),
  ];
  assert.deepEqual(
    nodesOf(cards, null).map(({ key, dependsOn }) => [key, dependsOn]),
    [
      ["shop/a", []],
      ["other/a", []],
      ["other/b", ["other/a"]],
    ],
  );
});

test("a card says what it waits for, and what it only came after", () => {
  const cards = [
    card("done", { status: "done" }),
    card("open"),
    card("lone"),
    card("next", { dependsOn: ["done"] }),
    card("last", { dependsOn: ["done", "open", "gone"] }),
  ];
  const byKey = byKeyOf(cards);
  assert.deepEqual(
    cards.slice(2).map((one) => orderOf(one, byKey)),
    ["depends on nothing", "after done", "waits for open, gone"],
  );
});
