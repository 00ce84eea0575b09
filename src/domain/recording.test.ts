// Recordings: names in the place of ids, what of an event counts, and the words for a difference.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Event, EventType } from "./events.ts";
import type { JsonObject } from "./json.ts";
import {
  createNames,
  describeDifference,
  eventLine,
  firstDifference,
  firstDifferenceByCard,
  plainEvents,
} from "./recording.ts";

type Facts = Partial<Omit<Event, "type" | "data">>;

const eventOf = (type: EventType, data: JsonObject, more: Facts = {}): Event => ({
  seq: 1,
  at: "2025-03-01T10:00:00.000Z",
  type,
  actor: "engine",
  data,
  prevHash: "",
  hash: "",
  ...more,
});

/** Two runs of the same work, whose ids chance made. */
const runWith = (id: (name: string) => string): readonly Event[] => {
  const run = id("run");
  const turn = id("turn");
  const card = id("work");
  const agent = { run, turn, actor: "agent:coder" };
  return [
    eventOf("run-queued", {}, { run }),
    eventOf(
      "decision-made",
      { inputDigest: id("digest"), output: { seat: "coder" } },
      { run, turn },
    ),
    eventOf("turn-started", { number: 2 }, { run, turn, build: "b", card: "api" }),
    eventOf("card-created", { parent: "api" }, { ...agent, card }),
    eventOf("card-created", { parent: card }, { ...agent, card: id("again") }),
    eventOf("card-created", { parent: "epic" }, { run, card: "asset-card" }),
    eventOf("card-created", { parent: null }, { ...agent, card: `${card}-requirements` }),
    eventOf("model-retried", { waitMs: id("").length, code: "MODEL_TIMEOUT" }, { run, turn, card }),
    eventOf(
      "turn-finished",
      { commit: id("sha"), words: [`of ${card}.`, 1, null] },
      { run, turn, card },
    ),
    eventOf("turn-finished", { commit: null }, { run, turn, card }),
  ];
};

test("two repetitions give the same lines, whatever ids, times and waits chance made", () => {
  const one = plainEvents(runWith((name) => `${name}-0001`)).map(eventLine);
  const two = plainEvents(runWith((name) => `${name}-zz9`)).map(eventLine);
  assert.deepEqual(one, two);
  assert.deepEqual(one, [
    "run-queued - - engine - {}",
    'decision-made - turn(api#2) engine - {"output":{"seat":"coder"}}',
    'turn-started api turn(api#2) engine b {"number":2}',
    'card-created created(api#1) turn(api#2) agent:coder - {"parent":"api"}',
    'card-created created(created(api#1)#1) turn(api#2) agent:coder - {"parent":"created(api#1)"}',
    'card-created asset-card - engine - {"parent":"epic"}',
    'card-created created(#1) turn(api#2) agent:coder - {"parent":null}',
    'model-retried created(api#1) turn(api#2) engine - {"code":"MODEL_TIMEOUT"}',
    'turn-finished created(api#1) turn(api#2) engine - {"commit":"(some)","words":["of created(api#1).",1,null]}',
    'turn-finished created(api#1) turn(api#2) engine - {"commit":null}',
  ]);
});

test("names are found inside longer words, and lead back to the ids of this repetition", () => {
  const names = createNames();
  for (const event of runWith((name) => `${name}-0001`)) names.learn(event);
  assert.equal(
    names.toNames("docs/work-0001.md, work-0001-later, work-00011, turn-0001"),
    "docs/created(api#1).md, created(api#1)-later, work-00011, turn(api#2)",
  );
  assert.equal(
    names.toIds("created(created(api#1)#1) after created(api#1), not created(ui#1)"),
    "again-0001 after work-0001, not created(ui#1)",
  );
  names.learn(eventOf("turn-started", { number: 1 }, { turn: "turn-7" }));
  assert.equal(names.toNames("turn-7"), "turn(#1)");
});

test("what a name stands for comes back, whatever stands around it", () => {
  const names = createNames();
  const facts = { actor: "agent:coder", card: "work-1a2b", turn: "t" };
  names.learn(eventOf("card-created", { parent: "api" }, facts));
  const around = fc.string({ unit: fc.constantFrom(" ", "/", ".", '"', "\n", "é", "(", "_") });
  fc.assert(
    fc.property(around, around, (before, after) => {
      const text = `${before}work-1a2b${after}`;
      assert.equal(names.toIds(names.toNames(text)), text);
    }),
  );
});

test("the first difference is named with what stood before it", () => {
  assert.equal(firstDifference(["a", "b"], ["a", "b"]), null);
  const changed = firstDifference(["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "x"]);
  assert.deepEqual(changed, { place: 5, before: ["b", "c", "d"], recorded: "e", replayed: "x" });
  assert.equal(
    changed === null ? "" : describeDifference(changed),
    "The first difference is at event 5:\n  2 b\n  3 c\n  4 d\n- 5 recorded: e\n+ 5 replayed: x",
  );
  const missing = firstDifference(["a", "b"], ["a"]);
  assert.match(
    missing === null ? "" : describeDifference(missing),
    /\+ 2 replayed: \(no more events\)/,
  );
  const added = firstDifference([], ["a"]);
  assert.match(added === null ? "" : describeDifference(added), /- 1 recorded: \(no more events\)/);
});

test("card by card, turns that pass each other make no difference, and what a card did does", () => {
  const of = (card: string, type: EventType = "turn-started") => ({
    type,
    card,
    actor: "engine",
    data: { number: 1 },
  });
  const plan = { type: "decision-made", actor: "engine", data: {} } as const;
  assert.equal(firstDifferenceByCard([of("a"), plan, of("b")], [of("b"), of("a")]), null);
  const chosen = [of("a", "decision-made"), of("a")];
  assert.equal(firstDifferenceByCard(chosen, [of("a")]), null);
  assert.equal(firstDifferenceByCard([of("a")], [of("a"), of("b")])?.recorded, null);
  assert.equal(firstDifferenceByCard([of("a")], [of("a", "turn-failed")])?.place, 1);
});
