// Repositories themselves: made, looked at, hooked and protected.
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Hook, Repositories, Repository, RepositoryFacts } from "../../ports/forge.ts";
import type { By, Caller } from "./gitea-call.ts";
import { callFor, callOnly, listAll, pathOf } from "./gitea-call.ts";
import * as shapes from "./gitea-shapes.ts";

const HOOKS_MAX = 500;

export function createGiteaRepositories(by: By): Repositories {
  return {
    create: (request, signal) => createRepository(by(signal), request),
    head: (repository, branch, signal) => readHead(by(signal), repository, branch),
    hooks: async (repository, signal) => {
      const call = { path: [...pathOf(repository), "hooks"] };
      const found = await listAll(by(signal), { call, shape: shapes.hooks, max: HOOKS_MAX });
      return found.ok ? ok(found.value.items) : found;
    },
    createHook: ({ repository, url, secret, events }, signal): Promise<Result<Hook>> =>
      callFor(
        by(signal),
        {
          method: "POST",
          path: [...pathOf(repository), "hooks"],
          body: {
            type: "gitea",
            // Off unless it is said.
            active: true,
            branch_filter: "*",
            config: { url, content_type: "json", secret },
            events,
          },
          ok: [201],
        },
        shapes.hook,
      ),
    dropHook: (repository, hook, signal) =>
      callOnly(by(signal), {
        method: "DELETE",
        path: [...pathOf(repository), "hooks", hook],
        ok: [204, 404],
      }),
    // Comes in one piece.
    protections: (repository, signal) =>
      callFor(
        by(signal),
        { method: "GET", path: [...pathOf(repository), "branch_protections"], ok: [200] },
        shapes.protections,
      ),
    testHook: (repository, hook, signal) =>
      callOnly(by(signal), {
        method: "POST",
        path: [...pathOf(repository), "hooks", hook, "tests"],
        ok: [204],
      }),
    protectBranch: ({ repository, branch, approvals, reviewers, statuses }, signal) =>
      callOnly(by(signal), {
        method: "POST",
        path: [...pathOf(repository), "branch_protections"],
        body: {
          rule_name: branch,
          enable_push: true,
          required_approvals: approvals,
          enable_approvals_whitelist: reviewers.length > 0,
          approvals_whitelist_username: reviewers,
          block_on_rejected_reviews: true,
          dismiss_stale_approvals: true,
          enable_status_check: statuses.length > 0,
          status_check_contexts: statuses,
        },
        ok: [201],
      }),
  };
}

/** 409 is an answer only once the repository was read: it may be somebody else's, or not be shown. */
async function createRepository(
  caller: Caller,
  { repository, isPrivate, description }: Parameters<Repositories["create"]>[0],
): Promise<Result<RepositoryFacts>> {
  const body = { name: repository.name, private: isPrivate, description, auto_init: false };
  const make = (path: readonly string[]) =>
    callFor(caller, { method: "POST", path, body, ok: [201] }, shapes.repository);
  const inOrganization = await make(["orgs", repository.owner, "repos"]);
  const made = await orOwn(caller, { repository, inOrganization, make });
  if (made.ok || made.error.details["status"] !== 409) return made;
  return callFor(caller, { method: "GET", path: pathOf(repository), ok: [200] }, shapes.repository);
}

async function readHead(
  caller: Caller,
  repository: Repository,
  branch: string,
): ReturnType<Repositories["head"]> {
  const path = [...pathOf(repository), "branches", branch];
  const sha = await callFor(caller, { method: "GET", path, ok: [200] }, shapes.branchHead);
  if (!sha.ok) return sha.error.code === "FORGE_NOT_FOUND" ? ok(null) : sha;
  const tree = await callFor(
    caller,
    { method: "GET", path: [...pathOf(repository), "git", "commits", sha.value], ok: [200] },
    shapes.commitTree,
  );
  return tree.ok ? ok({ sha: sha.value, tree: tree.value }) : tree;
}

type Making = {
  readonly repository: Repository;
  readonly inOrganization: Result<RepositoryFacts>;
  readonly make: (path: readonly string[]) => Promise<Result<RepositoryFacts>>;
};

/** No organization of that name: then the owner is the token's own account, or nobody we can make one for. */
async function orOwn(
  caller: Caller,
  { repository, inOrganization, make }: Making,
): Promise<Result<RepositoryFacts>> {
  if (inOrganization.ok || inOrganization.error.code !== "FORGE_NOT_FOUND") return inOrganization;
  const self = await callFor(caller, { method: "GET", path: ["user"], ok: [200] }, shapes.account);
  if (!self.ok) return self;
  const isOwn = self.value.login.toLowerCase() === repository.owner.toLowerCase();
  return isOwn ? make(["user", "repos"]) : inOrganization;
}
