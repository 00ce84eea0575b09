// Deliveries of the forge: what one is, which of them wait for work, and when a failed one is tried again. How a body is read
// stands in webhook/gitea.ts.

export const DELIVERY_STATES = ["accepted", "working", "done", "dead", "ignored"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How it came in: from the forge, through /webhook/test, or by a person's `orket webhook replay`. */
export const DELIVERY_SOURCES = ["webhook", "test", "replay"] as const;
export type DeliverySource = (typeof DELIVERY_SOURCES)[number];

/**
 * accepted ─▶ working ─▶ done
 *    ▲          │ ├────▶ ignored   looked at, and nothing to do
 *    │  failed  │ └────▶ dead      failed once too often; a person may replay it
 *    └──────────┘
 * A delivery that nothing will ever work on is stored as ignored at once.
 */
export type Delivery = {
  /** Rises with the order of arrival. */
  readonly number: number;
  readonly id: string;
  /** The fine word of the event, derived from the signed body. */
  readonly event: string;
  readonly action: string | null;
  readonly repository: { readonly id: number; readonly fullName: string } | null;
  readonly pullRequest: number | null;
  readonly sender: { readonly id: number; readonly login: string } | null;
  readonly source: DeliverySource;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes as they came. */
  readonly bodyDigest: string;
  readonly receivedAt: string;
  readonly state: DeliveryState;
  /** How often it was taken up. */
  readonly attempts: number;
  /** Why it is ignored, or how the last attempt failed. */
  readonly reason: string | null;
  readonly nextAttemptMs: number;
  readonly settledAt: string | null;
};

/**
 * What the work on pull requests is made of, and what the forge is asked to send. These wait in the store until there is
 * somebody to work on them, so that none is lost while there is not.
 */
export const AWAITED_EVENTS = [
  "pull_request",
  "pull_request_sync",
  "pull_request_review_approved",
  "pull_request_review_rejected",
  "pull_request_review_comment",
  "pull_request_comment",
  "push",
  "status",
] as const;

export const isAwaited = (event: string): boolean =>
  (AWAITED_EVENTS as readonly string[]).includes(event);

/** What is worked on one at a time. What belongs to no pull request has the lane of its repository. */
export const laneOf = ({
  repository,
  pullRequest,
}: Pick<Delivery, "repository" | "pullRequest">): string =>
  `${repository?.id ?? "none"}/${pullRequest ?? "none"}`;

export const ATTEMPTS_MAX = 8;
const FIRST_WAIT_MS = 5000;
const WAIT_MS_MAX = 600_000;

/** After the failure of its attempt number `attempts`: how long to wait, or null when it was the last one. */
export const waitAfter = (attempts: number): number | null =>
  attempts >= ATTEMPTS_MAX
    ? null
    : Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** Math.max(0, attempts - 1));
