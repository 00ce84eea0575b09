// The forge port on Gitea and Forgejo. Facts of their API stand in the shapes and here, where a call needs them; who may
// merge and what is said is decided elsewhere.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Forge, PullRequestName, PullRequests, Statuses } from "../../ports/forge.ts";
import type { By, Caller } from "./gitea-call.ts";
import { callFor, callOnly, listAll, pathOf } from "./gitea-call.ts";
import { createGiteaIssues } from "./gitea-issues.ts";
import { mergePullRequest } from "./gitea-merge.ts";
import { createGiteaRepositories } from "./gitea-repositories.ts";
import * as shapes from "./gitea-shapes.ts";
import type { GiteaDeps } from "./gitea-wire.ts";
import { callApi } from "./gitea-wire.ts";

const REVIEWS_MAX = 1000;
const FILES_MAX = 3000;
const STATUSES_MAX = 1000;
const DIFF_BYTES_MAX = 4 * 1024 * 1024;

export function createGiteaForge(deps: GiteaDeps): Forge {
  const by = (signal: AbortSignal): Caller => ({ deps, signal });
  return {
    self: (signal) =>
      callFor(by(signal), { method: "GET", path: ["user"], ok: [200] }, shapes.account),
    repository: (repository, signal) =>
      callFor(
        by(signal),
        { method: "GET", path: pathOf(repository), ok: [200] },
        shapes.repository,
      ),
    pulls: createPullRequests(by),
    issues: createGiteaIssues(by),
    statuses: createStatuses(by),
    repositories: createGiteaRepositories(by),
  };
}

const pullPath = ({ repository, number }: PullRequestName): readonly (string | number)[] => [
  ...pathOf(repository),
  "pulls",
  number,
];

function createPullRequests(by: By): PullRequests {
  return {
    get: (name, signal) =>
      callFor(by(signal), { method: "GET", path: pullPath(name), ok: [200] }, shapes.pullRequest),
    list: async ({ repository, state, limit }, signal) => {
      const query = { state, sort: "recentupdate" };
      const list = {
        call: { path: [...pathOf(repository), "pulls"], query },
        shape: shapes.pullRequests,
        max: limit,
      };
      const found = await listAll(by(signal), list);
      return found.ok ? ok(found.value.items) : found;
    },
    create: ({ repository, title, body, head, base }, signal) =>
      callFor(
        by(signal),
        {
          method: "POST",
          path: [...pathOf(repository), "pulls"],
          body: { title, body, head, base },
          ok: [201],
        },
        shapes.pullRequest,
      ),
    // Answers 201 where one would expect 200.
    close: (name, signal) =>
      callOnly(by(signal), {
        method: "PATCH",
        path: pullPath(name),
        body: { state: "closed" },
        ok: [200, 201],
      }),
    reviews: (name, signal) => listReviews(by(signal), name),
    review: (name, review, signal) => postReview(by(signal), name, review),
    changedPaths: async (name, signal) => {
      const call = { path: [...pullPath(name), "files"] };
      const list = { call, shape: shapes.changedFiles, max: FILES_MAX };
      const found = await listAll(by(signal), list);
      if (!found.ok) return found;
      return ok(found.value.isWhole ? found.value.items.flat() : null);
    },
    diff: async (name, signal) => {
      const path = [...pathOf(name.repository), "pulls", `${name.number}.diff`];
      const answer = await callApi(
        by(signal).deps,
        { method: "GET", path, ok: [200], bytesMax: DIFF_BYTES_MAX },
        signal,
      );
      return answer.ok ? ok(answer.value.text) : answer;
    },
    merge: (name, request, signal) =>
      mergePullRequest({ caller: by(signal), path: pullPath(name) }, request),
  };
}

async function listReviews(
  caller: Caller,
  name: PullRequestName,
): ReturnType<PullRequests["reviews"]> {
  const call = { path: [...pullPath(name), "reviews"] };
  const found = await listAll(caller, { call, shape: shapes.reviews, max: REVIEWS_MAX });
  if (!found.ok) return found;
  if (found.value.isWhole) return ok(found.value.items);
  return refuse("FORGE_UNAVAILABLE", `The pull request has more than ${REVIEWS_MAX} reviews.`);
}

/** A word that the forge does not know would silently make a pending review; and one that is left over would take ours in. */
async function postReview(
  caller: Caller,
  name: PullRequestName,
  review: Parameters<PullRequests["review"]>[1],
): ReturnType<PullRequests["review"]> {
  const cleared = await dropPending(caller, name);
  if (!cleared.ok) return cleared;
  const posted = await callFor(
    caller,
    {
      method: "POST",
      path: [...pullPath(name), "reviews"],
      body: {
        event: review.state,
        body: review.body,
        commit_id: review.commit,
        comments: review.comments.map(({ path, line, body }) => ({
          path,
          body,
          new_position: line,
        })),
      },
      ok: [200],
    },
    shapes.review,
  );
  if (!posted.ok || posted.value.state === review.state) return posted;
  return refuse(
    "FORGE_UNAVAILABLE",
    `The forge made the review ${posted.value.state} instead of ${review.state}.`,
  );
}

/** Pending reviews are shown to their author alone. */
async function dropPending(caller: Caller, name: PullRequestName): Promise<Result<null>> {
  const reviews = await listReviews(caller, name);
  if (!reviews.ok) return reviews;
  for (const { id, state } of reviews.value) {
    if (state !== "PENDING") continue;
    const path = [...pullPath(name), "reviews", id];
    const dropped = await callOnly(caller, { method: "DELETE", path, ok: [204, 404] });
    if (!dropped.ok) return dropped;
  }
  return ok(null);
}

function createStatuses(by: By): Statuses {
  return {
    list: async (repository, sha, signal) => {
      const call = { path: [...pathOf(repository), "statuses", sha] };
      const list = { call, shape: shapes.statuses, max: STATUSES_MAX };
      const found = await listAll(by(signal), list);
      if (!found.ok) return found;
      if (!found.value.isWhole)
        return refuse("FORGE_UNAVAILABLE", `${sha} has more than ${STATUSES_MAX} statuses.`);
      const newest = new Map(
        found.value.items
          .toSorted((one, other) => one.id - other.id)
          .map(({ context, state }) => [context, { context, state }]),
      );
      return ok([...newest.values()]);
    },
    set: ({ repository, sha, status }, signal) =>
      callOnly(by(signal), {
        method: "POST",
        path: [...pathOf(repository), "statuses", sha],
        body: {
          state: status.state,
          context: status.context,
          description: status.description,
          ...(status.targetUrl === undefined ? {} : { target_url: status.targetUrl }),
        },
        ok: [201],
      }),
  };
}
