// The sprint calendar: weeks from Monday to Friday in UTC, 13 to a quarter, 4 quarters to a year of 52 sprints that
// wraps both ways. It is tied to one Monday and not to New Year, so it drifts against the calendar year on purpose.

export type Sprint = {
  /** `Q1 S6`. */
  readonly name: string;
  /** Monday and Friday, as `2026-02-02`. */
  readonly start: string;
  readonly end: string;
};

const DAY_MS = 24 * 60 * 60_000;
const WEEK_MS = 7 * DAY_MS;
const SPRINTS_PER_QUARTER = 13;
const SPRINTS_PER_YEAR = 4 * SPRINTS_PER_QUARTER;
const ANCHOR_MONDAY_MS = Date.UTC(2026, 1, 2);
/** The anchor is `Q1 S6`; counted from 0. */
const ANCHOR_PLACE = 5;

/** The sprint of a moment. A weekend belongs to the week that just ended. */
export function sprintAt(nowMs: number): Sprint {
  const weeks = Math.floor((nowMs - ANCHOR_MONDAY_MS) / WEEK_MS);
  const place = wrap(ANCHOR_PLACE + weeks, SPRINTS_PER_YEAR);
  const quarter = Math.floor(place / SPRINTS_PER_QUARTER) + 1;
  const monday = ANCHOR_MONDAY_MS + weeks * WEEK_MS;
  return {
    name: `Q${quarter} S${(place % SPRINTS_PER_QUARTER) + 1}`,
    start: dateOf(monday),
    end: dateOf(monday + 4 * DAY_MS),
  };
}

/** The remainder that is never negative. */
const wrap = (value: number, count: number): number => ((value % count) + count) % count;

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
