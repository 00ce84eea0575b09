// The state machine against an independent model: the tables of system.md 3.2 and 3.3 as text, the rules of 3.4 and 7.4
// as plain conditions. Nothing of the model is taken from the code under test.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import type { CardKind, CardStatus } from "./card.ts";
import { CARD_KINDS, CARD_STATUSES, WAIT_REASONS } from "./card.ts";
import { decideMove, ENGINE, keyOf, MOVE_CAUSES } from "./card-moves.ts";
import type { Actor, MovableCard, MoveRequest } from "./card-moves.ts";

const ISSUE_ROWS = `
ready > in_progress : EH
ready > blocked : E
ready > canceled archived : EH
in_progress > blocked waiting_for_developer ready_for_testing code_review : AEH
in_progress > ready : E
in_progress > canceled archived : EH
blocked > ready : EH
blocked > in_progress : H
blocked > canceled archived : EH
waiting_for_developer > in_progress : EH
waiting_for_developer > canceled archived : EH
ready_for_testing > code_review in_progress : AEH
ready_for_testing > canceled archived : EH
code_review > done : AH
code_review > in_progress ready_for_testing : AEH
code_review > blocked : E
code_review > archived : EH
done canceled > archived : EH
`;
const EPIC_ROWS = `
ready > in_progress canceled archived : EH
in_progress > code_review done canceled archived : EH
code_review > done in_progress archived : EH
done canceled > archived : EH
done > in_progress : E
`;
const ROCK_ROWS = `
ready > in_progress canceled archived : EH
in_progress > done canceled archived : EH
done canceled > archived : EH
done > in_progress : E
`;

/** "from > to" → who. */
function readRows(rows: string): ReadonlyMap<string, string> {
  const moves = new Map<string, string>();
  for (const row of rows.trim().split("\n")) {
    const [from = "", to = "", who = ""] = row.split(/[>:]/).map((part) => part.trim());
    for (const one of from.split(" "))
      for (const other of to.split(" ")) moves.set(`${one} > ${other}`, who);
  }
  return moves;
}
const MODEL: Readonly<Record<CardKind, ReadonlyMap<string, string>>> = {
  issue: readRows(ISSUE_ROWS),
  epic: readRows(EPIC_ROWS),
  rock: readRows(ROCK_ROWS),
};
const LETTER = { agent: "A", engine: "E", human: "H", webhook: "H" } as const;

type Expected =
  | "moved"
  | "CARD_MOVE_REFUSED"
  | "STATUS_INVALID"
  | "WAIT_REASON_REQUIRED"
  | "PERMISSION_DENIED"
  | "NOT_OWN_CARD"
  | "VERIFICATION_FAILED"
  | "VERIFICATION_REQUIRED";

function expectTable(card: MovableCard, request: MoveRequest): boolean {
  const { actor, cause } = request;
  const to = request.to as CardStatus;
  if (cause === "restart" && actor.kind === "engine" && to === "ready")
    return card.status !== "ready";
  if (MODEL[card.kind].get(`${card.status} > ${to}`)?.includes(LETTER[actor.kind]) !== true)
    return false;
  if (card.kind !== "issue" || actor.kind !== "engine") return true;
  if (card.status === "in_progress" && to === "ready")
    return ["retry", "reset", "interrupted"].includes(cause);
  if (card.status === "blocked" && to === "ready")
    return ["dependency", "resource"].includes(card.waitReason ?? "");
  return true;
}

function expectReason(card: MovableCard, request: MoveRequest): boolean {
  const { to, waitReason } = request;
  if (to !== "blocked" && to !== "waiting_for_developer") return true;
  if (typeof waitReason !== "string") return false;
  if (card.status === "ready") return ["dependency", "resource"].includes(waitReason);
  if (card.status === "code_review")
    return ["review", "resource", "input", "system"].includes(waitReason);
  return ["resource", "dependency", "review", "input", "system"].includes(waitReason);
}

function expectDone({ actor, turn, verification }: MoveRequest): Expected {
  if (actor.kind === "agent") {
    const guard = actor.roles.some((role) => ["integrity_guard", "Integrity Guard"].includes(role));
    if (!guard || turn?.review !== true || turn.authorSeats.includes(actor.id))
      return "PERMISSION_DENIED";
  }
  if (verification === undefined) return "VERIFICATION_REQUIRED";
  if (verification.declared)
    return verification.verdict === "pass" ? "moved" : "VERIFICATION_FAILED";
  return verification.required ? "VERIFICATION_REQUIRED" : "moved";
}

function expect(card: MovableCard, request: MoveRequest): Expected {
  const known = (value: unknown): boolean => (CARD_STATUSES as readonly unknown[]).includes(value);
  if (!known(request.to) || !known(card.status)) return "STATUS_INVALID";
  if (request.actor.kind === "agent" && request.turn?.card !== card.id) return "NOT_OWN_CARD";
  if (!expectTable(card, request)) return "CARD_MOVE_REFUSED";
  if (!expectReason(card, request)) return "WAIT_REASON_REQUIRED";
  return card.kind === "issue" && request.to === "done" ? expectDone(request) : "moved";
}

const junk = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constantFrom(null, undefined, true, "Done", "constructor", "__proto__", {}, ["done"]),
  fc.jsonValue(),
);
const statuses = fc.constantFrom(...CARD_STATUSES);
const cards: fc.Arbitrary<MovableCard> = fc.record({
  id: fc.constantFrom("card-1", "card-2"),
  kind: fc.oneof(
    { weight: 4, arbitrary: fc.constant("issue" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...CARD_KINDS) },
  ),
  type: fc.constant("issue" as const),
  status: fc.oneof(
    { weight: 30, arbitrary: statuses },
    { weight: 1, arbitrary: junk as fc.Arbitrary<CardStatus> },
  ),
  waitReason: fc.constantFrom(null, ...WAIT_REASONS),
});
const actors: fc.Arbitrary<Actor> = fc.record({
  kind: fc.constantFrom("agent", "agent", "engine", "human", "webhook"),
  id: fc.constantFrom("coder", "reviewer"),
  roles: fc.subarray(["coder", "integrity_guard", "Integrity Guard", "lead_architect"]),
});
const requests: fc.Arbitrary<MoveRequest> = fc.record(
  {
    to: fc.oneof({ weight: 12, arbitrary: statuses }, { weight: 1, arbitrary: junk }),
    actor: actors,
    cause: fc.constantFrom(...MOVE_CAUSES),
    waitReason: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...WAIT_REASONS) },
      { weight: 1, arbitrary: junk },
    ),
    waitDetail: fc.option(fc.string()),
    turn: fc.record({
      card: fc.constantFrom("card-1", "card-1", "card-2"),
      review: fc.boolean(),
      authorSeats: fc.subarray(["coder", "reviewer"]),
    }),
    verification: fc.record({
      declared: fc.boolean(),
      verdict: fc.constantFrom("pass", "fail", null),
      required: fc.boolean(),
    }),
  },
  { requiredKeys: ["to", "actor", "cause"] },
);

/** What must hold of every accepted move, whatever the model says. */
function checkInvariants(
  card: MovableCard,
  request: MoveRequest,
  move: { to: CardStatus; waitReason: unknown; waitDetail: unknown },
): void {
  const { actor, turn, verification } = request;
  assert.notEqual(move.to, card.status, "no card moves to where it is");
  assert.equal(
    move.waitReason !== null,
    move.to === "blocked" || move.to === "waiting_for_developer",
  );
  if (move.waitReason === null) assert.equal(move.waitDetail, null);
  if (actor.kind === "agent") {
    assert.ok(move.to !== "archived" && move.to !== "canceled", "no agent archives or cancels");
    assert.equal(turn?.card, card.id);
    assert.equal(card.kind, "issue", "no agent moves an epic or a rock");
  }
  if (card.kind !== "issue" || move.to !== "done") return;
  assert.notEqual(actor.kind, "engine", "the engine finishes no issue");
  assert.ok(
    verification?.declared === true
      ? verification.verdict === "pass"
      : verification?.required === false,
  );
  if (actor.kind === "agent") {
    assert.ok(turn?.review === true && !turn.authorSeats.includes(actor.id));
    assert.ok(actor.roles.some((role) => keyOf(role) === "integrity_guard"));
  }
}

testSeeded(
  "R-32 R-34 R-48 R-52 R-16 every single move is decided as the tables and rules say",
  (seed) => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(cards, requests, (card, request) => {
        const answer = decideMove(card, request);
        const outcome = answer.ok ? "moved" : answer.error.code;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        assert.equal(outcome, expect(card, request));
        if (answer.ok) checkInvariants(card, request, answer.value);
      }),
      { seed, numRuns: 6000 },
    );
    assert.equal(seen.size, 8, "the run met every outcome");
  },
);

testSeeded(
  "a card that is led through a long sequence of commands ends where the model ends",
  (seed) => {
    fc.assert(
      fc.property(
        cards,
        fc.array(requests, { minLength: 20, maxLength: 60 }),
        (start, sequence) => {
          let real = {
            ...start,
            status: "ready" as CardStatus,
            waitReason: null as MovableCard["waitReason"],
          };
          let model = { ...real };
          for (const request of sequence) {
            const answer = decideMove(real, request);
            if (answer.ok)
              real = { ...real, status: answer.value.to, waitReason: answer.value.waitReason };
            if (expect(model, request) === "moved") {
              const waits = request.to === "blocked" || request.to === "waiting_for_developer";
              model = {
                ...model,
                status: request.to as CardStatus,
                waitReason: waits ? (request.waitReason as MovableCard["waitReason"]) : null,
              };
            }
            assert.deepEqual(real, model);
          }
        },
      ),
      { seed, numRuns: 400 },
    );
  },
);

const issue = (status: CardStatus, waitReason: MovableCard["waitReason"] = null): MovableCard => ({
  id: "card-1",
  kind: "issue",
  type: "issue",
  status,
  waitReason,
});
const human: Actor = { kind: "human", id: "ada", roles: [] };
const refusalOf = (card: MovableCard, request: MoveRequest): string => {
  const answer = decideMove(card, request);
  assert.equal(answer.ok, false);
  return answer.ok ? "" : answer.error.message;
};

test("every pair of states and every actor is decided as the table says", () => {
  for (const kind of CARD_KINDS) {
    for (const from of CARD_STATUSES) {
      for (const to of CARD_STATUSES) {
        for (const actor of ["agent", "engine", "human", "webhook"] as const) {
          const card = { ...issue(from, "dependency"), kind };
          const request: MoveRequest = {
            to,
            actor: { kind: actor, id: "reviewer", roles: ["integrity_guard"] },
            cause: "retry",
            waitReason: "resource",
            turn: { card: "card-1", review: true, authorSeats: [] },
            verification: { declared: false, verdict: null, required: false },
          };
          const allowed = MODEL[kind].get(`${from} > ${to}`)?.includes(LETTER[actor]) === true;
          assert.equal(
            decideMove(card, request).ok,
            allowed,
            `${kind} ${from} > ${to} by ${actor}`,
          );
        }
      }
    }
  }
});

test("the refusals say what the rules say", () => {
  assert.equal(
    refusalOf(issue("ready"), { to: "done", actor: human, cause: "command" }),
    "Invalid transition for issue: ready -> done",
  );
  assert.equal(
    refusalOf(issue("in_progress"), { to: "blocked", actor: human, cause: "command" }),
    "wait_reason is required when transitioning to blocked. Valid reasons: [resource, dependency, review, input, system]",
  );
  const turn = { card: "card-1", review: true, authorSeats: [] };
  assert.equal(
    refusalOf(issue("code_review"), {
      to: "done",
      actor: { kind: "agent", id: "coder", roles: ["coder"] },
      cause: "verdict",
      turn,
    }),
    "Permission Denied: Only the 'integrity_guard' role can finalize Issues to 'DONE'",
  );
  assert.match(
    refusalOf(issue("code_review"), {
      to: "done",
      actor: { kind: "agent", id: "a", roles: [] },
      cause: "verdict",
      turn: { ...turn, card: "other" },
    }),
    /^not_own_card/,
  );
  assert.match(
    refusalOf(issue("ready"), {
      to: "in_progress",
      actor: { kind: "agent", id: "a", roles: [] },
      cause: "command",
    }),
    /^not_own_card/,
  );
});

test("R-52 a word that is no status is refused with the word, whatever it is", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const words: readonly unknown[] = [
    undefined,
    null,
    "",
    "finished",
    5,
    5n,
    Symbol("x"),
    () => 1,
    {},
    [],
    cyclic,
    "x".repeat(100_000),
  ];
  for (const to of words) {
    const message = refusalOf(issue("ready"), { to, actor: human, cause: "command" });
    assert.match(message, /^Invalid status: /);
    assert.ok(message.length < 120);
    assert.match(
      refusalOf(issue(to as CardStatus), { to: "done", actor: human, cause: "command" }),
      /^Invalid status: /,
    );
  }
});

test("R-16 done is verified only by a verification that was declared and passed", () => {
  const done = (verification?: MoveRequest["verification"]): MoveRequest => ({
    to: "done",
    actor: human,
    cause: "verdict",
    ...(verification === undefined ? {} : { verification }),
  });
  const facts = (declared: boolean, verdict: "pass" | "fail" | null, required = false) =>
    done({ declared, verdict, required });
  const moved = decideMove(issue("code_review"), facts(true, "pass"));
  assert.ok(moved.ok && moved.value.verified === true && moved.value.cycle === 0);
  const unverified = decideMove(issue("code_review"), facts(false, null));
  assert.ok(unverified.ok && unverified.value.verified === false);
  assert.match(
    refusalOf(issue("code_review"), facts(true, "fail")),
    /^verification_failed.*failed$/,
  );
  assert.match(
    refusalOf(issue("code_review"), facts(true, null)),
    /^verification_failed.*no verdict$/,
  );
  assert.match(refusalOf(issue("code_review"), facts(false, null, true)), /^verification_required/);
  assert.match(refusalOf(issue("code_review"), done()), /^verification_required/);
});

test("R-48 the reason is stored with its words and gone after the next move", () => {
  const blocked = decideMove(issue("in_progress"), {
    to: "blocked",
    actor: ENGINE,
    cause: "failure",
    waitReason: "system",
    waitDetail: "disk",
  });
  assert.ok(blocked.ok);
  assert.deepEqual([blocked.value.waitReason, blocked.value.waitDetail], ["system", "disk"]);
  const silent = decideMove(issue("in_progress"), {
    to: "blocked",
    actor: ENGINE,
    cause: "failure",
    waitReason: "system",
  });
  assert.ok(silent.ok && silent.value.waitDetail === null);
  const freed = decideMove(issue("blocked", "system"), {
    to: "ready",
    actor: human,
    cause: "command",
    waitReason: "system",
    waitDetail: "x",
  });
  assert.ok(freed.ok);
  assert.deepEqual([freed.value.waitReason, freed.value.waitDetail], [null, null]);
});

test("counters start again on restart, on done and when a person lifts a block", () => {
  const restarted = decideMove(issue("archived"), { to: "ready", actor: ENGINE, cause: "restart" });
  assert.ok(restarted.ok);
  assert.deepEqual(
    [restarted.value.cycle, restarted.value.retryCount, restarted.value.verified],
    [0, 0, false],
  );
  const lifted = decideMove(issue("blocked", "review"), {
    to: "in_progress",
    actor: human,
    cause: "command",
  });
  assert.ok(lifted.ok);
  assert.deepEqual([lifted.value.cycle, lifted.value.retryCount], [0, 0]);
  const engine = decideMove(issue("blocked", "dependency"), {
    to: "ready",
    actor: ENGINE,
    cause: "dependency",
  });
  assert.ok(engine.ok && !("cycle" in engine.value) && !("retryCount" in engine.value));
});

test("seats and roles compare without case, spaces and dashes", () => {
  assert.equal(keyOf("  Lead - Architect "), "lead_architect");
  assert.equal(keyOf("integrity_guard"), "integrity_guard");
});
