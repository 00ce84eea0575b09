// What a person or a program sees of pull requests: their cycles, and what is still to be done about them.
import type { Errand } from "../../domain/pull-request-errand.ts";
import type { Event, EventType } from "../../domain/events.ts";
import { EVENT_TYPES } from "../../domain/events.ts";
import type { PullRequestState, TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Engine } from "../engine.ts";
import { keyOfRow } from "./loop.ts";

export type PullRequestView = {
  readonly row: TrackedPullRequest;
  readonly errands: readonly Errand[];
  /** What happened to it, oldest first. */
  readonly history: readonly Event[];
};

/** At how many rejections somebody is asked, and at how many it is closed. */
export type ReviewLimits = { readonly escalation: number; readonly rejection: number };

/** null where the project's files cannot be read. */
export async function reviewLimits({
  assets,
}: Pick<Engine, "assets">): Promise<ReviewLimits | null> {
  const loaded = await assets.load();
  if (!loaded.ok) return null;
  const { escalationCycle, maxCycles } = loaded.value.organization.process.prReviewPolicy;
  return { escalation: escalationCycle, rejection: maxCycles };
}

type Reading = Pick<Engine, "store">;

const ERRANDS_MAX = 1000;
const EVENTS_MAX = 1000;
const TYPES: readonly EventType[] = EVENT_TYPES.filter((type) => type.startsWith("pr-"));

/** Last changed first. */
export const listPullRequests = async (
  { store }: Reading,
  filter: { readonly states?: readonly PullRequestState[]; readonly limit: number },
): Promise<{ readonly rows: readonly TrackedPullRequest[]; readonly asOfSeq: number }> =>
  store.read(async ({ pullRequests, events }) => ({
    rows: await pullRequests.list(filter),
    asOfSeq: await events.lastSeq(),
  }));

export const showPullRequest = async (
  { store }: Reading,
  { fullName, number }: { readonly fullName: string; readonly number: number },
): Promise<Result<PullRequestView & { readonly asOfSeq: number }>> =>
  store.read(async ({ pullRequests, events }) => {
    const row = await pullRequests.named(fullName, number);
    if (row === null)
      return refuse(
        "PULL_REQUEST_UNKNOWN",
        `No pull request ${fullName}#${number} is known here. Those that are: orket reviews`,
      );
    const errands = await pullRequests.errands.list({ key: keyOfRow(row), limit: ERRANDS_MAX });
    const { build, card } = row;
    const told = await events.list({ build, card, types: TYPES, limit: EVENTS_MAX });
    const history = told.filter(
      ({ data }) => data["repository"] === fullName && data["pullRequest"] === number,
    );
    return ok({ row, errands, history, asOfSeq: await events.lastSeq() });
  });
