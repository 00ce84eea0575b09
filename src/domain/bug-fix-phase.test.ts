// The bug-fix phase as arithmetic: its limits are strict, its length is capped, and asking twice changes nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Bug, Phase, PhaseRules } from "./bug-fix-phase.ts";
import {
  createPhase,
  decidePhase,
  extensionReason,
  measurePhase,
  nextRockOf,
  phaseIdOf,
} from "./bug-fix-phase.ts";

const DAY_MS = 24 * 60 * 60_000;
const START = Date.parse("2026-03-02T10:00:00.000Z");
const RULES: PhaseRules = {
  bugFixInitialDays: 7,
  bugFixMaxDays: 28,
  bugDiscoveryHighRate: 5,
  bugCriticalThreshold: 3,
};
const OF = { rock: "big", build: "big", builds: ["big/work"], department: "core" };

const phaseOf = (rules: PhaseRules = RULES): Phase => ({
  ...createPhase(OF, rules, START),
  number: 1,
  status: "active",
  completedAt: null,
});
const bugs = (count: number, priority = 1): readonly Bug[] =>
  Array.from({ length: count }, (_, place) => ({ id: `b${place}`, priority, open: true }));
const after = (days: number): number => START + days * DAY_MS;

function decide(
  found: readonly Bug[],
  nowMs: number,
  { rules = RULES, phase = phaseOf(rules) } = {},
) {
  return decidePhase({ phase, metrics: measurePhase(phase, found, nowMs), rules }, nowMs);
}
const applied = (phase: Phase, steps: ReturnType<typeof decide>): Phase =>
  steps.reduce<Phase>(
    (one, step) =>
      step.kind === "extended"
        ? { ...one, days: step.days, endsAt: step.endsAt, extendableFrom: step.extendableFrom }
        : { ...one, status: "completed" },
    phase,
  );

test("R-04 a phase has the name of its rock, starts now and ends after the first days", () => {
  const { startedAt, endsAt, days } = phaseOf();
  assert.deepEqual(
    [phaseIdOf("big"), nextRockOf("big"), days, startedAt, endsAt],
    ["phase-big", "big-phase2", 7, "2026-03-02T10:00:00.000Z", "2026-03-09T10:00:00.000Z"],
  );
});

test("R-04 the rate counts whole days since the start, and at least one, also when the clock went back", () => {
  const rateAt = (days: number): number => measurePhase(phaseOf(), bugs(6), after(days)).rate;
  assert.deepEqual([-3, 0, 0.5, 1, 1.99, 2, 6].map(rateAt), [6, 6, 6, 6, 6, 3, 1]);
  const found = [...bugs(2, 4), ...bugs(1, 4.5), ...bugs(3, 3.9)];
  assert.deepEqual(measurePhase(phaseOf(), found, after(3)), { total: 6, critical: 3, rate: 2 });
});

test("R-04 both limits are strict, and the reasons stand together in their order", () => {
  const reason = (rate: number, critical: number) =>
    extensionReason({ total: 1, critical, rate }, RULES);
  assert.equal(reason(5, 3), null);
  assert.equal(reason(5.04, 3), "High rate (5.0/d)");
  assert.equal(reason(5, 4), "4 critical bugs");
  assert.equal(reason(12.34, 10), "High rate (12.3/d); 10 critical bugs");
});

test("R-04 too many bugs make the phase a week longer, counted from the start", () => {
  const end = "2026-03-16T10:00:00.000Z";
  const [step, ...more] = decide(bugs(6), after(1));
  assert.deepEqual(
    [step, more],
    [
      {
        kind: "extended",
        days: 14,
        endsAt: end,
        extendableFrom: "2026-03-09T10:00:00.000Z",
        reason: "High rate (6.0/d)",
      },
      [],
    ],
  );
});

test("R-04 an extension stops at the most days there are, and nothing at or over them is extended", () => {
  const daysOf = (initial: number, max: number): readonly unknown[] => {
    const rules = { ...RULES, bugFixInitialDays: initial, bugFixMaxDays: max };
    return decide(bugs(9), after(0), { rules }).map((step) => "days" in step && step.days);
  };
  assert.deepEqual([daysOf(24, 28), daysOf(28, 28), daysOf(30, 28)], [[28], [], []]);
});

test("R-04 a phase ends at its end and not before", () => {
  assert.deepEqual(decide(bugs(1), after(7) - 1), []);
  assert.deepEqual(decide(bugs(1), after(7)), [{ kind: "completed" }]);
});

test("R-04 whoever asks a second time finds nothing to do, and the next week is weighed when the one before is used up", () => {
  const found = bugs(4, 4);
  const first = applied(phaseOf(), decide(found, after(0)));
  assert.equal(first.days, 14);
  assert.deepEqual(decide(found, after(0), { phase: first }), []);
  assert.deepEqual(decide(found, after(7) - 1, { phase: first }), []);
  const second = applied(first, decide(found, after(7), { phase: first }));
  assert.equal(second.days, 21);
});

test("R-04 whoever asks late gets every step that time has brought", () => {
  const steps = decide(bugs(4, 4), after(40));
  assert.deepEqual(
    steps.map((step) => (step.kind === "extended" ? step.days : step.kind)),
    [14, 21, 28, "completed"],
  );
});

test("R-04 however often and whenever one asks, a phase only grows, stays within its most days, and ends once", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 1200 }), fc.nat(80)), { maxLength: 30 }),
      fc.integer({ min: 1, max: 30 }),
      (looks, initial) => {
        const rules = { ...RULES, bugFixInitialDays: initial };
        let phase = phaseOf(rules);
        for (const [hours, count] of looks.toSorted(([left], [right]) => left - right)) {
          if (phase.status === "completed") return;
          const nowMs = START + hours * 60 * 60_000;
          const found = bugs(count);
          const next = applied(phase, decide(found, nowMs, { rules, phase }));
          assert.ok(next.days >= phase.days && next.days <= Math.max(initial, 28));
          assert.equal(Date.parse(next.endsAt), START + next.days * DAY_MS);
          assert.equal(next.status === "completed", nowMs >= Date.parse(next.endsAt));
          if (next.status === "active")
            assert.deepEqual(decide(found, nowMs, { rules, phase: next }), []);
          phase = next;
        }
      },
    ),
  );
});
