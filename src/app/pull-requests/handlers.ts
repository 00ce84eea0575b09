// What a delivery leads to: the pull request that it tells of is looked at. Nothing else is taken from it but which one that
// is, and when it was opened again; everything that counts is read from the forge.
import type { Delivery } from "../../domain/delivery.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { DeliveryHandler, DeliveryHandlers, Handled } from "../work-deliveries.ts";
import type { Hint } from "./attend.ts";
import { attend, NO_HINT } from "./attend.ts";
import type { PullRequestLoop } from "./loop.ts";
import { isHandled, repositoryOf } from "./loop.ts";

type Taken = Delivery & { readonly body: string };

const PULL_REQUEST_EVENTS = [
  "pull_request",
  "pull_request_sync",
  "pull_request_review_approved",
  "pull_request_review_rejected",
  "pull_request_review_comment",
  "pull_request_comment",
] as const;

export const handlersOf = (loop: PullRequestLoop): DeliveryHandlers => ({
  ...Object.fromEntries(PULL_REQUEST_EVENTS.map((event) => [event, onPullRequest(loop)])),
  status: onStatus(loop),
  push: async () => ignored("A push to the head of a pull request comes as pull_request_sync."),
});

const ignored = (reason: string): Result<Handled> => ok({ kind: "ignored", reason });

const onPullRequest =
  (loop: PullRequestLoop): DeliveryHandler =>
  async (delivery, signal) => {
    const { pullRequest } = delivery;
    const place = placeOf(loop, delivery);
    if (pullRequest === null || place === null) return ignored(NOT_HANDLED);
    const self = await loop.self(signal);
    if (!self.ok) return self;
    // Its own words would have it look at what it has just written.
    if (delivery.event.endsWith("_comment") && delivery.sender?.id === self.value.id)
      return ignored("Orket wrote it.");
    const name = { repository: place.repository, number: pullRequest };
    const attended = await attend(loop, { name, hint: hintOf(delivery, place.id) }, signal);
    if (!attended.ok) return attended;
    const { value } = attended;
    return value.kind === "done" ? ok({ kind: "done" }) : ignored(value.reason);
  };

const NOT_HANDLED = "It belongs to no pull request of a repository that is looked after.";

function placeOf(loop: PullRequestLoop, { repository }: Delivery) {
  if (repository === null || !isHandled(loop, repository.fullName)) return null;
  const named = repositoryOf(repository.fullName);
  return named === null ? null : { repository: named, id: repository.id };
}

/** The forge's state alone cannot tell a pull request that was closed and opened from one that never was. */
function hintOf({ event, action, body }: Taken, repository: number): Hint {
  const isReopening = event === "pull_request" && action === "reopened";
  return { ...NO_HINT, repository, reopenedAt: isReopening ? updatedAtOf(body) : null };
}

/** The body had the shape of its event when it was let in; a replayed file may be another. */
function updatedAtOf(body: string): string | null {
  const at = textAt(body, ["pull_request", "updated_at"]);
  return at !== null && Number.isFinite(Date.parse(at)) ? at : null;
}

function textAt(body: string, path: readonly string[]): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  for (const name of path)
    value =
      typeof value === "object" && value !== null
        ? (value as Readonly<Record<string, unknown>>)[name]
        : undefined;
  return typeof value === "string" ? value : null;
}

/** More than ever have one head. */
const ROWS_MAX = 20;

/** A check of a commit: whatever is open at that commit may be ready to merge now. */
const onStatus =
  (loop: PullRequestLoop): DeliveryHandler =>
  async (delivery, signal) => {
    const place = placeOf(loop, delivery);
    const headSha = textAt(delivery.body, ["sha"]);
    if (place === null || headSha === null) return ignored(NOT_HANDLED);
    const rows = await loop.engine.store.read(async ({ pullRequests }) =>
      pullRequests.list({ states: ["active"], headSha, limit: ROWS_MAX }),
    );
    const mine = rows.filter(({ repository }) => repository === place.id);
    if (mine.length === 0) return ignored("No open pull request has that commit as its head.");
    for (const { number } of mine) {
      const name = { repository: place.repository, number };
      const attended = await attend(loop, { name, hint: hintOf(delivery, place.id) }, signal);
      if (!attended.ok) return attended;
    }
    return ok({ kind: "done" });
  };
