// The state machine of cards: the only place that says which status may follow which, by whom, and under what rule.
//
//   ready ──▶ in_progress ──▶ ready_for_testing ──▶ code_review ──▶ done ──▶ archived
//     ▲  ╲        │  ▲  ▲             │                │  │  ▲
//     │   ▶ blocked ─┘  └─────────────┴── rejected ────┘  │  │
//     └──────┘    ▲  waiting_for_developer ──▶ in_progress   │
//                 └───────────────────────────────────────┘
//
// `decideMove` is pure: facts in, patch or refusal out. The store applies the patch with a compare-and-set on version.
import type { Card, CardKind, CardStatus, WaitReason } from "./card.ts";
import { isCardStatus, isWaitReason, WAIT_REASONS } from "./card.ts";
import type { Refused, Result } from "./result.ts";
import { ok, refuse } from "./result.ts";

export type ActorKind = "agent" | "engine" | "human" | "webhook";

/** Who acts. For an agent `id` is its seat key and `roles` are that seat's own roles. */
export type Actor = {
  readonly kind: ActorKind;
  readonly id: string;
  readonly roles: readonly string[];
};

export const ENGINE: Actor = { kind: "engine", id: "engine", roles: [] };

/** Why a move happens, where the table asks: the engine returns a card to `ready` only for one of the first four. */
export const MOVE_CAUSES = [
  "retry",
  "reset",
  "interrupted",
  "restart",
  "dispatch",
  "promote",
  "verdict",
  "reject",
  "answer",
  "dependency",
  "resource",
  "limit",
  "failure",
  "cancel",
  "archive",
  "rollup",
  "command",
] as const;
export type MoveCause = (typeof MOVE_CAUSES)[number];

/** Facts about the card's verification that `done` depends on (rule 7.4). */
export type VerificationFacts = {
  readonly declared: boolean;
  /** Verdict of this cycle on the workspace as it is now; null when there is none. */
  readonly verdict: "pass" | "fail" | null;
  /** The organization demands a verification for every card. */
  readonly required: boolean;
};

/** What an agent's move needs to be judged: whose turn it is in. */
export type TurnFacts = {
  readonly card: string;
  readonly review: boolean;
  readonly authorSeats: readonly string[];
};

export type MoveRequest = {
  /** As it came: a model may have sent anything. */
  readonly to: unknown;
  readonly actor: Actor;
  readonly cause: MoveCause;
  readonly waitReason?: unknown;
  readonly waitDetail?: string | null;
  readonly turn?: TurnFacts;
  readonly verification?: VerificationFacts;
};

/** The columns a move writes; nothing else of the card changes. */
export type CardMove = {
  readonly from: CardStatus;
  readonly to: CardStatus;
  readonly waitReason: WaitReason | null;
  readonly waitDetail: string | null;
  readonly cause: MoveCause;
  readonly verified?: boolean;
  readonly cycle?: number;
  readonly retryCount?: number;
};

/** The part of a card that a move is decided on. */
export type MovableCard = Pick<Card, "id" | "kind" | "type" | "status" | "waitReason">;

type Rule = {
  readonly who: string;
  readonly reasons?: readonly WaitReason[];
  readonly causes?: readonly MoveCause[];
};
type Table = Readonly<Partial<Record<CardStatus, Readonly<Partial<Record<CardStatus, Rule>>>>>>;

const by = (who: string): Rule => ({ who });
const CLOSE = { canceled: by("HE"), archived: by("HE") } as const;

// A agent, E engine, H human (webhooks act as humans do, through their policy). An engine rule can name reasons or causes.
const ISSUE_TABLE: Table = {
  ready: {
    in_progress: by("EH"),
    blocked: { who: "E", reasons: ["dependency", "resource"] },
    ...CLOSE,
  },
  in_progress: {
    blocked: by("AEH"),
    waiting_for_developer: by("AEH"),
    ready_for_testing: by("AEH"),
    code_review: by("AEH"),
    ready: { who: "E", causes: ["retry", "reset", "interrupted"] },
    ...CLOSE,
  },
  blocked: { ready: by("HE"), in_progress: by("H"), ...CLOSE },
  waiting_for_developer: { in_progress: by("HE"), ...CLOSE },
  ready_for_testing: { code_review: by("AEH"), in_progress: by("AEH"), ...CLOSE },
  code_review: {
    done: by("AH"),
    in_progress: by("AEH"),
    ready_for_testing: by("AEH"),
    blocked: { who: "E", reasons: ["review", "resource", "input", "system"] },
    archived: by("HE"),
  },
  done: { archived: by("HE") },
  canceled: { archived: by("HE") },
};

const EPIC_TABLE: Table = {
  ready: { in_progress: by("EH"), ...CLOSE },
  in_progress: { code_review: by("EH"), done: by("EH"), ...CLOSE },
  code_review: { done: by("EH"), in_progress: by("EH"), archived: by("EH") },
  done: { archived: by("EH"), in_progress: by("E") },
  canceled: { archived: by("EH") },
};

const ROCK_TABLE: Table = {
  ready: { in_progress: by("EH"), ...CLOSE },
  in_progress: { done: by("EH"), ...CLOSE },
  done: { archived: by("EH"), in_progress: by("E") },
  canceled: { archived: by("EH") },
};

export const MOVE_TABLES: Readonly<Record<CardKind, Table>> = {
  issue: ISSUE_TABLE,
  epic: EPIC_TABLE,
  rock: ROCK_TABLE,
};

const WHO: Readonly<Record<ActorKind, string>> = {
  agent: "A",
  engine: "E",
  human: "H",
  webhook: "H",
};
const GUARD_ROLE = "integrity_guard";

/** Seats and roles compare after trimming, lower-casing and with spaces and dashes as underscores. */
export const keyOf = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, "_");

const needsReason = (status: CardStatus): boolean =>
  status === "blocked" || status === "waiting_for_developer";

const invalidMove = (card: MovableCard, to: CardStatus): Refused =>
  refuse("CARD_MOVE_REFUSED", `Invalid transition for ${card.kind}: ${card.status} -> ${to}`, {
    card: card.id,
    from: card.status,
    to,
  });

function checkTable(card: MovableCard, to: CardStatus, request: MoveRequest): Refused | null {
  if (request.cause === "restart" && to === "ready" && request.actor.kind === "engine") {
    return card.status === "ready" ? invalidMove(card, to) : null;
  }
  const rule = MOVE_TABLES[card.kind][card.status]?.[to];
  if (rule === undefined || !rule.who.includes(WHO[request.actor.kind]))
    return invalidMove(card, to);
  if (rule.causes !== undefined && !rule.causes.includes(request.cause))
    return invalidMove(card, to);
  // Only a person lifts a block of another kind; the engine lifts what it can see is gone.
  const lifts = card.status === "blocked" && to === "ready" && request.actor.kind === "engine";
  if (lifts && card.waitReason !== "dependency" && card.waitReason !== "resource")
    return invalidMove(card, to);
  return null;
}

function checkWaitReason(card: MovableCard, to: CardStatus, request: MoveRequest): Refused | null {
  if (!needsReason(to)) return null;
  const allowed = MOVE_TABLES[card.kind][card.status]?.[to]?.reasons ?? WAIT_REASONS;
  const given = request.waitReason;
  if (isWaitReason(given) && allowed.includes(given)) return null;
  return refuse(
    "WAIT_REASON_REQUIRED",
    `wait_reason is required when transitioning to ${to}. Valid reasons: [${allowed.join(", ")}]`,
    { card: card.id, to },
  );
}

function checkFinalizer(card: MovableCard, request: MoveRequest): Refused | null {
  if (request.actor.kind !== "agent") return null;
  const { actor, turn } = request;
  const guard = actor.roles.some((role) => keyOf(role) === GUARD_ROLE);
  const author = turn?.authorSeats.some((seat) => keyOf(seat) === keyOf(actor.id)) === true;
  if (guard && !author && turn?.review === true) return null;
  return refuse(
    "PERMISSION_DENIED",
    "Permission Denied: Only the 'integrity_guard' role can finalize Issues to 'DONE'",
    { card: card.id, seat: actor.id, guard, author, review: turn?.review === true },
  );
}

function checkVerification(
  card: MovableCard,
  facts: VerificationFacts | undefined,
): Refused | null {
  if (facts === undefined) {
    return refuse(
      "VERIFICATION_REQUIRED",
      "verification_required: the card's verification is not known",
      { card: card.id },
    );
  }
  if (facts.declared && facts.verdict !== "pass") {
    const outcome = facts.verdict === "fail" ? "failed" : "has no verdict";
    return refuse(
      "VERIFICATION_FAILED",
      `verification_failed: the verification of ${card.id} ${outcome}`,
      {
        card: card.id,
        verdict: facts.verdict,
      },
    );
  }
  if (!facts.declared && facts.required) {
    return refuse(
      "VERIFICATION_REQUIRED",
      `verification_required: ${card.id} declares no verification and the organization demands one`,
      { card: card.id },
    );
  }
  return null;
}

/** What the move writes besides status and wait reason: counters that start again, and whether the work was proven. */
function sideEffects(card: MovableCard, to: CardStatus, request: MoveRequest): Partial<CardMove> {
  if (request.cause === "restart") return { cycle: 0, retryCount: 0, verified: false };
  if (card.kind === "issue" && to === "done") {
    return { cycle: 0, verified: request.verification?.declared === true };
  }
  const humanUnblock = card.status === "blocked" && request.actor.kind === "human";
  return humanUnblock ? { cycle: 0, retryCount: 0 } : {};
}

/** Decides one status change. Whatever `request` holds, the answer is a patch or a refusal, never an exception. */
export function decideMove(card: MovableCard, request: MoveRequest): Result<CardMove> {
  const { to } = request;
  if (!isCardStatus(to))
    return refuse("STATUS_INVALID", `Invalid status: ${describe(to)}`, { card: card.id });
  if (!isCardStatus(card.status)) {
    return refuse("STATUS_INVALID", `Invalid status: ${describe(card.status)}`, { card: card.id });
  }
  if (request.actor.kind === "agent" && request.turn?.card !== card.id) {
    return refuse(
      "NOT_OWN_CARD",
      `not_own_card: this turn works on ${request.turn?.card ?? "no card"}, not on ${card.id}`,
      {
        card: card.id,
      },
    );
  }
  const finishing = card.kind === "issue" && to === "done";
  const refused =
    checkTable(card, to, request) ??
    checkWaitReason(card, to, request) ??
    (finishing
      ? (checkFinalizer(card, request) ?? checkVerification(card, request.verification))
      : null);
  if (refused !== null) return refused;
  return ok({
    from: card.status,
    to,
    waitReason: needsReason(to) ? (request.waitReason as WaitReason) : null,
    waitDetail: needsReason(to) ? (request.waitDetail ?? null) : null,
    cause: request.cause,
    ...sideEffects(card, to, request),
  });
}

/** A bad word as it may be shown: short, one line. */
function describe(value: unknown): string {
  const text = typeof value === "string" ? value : toText(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** A model's word is JSON; a caller's mistake may be anything, and a refusal must not throw over it. */
function toText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return `a ${typeof value}`;
  }
}
