// Who works on a card and who reviews it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import type { Seat } from "../domain/assets.ts";
import type { RouteInput } from "../domain/decision.ts";
import { route } from "./route.ts";

const seat = (key: string, ...roles: readonly string[]): Seat => ({ key, name: key, roles });
const CODER = seat("coder", "coder");
const REVIEWER = seat("reviewer", "integrity_guard");
const ARCHITECT = seat("architect", "lead_architect");
const TYPES = { coder: ["issue", "bug"], integrity_guard: ["issue"], lead_architect: ["issue"] };

const input = (
  rest: Partial<RouteInput> & {
    readonly cycle?: number;
    readonly seat?: string | null;
    readonly type?: "issue" | "story";
  } = {},
): RouteInput => ({
  card: {
    id: "card-1",
    type: rest.type ?? "issue",
    seat: rest.seat === undefined ? "coder" : rest.seat,
    cycle: rest.cycle ?? 0,
  },
  kind: rest.kind ?? "work",
  seats: rest.seats ?? [CODER, REVIEWER, ARCHITECT],
  issueTypes: rest.issueTypes ?? TYPES,
  authorSeats: rest.authorSeats ?? [],
});
const reasonOf = (facts: RouteInput): string => {
  const answer = route(facts);
  assert.equal(answer.seat, null);
  return "reason" in answer ? answer.reason : "";
};

test("work goes to the card's seat, whose name compares without case, spaces and dashes", () => {
  assert.deepEqual(route(input()), { seat: "coder" });
  assert.deepEqual(route(input({ seat: " CODER " })), { seat: "coder" });
  assert.deepEqual(route(input({ seat: "back-end dev", seats: [seat("back_end_dev", "coder")] })), {
    seat: "back_end_dev",
  });
});

test("R-25 a seat that the team has not got is no seat, and the reason names it and those there are", () => {
  assert.match(reasonOf(input({ seat: "poet" })), /'poet'.*card-1.*coder, reviewer, architect/);
  assert.match(reasonOf(input({ seat: null })), /no seat ''/);
  assert.match(reasonOf(input({ seats: [] })), /It has: none/);
});

test("R-25 a type that no role of the seat lists is no work for it", () => {
  assert.match(reasonOf(input({ type: "story" })), /'coder' \(coder\).*'story'.*issue_types/);
  assert.match(reasonOf(input({ seats: [seat("coder")] })), /it has none/);
  assert.match(reasonOf(input({ seats: [seat("coder", "constructor")] })), /constructor/);
  assert.deepEqual(
    route(
      input({
        type: "story",
        seats: [seat("coder", "coder", "writer")],
        issueTypes: { ...TYPES, writer: ["story"] },
      }),
    ),
    {
      seat: "coder",
    },
  );
});

test("R-32 the first seat in team order that has the guard role and no part in the work reviews", () => {
  const seats = [CODER, seat("first", "Integrity Guard", "coder"), REVIEWER];
  assert.deepEqual(route(input({ kind: "review", seats })), { seat: "first" });
  assert.deepEqual(route(input({ kind: "review", seats, authorSeats: ["coder"] })), {
    seat: "first",
  });
  assert.deepEqual(route(input({ kind: "review", seats, authorSeats: ["First"] })), {
    seat: "reviewer",
  });
});

test("R-32 without a reviewer nobody reviews, and the reason says what is missing", () => {
  assert.match(
    reasonOf(input({ kind: "review", seats: [CODER] })),
    /card-1.*integrity_guard.*the team has none/,
  );
  assert.match(
    reasonOf(input({ kind: "review", authorSeats: ["reviewer"] })),
    /reviewer worked on the card/,
  );
  assert.match(
    reasonOf(input({ kind: "review", seats: [seat("x", "guard", "integrity_guard_2")] })),
    /the team has none/,
  );
});

test("from the third rejection on an architect does the rework, not before", () => {
  for (const cycle of [0, 1, 2]) assert.deepEqual(route(input({ cycle })), { seat: "coder" });
  for (const cycle of [3, 4]) assert.deepEqual(route(input({ cycle })), { seat: "architect" });
  assert.deepEqual(route(input({ cycle: 3, seat: "poet" })), { seat: "architect" });
});

test("R-32 an architect who would leave no reviewer over is passed by", () => {
  const both = seat("both", "lead_architect", "integrity_guard");
  assert.deepEqual(route(input({ cycle: 3, seats: [CODER, both] })), { seat: "coder" });
  assert.deepEqual(route(input({ cycle: 3, seats: [CODER, both, REVIEWER] })), { seat: "both" });
  assert.deepEqual(
    route(input({ cycle: 3, seats: [CODER, both, REVIEWER], authorSeats: ["reviewer"] })),
    { seat: "coder" },
  );
  assert.deepEqual(route(input({ cycle: 3, seats: [CODER, both, ARCHITECT] })), {
    seat: "architect",
  });
});

test("an architect whose roles do not list the type is passed by, and a team without one keeps the seat", () => {
  assert.deepEqual(
    route(input({ cycle: 3, issueTypes: { coder: ["issue"], lead_architect: ["epic"] } })),
    { seat: "coder" },
  );
  assert.deepEqual(route(input({ cycle: 3, seats: [CODER, REVIEWER] })), { seat: "coder" });
});

test("a reason stays short however large the team is", () => {
  const seats = Array.from({ length: 5000 }, (_, place) => seat(`seat_${place}`));
  assert.ok(reasonOf(input({ seats })).length <= 2000);
});

testSeeded(
  "R-32 whatever the team, a reviewer is a guard and no author, and an escalation leaves one over",
  (seed) => {
    const seats = fc.uniqueArray(
      fc.record({
        key: fc.constantFrom("a", "b", "c", "d"),
        roles: fc.subarray(["coder", "integrity_guard", "lead_architect"]),
      }),
      { selector: (one) => one.key, maxLength: 4 },
    );
    fc.assert(
      fc.property(
        seats,
        fc.subarray(["a", "b", "c", "d"]),
        fc.nat({ max: 5 }),
        (team, authorSeats, cycle) => {
          const facts = {
            seats: team.map((one) => seat(one.key, ...one.roles)),
            authorSeats,
            cycle,
            seat: "a",
          };
          const guards = (authors: readonly string[]) =>
            team.filter(
              (one) => one.roles.includes("integrity_guard") && !authors.includes(one.key),
            );
          const review = route(input({ ...facts, kind: "review" }));
          assert.equal(review.seat, guards(authorSeats)[0]?.key ?? null);
          const work = route(input(facts));
          if (work.seat !== null && work.seat !== "a")
            assert.ok(cycle >= 3 && guards([...authorSeats, work.seat]).length > 0);
        },
      ),
      { seed, numRuns: 500 },
    );
  },
);
