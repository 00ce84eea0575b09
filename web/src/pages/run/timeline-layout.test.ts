// The axis of time and the bars on it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Turn } from "./timeline-layout.ts";
import { axisOf, barsOf, spanOfTurn } from "./timeline-layout.ts";
import { failedRows, nameOfBar, rowsOf, wholeOf } from "./timeline-rows.ts";

type Ends = readonly [from: number, to: number | null];

const turn = (numberInRun: number, [from, to]: Ends, more = {}): Turn => ({
  numberInRun,
  build: "b",
  card: "LEDG-14",
  seat: "coder",
  kind: "work",
  status: to === null ? "live" : "committed",
  startedAt: new Date(from).toISOString(),
  endedAt: to === null ? null : new Date(to).toISOString(),
  ...more,
});

const drawn = (turns: readonly Turn[], now: number, isCollapsed: boolean) => {
  const whole = wholeOf(turns, { from: 0, to: now });
  const axis = axisOf(
    turns.map((one) => spanOfTurn(one, now)),
    whole,
    isCollapsed,
  );
  return { axis, bars: barsOf(turns, { axis, now, ableAt: 0 }) };
};

test("whatever the turns are, bars keep their order, do not overlap and stay on the axis", () => {
  const turns = fc.array(fc.tuple(fc.nat(10_000_000), fc.nat(100_000)), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(turns, fc.nat(12_000_000), fc.boolean(), (made, now, isCollapsed) => {
      const all = made.map(([from, length], place) =>
        turn(place, [from, length % 7 === 0 ? null : from + length]),
      );
      const { axis, bars } = drawn(all, now, isCollapsed);
      let before = 0;
      for (const { from, to, waitedFrom } of bars) {
        assert.ok(from >= before && to >= from && to <= 1, `${before} ${from} ${to}`);
        assert.ok(waitedFrom === null || (waitedFrom >= 0 && waitedFrom < from));
        before = to;
      }
      assert.equal(
        bars.reduce((sum, bar) => sum + bar.turns.length, 0),
        all.length,
      );
      const places = [...axis.ticks, ...axis.cuts].map(({ at }) => at);
      assert.ok(places.every((at) => at >= 0 && at <= 1));
      assert.ok(axis.ticks.length <= 13);
    }),
  );
});

test("a long wait is cut to a mark that says how long it was, and the work takes its place", () => {
  const turns = [turn(1, [0, 1000]), turn(2, [3_601_000, 3_602_000])];
  const { axis, bars } = drawn(turns, 3_602_000, true);
  assert.deepEqual(
    axis.cuts.map(({ milliseconds }) => milliseconds),
    [3_600_000],
  );
  assert.ok((bars[0]?.to ?? 0) > 0.45);
  assert.deepEqual(drawn(turns, 3_602_000, false).axis.cuts, []);
});

test("a live turn reaches to now, and thousands of turns of a card fold into bars that count them", () => {
  assert.equal(drawn([turn(1, [0, 1000]), turn(2, [1000, null])], 4000, false).bars[1]?.to, 1);
  const many = Array.from({ length: 10_000 }, (_, at) =>
    turn(at + 1, [at * 10, at * 10 + 5], { status: at === 3 ? "failed" : "committed" }),
  );
  const { bars } = drawn(many, 100_000, false);
  assert.ok(bars.length <= 60);
  assert.equal(bars[0]?.status, "failed");
  assert.match(nameOfBar(bars[0]!, 0), /^LEDG-14, 167 turns, 1 to 167, 1 failed, /);
});

test("a bar's name says card, turn, seat, how it ended and how long it took", () => {
  const [bar] = drawn([turn(3, [0, 41_000])], 0, false).bars;
  assert.equal(nameOfBar(bar!, 0), "LEDG-14, turn 3, coder, committed, 41 s");
});

test("a card waits from the end of what it depends on, and one without turns has its row", () => {
  const card = (id: string, dependsOn: readonly string[]) =>
    ({ build: "b", id, kind: "issue", dependsOn, summary: "", status: "ready" }) as const;
  const more = { verified: false, epic: null, waitDetail: null };
  const cards = [card("a", []), card("c", ["a"]), card("z", ["c"])].map((one) => ({
    ...one,
    ...more,
  }));
  const turns = [
    turn(1, [100, 500], { card: "a" }),
    turn(2, [900, 950], { card: "c", status: "failed" }),
  ];
  const rows = rowsOf(turns, { cards, begin: 50 });
  assert.deepEqual(
    rows.map(({ card: id, ableAt }) => [id, ableAt]),
    [
      ["a", 50],
      ["c", 500],
      ["z", null],
    ],
  );
  assert.deepEqual(
    failedRows(rows).map(({ card: id }) => id),
    ["c"],
  );
});
