// Which run reviews, or reviewed, a head: told by the event that was stored with it, so that it is found again after any end of
// a process.
import type { Run } from "../../domain/run.ts";
import { isActive } from "../../domain/run.ts";
import type { Repository } from "../../ports/forge.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import type { Engine } from "../engine.ts";

export type CardKey = { readonly build: string; readonly id: string };

export type HeadName = {
  readonly repository: Repository;
  readonly number: number;
  readonly sha: string;
};

export type QueuedReview = { readonly run: Run; readonly sha: string; readonly tree: string };

export const nameOf = ({ owner, name }: Repository): string => `${owner}/${name}`;

const REVIEWS_LOOKED_AT_MAX = 200;

/** Those of one pull request on one card, newest first. */
export async function findReviews(
  { store }: Pick<Engine, "store">,
  { build, id }: CardKey,
  head: Omit<HeadName, "sha">,
): Promise<readonly QueuedReview[]> {
  return store.read(async ({ events, runs }) => {
    const queued = await queuedReviews(events, { build, id });
    const found: QueuedReview[] = [];
    for (const { run: runId, data } of queued.toReversed()) {
      const { repository, number, sha, tree } = data;
      const isThis = repository === nameOf(head.repository) && number === head.number;
      if (!isThis || runId === undefined || typeof sha !== "string" || typeof tree !== "string")
        continue;
      const run = await runs.get(runId);
      if (run !== null) found.push({ run, sha, tree });
    }
    return found;
  });
}

/** Oldest first; the newest of them. */
const queuedReviews = async (
  events: StoreTransaction["events"],
  { build, id }: CardKey,
): ReturnType<StoreTransaction["events"]["list"]> =>
  events.list({
    build,
    card: id,
    types: ["pull-review-queued"],
    before: Number.MAX_SAFE_INTEGER,
    limit: REVIEWS_LOOKED_AT_MAX,
  });

/** Still open, so that it holds its build. */
export const isOpen = ({ run }: QueuedReview): boolean => isActive(run.status);
