// The event log's vocabulary. No change without its event, no event without its change; both in one transaction.
import type { JsonObject } from "./json.ts";

/** Every type there is, by area. docs/events.md lists exactly these; later capabilities add their own. */
export const EVENT_TYPES = [
  // run
  "run-queued",
  "run-forked",
  "run-started",
  "run-stop-requested",
  "run-paused",
  "run-continued",
  "run-ended",
  "run-succeeded",
  "issue-run-resolved",
  "rock-phase-changed",
  "workspace-changed",
  "workspace-replaced",
  // loop
  "decision-made",
  "card-dispatched",
  "backlog-stalled",
  "budget-reached",
  // card
  "card-created",
  "card-moved",
  "card-commented",
  "card-archived",
  "card-nominated",
  "card-orphaned",
  "card-redefined",
  "card-retried",
  "card-retries-exhausted",
  "refinement-proposed",
  "credits-reported",
  // turn
  "turn-started",
  "turn-finished",
  "turn-failed",
  "model-called",
  "model-selected",
  "model-retried",
  "reply-corrected",
  "loop-detected",
  // tool
  "tool-called",
  "tool-finished",
  "call-reconciled",
  "effect-unverified",
  "tool-denied",
  "governance-violated",
  "report-written",
  "approval-requested",
  "approval-decided",
  // review
  "review-started",
  "review-rejected",
  "review-escalated",
  "review-limit-reached",
  "review-commented",
  "alert-raised",
  // verification
  "verification-started",
  "verification-finished",
  "verification-refused",
  // memory
  "memory-forgotten",
  // logs
  "log-cleared",
  // bug-fix phase
  "phase-started",
  "phase-extended",
  "phase-completed",
  // organization loop
  "loop-started",
  "loop-card-chosen",
  "loop-epic-skipped",
  // driver
  "plan-proposed",
  "plan-applied",
  "plan-failed",
  // pull request
  "delivery-accepted",
  "delivery-ignored",
  "delivery-done",
  "delivery-retried",
  "delivery-given-up",
  "delivery-replayed",
  "pr-opened",
  "pr-synchronized",
  "pr-reviewed",
  "pr-escalated",
  "pr-rejected",
  "pr-merge-asked",
  "pr-merged",
  "pr-merge-refused",
  "pr-closed",
  "pr-reopened",
  "pr-errand-done",
  "pr-errand-retried",
  "pr-errand-given-up",
  "pr-reconciled",
  "pr-offer-due",
  "pr-offered",
  "pr-offer-refused",
  "pull-review-queued",
  "pull-review-posted",
  // system
  "key-used",
  "key-refused",
  // products
  "product-published",
  "product-archived",
  "product-deleted",
  // sandbox
  "sandbox-created",
  "sandbox-ports-changed",
  "sandbox-deployed",
  "sandbox-health-changed",
  "sandbox-failed",
  "sandbox-stopping",
  "sandbox-deleted",
  // keys
  "key-added",
  "key-revoked",
  // backup
  "state-restored",
  // import
  "project-imported",
  "card-imported",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** An event before it is appended. `data` holds facts that are safe to keep: no secret, no file content. */
export type NewEvent = {
  readonly type: EventType;
  readonly run?: string;
  readonly build?: string;
  readonly card?: string;
  readonly turn?: string;
  /** `engine`, `human:<name>`, `agent:<seat>`. */
  readonly actor: string;
  readonly data: JsonObject;
};

/** An event of the log. `seq` has no gaps; `hash` = SHA-256 over `prevHash` and the canonical JSON of the rest. */
export type Event = NewEvent & {
  readonly seq: number;
  readonly at: string;
  readonly prevHash: string;
  readonly hash: string;
};

/** What the first event's `prevHash` is. */
export const GENESIS_HASH = "0".repeat(64);
