// What becomes of a pull request: each branch of its life once, and that looking again changes nothing.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  HEAD,
  NEXT_HEAD,
  REQUEST,
  SEEN,
  SIGHT,
  TRACKED,
  minute,
} from "../../test/support/pull-request-samples.ts";
import type { Advance, Rules, SeenReview, Sight } from "./pull-request-life.ts";
import { advance, trackNew } from "./pull-request-life.ts";
import type { TrackedPullRequest } from "./pull-request.ts";
import { DEFAULT_REVIEW_POLICY } from "./review-policy.ts";

const RULES: Rules = {
  policy: { ...DEFAULT_REVIEW_POLICY, requiredReviewers: ["listed"], autoDeploy: true },
  self: "orket-bot",
  canDeploy: true,
  canRemove: true,
};
const ORIGIN = { repository: 7, build: "b", card: "api", createdAt: minute(0) };

/** Requests for changes of one person at as many heads, the last of them at the head of the sight. */
const requests = (count: number): readonly SeenReview[] =>
  Array.from({ length: count }, (_, index) => ({
    ...REQUEST,
    id: index + 1,
    commit: index === count - 1 ? HEAD : `${index}`.repeat(40),
  }));

const typesOf = ({ events }: Advance): readonly string[] => events.map(({ type }) => type);
const kindsOf = ({ errands }: Advance): readonly string[] => errands.map(({ kind }) => kind);
const look = (row: TrackedPullRequest, sight: Partial<Sight>, rules = RULES): Advance =>
  advance(row, { ...SIGHT, ...sight }, rules);

describe("a pull request that is seen for the first time", () => {
  test("is active, in its first round, and its head is new", () => {
    const first = trackNew(ORIGIN, SIGHT, RULES);
    assert.deepEqual(first.row, TRACKED);
    assert.deepEqual(typesOf(first), ["pr-opened"]);
    assert.equal(first.hasNewHead, true);
  });

  test("counts what was said about earlier heads, up to its limit", () => {
    const first = trackNew(ORIGIN, { ...SIGHT, reviews: requests(4) }, RULES);
    assert.equal(first.row.cycles, 4);
    assert.equal(first.row.isRejecting, true);
    assert.deepEqual(kindsOf(first), [
      "escalation-comment",
      "rejection-comment",
      "rejection-close",
      "rejection-issue",
      "rejection-card",
    ]);
    assert.deepEqual(
      first.row.rejections.map(({ cycle }) => cycle),
      [1, 2, 3, 4],
    );
  });

  test("was opened when a delivery says so", () => {
    const sight = { ...SIGHT, reopenedAt: minute(5) };
    assert.equal(trackNew(ORIGIN, sight, RULES).row.openedAt, minute(5));
  });
});

describe("a request for changes", () => {
  const rows = [
    ["of an official reviewer counts", {}, true],
    ["of one on the list counts, in any case", { isOfficial: false, reviewer: "LISTED" }, true],
    [
      "of anybody else does not",
      { isOfficial: false },
      "neither official nor on the list of reviewers",
    ],
    ["of the author does not, in any case", { reviewer: "Coder" }, "the author cannot reject"],
    ["of Orket's own account does not", { reviewer: "Orket-Bot" }, "it is Orket's own account"],
    ["of another head does not", { commit: NEXT_HEAD }, "not of the present head"],
    ["that is a comment is none", { state: "COMMENT" }, undefined],
    ["that is an approval is none", { state: "APPROVED" }, undefined],
  ] as const;
  for (const [name, change, expected] of rows)
    test(name, () => {
      const after = look(TRACKED, { reviews: [{ ...REQUEST, ...change }] });
      assert.equal(after.row.cycles, expected === true ? 1 : 0);
      const [event] = after.events;
      assert.equal(event?.data["counts"], expected === true);
      assert.equal(event?.data["why"], expected === true ? undefined : expected);
      assert.deepEqual(after.row.seenReviews, [1]);
    });

  test("that is a draft, or only asked for, is not looked at", () => {
    const reviews = [
      { ...REQUEST, state: "PENDING" as const },
      { ...REQUEST, id: 2, state: "REQUEST_REVIEW" as const },
    ];
    assert.equal(look(TRACKED, { reviews }).row, TRACKED);
  });

  test("counts once for a head, whatever its writer adds", () => {
    const reviews = [REQUEST, { ...REQUEST, id: 2, body: "still" }];
    const after = look(TRACKED, { reviews });
    assert.equal(after.row.cycles, 1);
    assert.equal(after.events[1]?.data["why"], "counted once for this head");
  });

  test("keeps counting when a later review of the same person took its being official", () => {
    const reviews = [
      { ...REQUEST, isOfficial: false },
      { ...REQUEST, id: 2, state: "COMMENT" as const },
    ];
    assert.equal(look(TRACKED, { reviews }).row.cycles, 1);
  });

  test("is taken in the order of its ids, with its reason cut, or said to be missing", () => {
    const reviews = [
      { ...REQUEST, id: 9, reviewer: "listed", body: "  " },
      { ...REQUEST, id: 3, body: "x".repeat(5000) },
    ];
    const { row, events } = look(TRACKED, { reviews });
    assert.deepEqual(
      row.rejections.map(({ review, cycle }) => [review, cycle]),
      [
        [3, 1],
        [9, 2],
      ],
    );
    assert.equal(row.rejections[0]?.reason.length, 4000);
    assert.equal(events[0]?.data["reason"], "x".repeat(500));
    assert.equal(row.rejections[1]?.reason, "No reason provided");
  });

  test("asks for the architect once, at the cycle of the policy", () => {
    const policy = { ...RULES.policy, escalationCycle: 2, escalationLogin: "ada" };
    const rules = { ...RULES, policy };
    const two = trackNew(ORIGIN, { ...SIGHT, reviews: requests(2) }, rules);
    assert.deepEqual(kindsOf(two), ["escalation-comment"]);
    assert.deepEqual(two.events.at(-1), {
      type: "pr-escalated",
      data: { cycle: 2, login: "ada" },
    });
    const third = { ...REQUEST, id: 8, reviewer: "listed" };
    const three = look(two.row, { reviews: [...requests(2), third] }, rules);
    assert.equal(three.row.cycles, 3);
    assert.deepEqual(kindsOf(three), []);
  });

  test("counts no more once the limit is reached", () => {
    const { row } = trackNew(ORIGIN, { ...SIGHT, reviews: requests(4) }, RULES);
    const late = { ...REQUEST, id: 5, reviewer: "listed" };
    const after = look(row, { reviews: [...requests(4), late] });
    assert.equal(after.row.cycles, 4);
    assert.equal(after.events[0]?.data["why"], "the limit is reached");
    assert.deepEqual(kindsOf(after), []);
  });
});

describe("a new head", () => {
  const pull = { ...SEEN, headSha: NEXT_HEAD };

  test("is told with the one before, and what held the merge is forgotten", () => {
    const row = { ...TRACKED, refusal: { headSha: HEAD, refusals: [], facts: "" } };
    const after = look(row, { pull });
    assert.equal(after.row.headSha, NEXT_HEAD);
    assert.equal(after.row.refusal, null);
    assert.equal(after.hasNewHead, true);
    assert.deepEqual(after.events, [
      { type: "pr-synchronized", data: { headSha: NEXT_HEAD, before: HEAD } },
    ]);
  });

  test("takes nothing from what was said about the one before, whose delivery was lost", () => {
    const reviews = [{ ...REQUEST, id: 4, commit: NEXT_HEAD }, REQUEST];
    const after = look(TRACKED, { pull, reviews });
    assert.deepEqual(
      after.row.rejections.map(({ headSha }) => headSha),
      [HEAD, NEXT_HEAD],
    );
    assert.deepEqual(typesOf(after), ["pr-reviewed", "pr-synchronized", "pr-reviewed"]);
  });
});

test("what the forge calls it is kept up to date without an event", () => {
  const after = look(TRACKED, { pull: { ...SEEN, title: "other" }, fullName: "shop/new" });
  assert.equal(after.row.title, "other");
  assert.equal(after.row.fullName, "shop/new");
  assert.deepEqual(after.events, []);
});

describe("closed", () => {
  const pull = { ...SEEN, isOpen: false };

  test("by a person: said once, its sandbox goes, and what is said meanwhile never counts", () => {
    const once = look({ ...TRACKED, cycles: 2 }, { pull });
    assert.equal(once.row.state, "closed");
    assert.deepEqual(typesOf(once), ["pr-closed"]);
    assert.deepEqual(kindsOf(once), ["sandbox-removal"]);
    assert.equal(once.dropsErrands, true);
    const twice = look(once.row, { pull, reviews: [REQUEST] });
    assert.deepEqual(twice.row.seenReviews, [1]);
    assert.deepEqual(twice.events, []);
    const again = look(twice.row, { pull, reviews: [REQUEST] });
    assert.equal(again.row, twice.row);
  });

  test("where nobody takes sandboxes down, none is asked to", () => {
    assert.deepEqual(kindsOf(look(TRACKED, { pull }, { ...RULES, canRemove: false })), []);
  });

  test("by its own rejection: its errands end it", () => {
    const row = { ...TRACKED, isRejecting: true };
    assert.equal(look(row, { pull }).row, row);
  });
});

describe("opened again", () => {
  const CLOSED: TrackedPullRequest = {
    ...TRACKED,
    state: "rejected",
    cycles: 4,
    isEscalated: true,
    rejections: [{ review: 1, reviewer: "rita", headSha: HEAD, cycle: 1, reason: "x" }],
    seenReviews: [1],
  };

  test("starts a new count, whoever told of it", () => {
    const after = look(CLOSED, { reviews: [REQUEST] });
    assert.equal(after.row.state, "active");
    assert.equal(after.row.round, 2);
    assert.equal(after.row.cycles, 0);
    assert.equal(after.row.isEscalated, false);
    assert.equal(after.row.openedAt, SEEN.updatedAt);
    assert.deepEqual(typesOf(after), ["pr-reopened"]);
    assert.equal(after.hasNewHead, true);
  });

  test("leaves out what was said before, where the time of the opening is known", () => {
    const early = { ...REQUEST, id: 2, reviewer: "listed", submittedAt: minute(10) };
    const late = { ...REQUEST, id: 3, submittedAt: minute(30) };
    const after = look(CLOSED, { reopenedAt: minute(20), reviews: [early, late] });
    assert.deepEqual(
      after.row.rejections.map(({ review, cycle }) => [review, cycle]),
      [[3, 1]],
    );
    assert.deepEqual(after.row.seenReviews, [1, 2, 3]);
  });

  test("while it was never seen closed, keeps what was counted since", () => {
    const rejections = [1, 2].map((review) => ({
      review,
      reviewer: `r${review}`,
      headSha: HEAD,
      cycle: review,
      reason: "x",
    }));
    const row = { ...TRACKED, cycles: 2, rejections, seenReviews: [1, 2] };
    const reviews = [
      { ...REQUEST, submittedAt: minute(5) },
      { ...REQUEST, id: 2, submittedAt: minute(15) },
    ];
    const after = look(row, { reopenedAt: minute(10), reviews });
    assert.equal(after.row.round, 2);
    assert.deepEqual(
      after.row.rejections.map(({ review, cycle }) => [review, cycle]),
      [[2, 1]],
    );
    assert.equal(after.row.cycles, 1);
  });

  test("a delivery of an opening that is known already changes nothing", () => {
    assert.equal(look(TRACKED, { reopenedAt: minute(0) }).row, TRACKED);
  });
});

describe("merged", () => {
  const pull = { ...SEEN, isOpen: false, isMerged: true, mergeCommit: NEXT_HEAD };

  test("ends it, drops what was to be done, and is deployed", () => {
    const after = look({ ...TRACKED, cycles: 2 }, { pull });
    assert.equal(after.row.state, "merged");
    assert.equal(after.row.mergeCommit, NEXT_HEAD);
    assert.deepEqual(after.events, [
      { type: "pr-merged", data: { headSha: HEAD, mergeCommit: NEXT_HEAD, cycles: 2 } },
    ]);
    assert.equal(after.dropsErrands, true);
    assert.deepEqual(after.errands[0]?.facts, { mergeCommit: NEXT_HEAD });
    assert.equal(after.errands[0]?.about, NEXT_HEAD);
    assert.equal(look(after.row, { pull, reviews: [REQUEST] }).row, after.row);
  });

  test("is not deployed where the policy, a deployer or the commit is missing", () => {
    const policy = { ...RULES.policy, autoDeploy: false };
    assert.deepEqual(kindsOf(look(TRACKED, { pull }, { ...RULES, policy })), []);
    assert.deepEqual(kindsOf(look(TRACKED, { pull }, { ...RULES, canDeploy: false })), []);
    assert.deepEqual(kindsOf(look(TRACKED, { pull: { ...pull, mergeCommit: null } })), []);
  });
});

const aReview: fc.Arbitrary<SeenReview> = fc.record({
  id: fc.integer({ min: 1, max: 12 }),
  reviewer: fc.constantFrom("rita", "listed", "coder", "orket-bot"),
  state: fc.constantFrom("APPROVED", "REQUEST_CHANGES", "COMMENT", "PENDING", "REQUEST_REVIEW"),
  isOfficial: fc.boolean(),
  isStale: fc.boolean(),
  isDismissed: fc.boolean(),
  commit: fc.constantFrom(HEAD, NEXT_HEAD),
  body: fc.constantFrom("", "no"),
  submittedAt: fc.integer({ min: 0, max: 90 }).map(minute),
});

const aSight: fc.Arbitrary<Sight> = fc.record({
  fullName: fc.constant("shop/api"),
  reopenedAt: fc.option(fc.integer({ min: 0, max: 90 }).map(minute)),
  reviews: fc.uniqueArray(aReview, { selector: ({ id }) => id, maxLength: 10 }),
  pull: fc
    .record({
      headSha: fc.constantFrom(HEAD, NEXT_HEAD),
      isOpen: fc.boolean(),
      isMerged: fc.boolean(),
      updatedAt: fc.integer({ min: 0, max: 90 }).map(minute),
    })
    .map((change) => ({ ...SEEN, ...change })),
});

test("looking twice at the same state changes nothing and asks for nothing, whatever came before", () => {
  fc.assert(
    fc.property(fc.array(aSight, { minLength: 1, maxLength: 6 }), (sights) => {
      let row = trackNew(ORIGIN, SIGHT, RULES).row;
      for (const sight of sights) {
        row = advance(row, sight, RULES).row;
        const again = advance(row, sight, RULES);
        assert.equal(again.row, row);
        assert.deepEqual(again.events, []);
        assert.deepEqual(again.errands, []);
      }
    }),
  );
});

test("whatever is seen, a review is counted once, cycles are those that counted, and the limit holds", () => {
  fc.assert(
    fc.property(fc.array(aSight, { maxLength: 8 }), (sights) => {
      let row = trackNew(ORIGIN, SIGHT, RULES).row;
      for (const sight of sights) {
        row = advance(row, sight, RULES).row;
        assert.equal(new Set(row.seenReviews).size, row.seenReviews.length);
        assert.equal(row.cycles, row.rejections.length);
        assert.ok(row.cycles <= RULES.policy.maxCycles);
        assert.ok(row.rejections.every(({ reviewer }) => reviewer !== "coder"));
      }
    }),
  );
});
