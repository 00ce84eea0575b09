// The sprint calendar at its anchor, at both ends of its year, and anywhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sprintAt } from "./calendar.ts";

const WEEK_MS = 7 * 24 * 60 * 60_000;
const nameOn = (day: string): string => sprintAt(Date.parse(`${day}T12:00:00Z`)).name;
const moments = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2200, 0, 1) });

test("R-65 the sprints of the days that the calendar is tied to", () => {
  const days = ["2026-02-02", "2026-02-09", "2026-04-06", "2027-02-02", "2025-12-01"];
  assert.deepEqual(days.map(nameOn), ["Q1 S6", "Q1 S7", "Q2 S2", "Q1 S6", "Q4 S10"]);
});

test("R-65 a sprint runs from Monday to Friday, and a weekend belongs to the week that just ended", () => {
  const week = { name: "Q1 S6", start: "2026-02-02", end: "2026-02-06" };
  const moment = (text: string) => sprintAt(Date.parse(text));
  assert.deepEqual(moment("2026-02-02T00:00:00.000Z"), week);
  assert.deepEqual(moment("2026-02-06T23:59:59.999Z"), week);
  assert.deepEqual(moment("2026-02-08T23:59:59.999Z"), week);
  assert.equal(moment("2026-02-01T23:59:59.999Z").name, "Q1 S5");
  assert.equal(moment("2026-02-09T00:00:00.000Z").name, "Q1 S7");
});

test("R-65 quarters and years wrap, forwards and backwards", () => {
  assert.deepEqual(["2026-03-23", "2026-03-30"].map(nameOn), ["Q1 S13", "Q2 S1"]);
  assert.deepEqual(["2026-12-21", "2026-12-28"].map(nameOn), ["Q4 S13", "Q1 S1"]);
  assert.deepEqual(["2025-12-22", "2025-12-29"].map(nameOn), ["Q4 S13", "Q1 S1"]);
});

test("R-65 the sprint after a sprint is the next of its 52, wherever one looks, and each comes again after 52 weeks", () => {
  const placeOf = (name: string): number => {
    const [, quarter = "", sprint = ""] = /^Q([1-4]) S([1-9]|1[0-3])$/.exec(name) ?? [];
    assert.notEqual(quarter, "", name);
    return (Number(quarter) - 1) * 13 + Number(sprint) - 1;
  };
  fc.assert(
    fc.property(moments, fc.integer({ min: -200, max: 200 }), (ms, weeks) => {
      const place = placeOf(sprintAt(ms).name);
      assert.equal(placeOf(sprintAt(ms + WEEK_MS).name), (place + 1) % 52);
      assert.equal(placeOf(sprintAt(ms - WEEK_MS).name), (place + 51) % 52);
      assert.equal(placeOf(sprintAt(ms + weeks * 52 * WEEK_MS).name), place);
    }),
  );
});

test("R-65 every moment lies in the week of its sprint, which begins on a Monday and ends on a Friday", () => {
  fc.assert(
    fc.property(moments, (ms) => {
      const { start, end } = sprintAt(ms);
      const [monday, friday] = [new Date(`${start}T00:00:00Z`), new Date(`${end}T00:00:00Z`)];
      assert.deepEqual([monday.getUTCDay(), friday.getUTCDay()], [1, 5]);
      assert.ok(monday.getTime() <= ms && ms < monday.getTime() + WEEK_MS);
    }),
  );
});
