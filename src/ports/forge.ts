// The forge where pull requests live. An event is only ever a hint: whoever acts reads the state here first.
import type { PullRequestFacts, ReviewFacts, StatusFacts } from "../domain/merge-gate.ts";
import type { Result } from "../domain/result.ts";

export type Repository = { readonly owner: string; readonly name: string };
export type PullRequestName = { readonly repository: Repository; readonly number: number };

export type Account = { readonly id: number; readonly login: string };

export type RepositoryFacts = {
  readonly id: number;
  /** Survives a rename; `owner/name` does not. */
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly isPrivate: boolean;
  readonly isArchived: boolean;
  readonly isEmpty: boolean;
  readonly cloneUrl: string;
  readonly mergeStyles: readonly MergeStyle[];
  /** What the token's account may do there. */
  readonly mayAdmin: boolean;
  readonly mayPush: boolean;
};

export type MergeStyle = "merge" | "squash" | "rebase" | "rebase-merge" | "fast-forward-only";

export type PullRequest = PullRequestFacts & {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly headBranch: string;
  readonly baseSha: string;
  readonly webUrl: string;
  readonly mergeCommit: string | null;
  readonly updatedAt: string;
};

export type Review = ReviewFacts & { readonly body: string; readonly submittedAt: string };
export type ForgeComment = {
  readonly id: number;
  readonly author: string;
  readonly body: string;
  readonly at: string;
};
export type Label = { readonly id: number; readonly name: string };

export type NewReview = {
  readonly state: "APPROVED" | "REQUEST_CHANGES" | "COMMENT";
  readonly body: string;
  /** The sha that was reviewed. */
  readonly commit: string;
  /** `line` is a line of the new file that stands in the diff. */
  readonly comments: readonly {
    readonly path: string;
    readonly line: number;
    readonly body: string;
  }[];
};

export type NewStatus = {
  readonly state: "pending" | "success" | "failure" | "error";
  readonly context: string;
  readonly description: string;
  readonly targetUrl?: string;
};

export type MergeRequest = {
  /** The merge happens only on exactly this head. */
  readonly headSha: string;
  readonly style: MergeStyle;
  readonly title: string;
  readonly message: string;
};

/**
 * `moved`: the head is another one, or a conflict: read everything again. `not-now`: perhaps later, the pull request says
 * why. `forbidden`: not until somebody changes something.
 */
export type MergeOutcome =
  | { readonly kind: "merged"; readonly commit: string }
  | { readonly kind: "moved" | "not-now" | "forbidden"; readonly detail: string };

export type Hook = {
  readonly id: number;
  readonly url: string;
  readonly isActive: boolean;
  readonly events: readonly string[];
};

/**
 * Contract (test/contract/forge.suite.ts):
 * - What is there is given as the forge says it now; a list is whole, or the answer is a refusal.
 * - FORGE_NOT_FOUND, FORGE_FORBIDDEN (token, scope or right missing), FORGE_CONFLICT (the state does not allow it),
 *   FORGE_UNAVAILABLE (not reached, too slow, broken, or an answer that is none): nothing else is ever answered.
 * - Only reads are tried again by themselves. After a write whose answer was lost the answer is FORGE_UNAVAILABLE: the
 *   caller reads before it writes again.
 * - A redirect is refused: the token goes to one host, and never into a URL, an argument or a message.
 */
export type Forge = {
  readonly self: (signal: AbortSignal) => Promise<Result<Account>>;
  readonly repository: (
    repository: Repository,
    signal: AbortSignal,
  ) => Promise<Result<RepositoryFacts>>;
  readonly pulls: PullRequests;
  readonly issues: Issues;
  readonly statuses: Statuses;
  readonly repositories: Repositories;
};

export type PullRequests = {
  readonly get: (name: PullRequestName, signal: AbortSignal) => Promise<Result<PullRequest>>;
  /** Open ones, or those that were closed, newest change first. */
  readonly list: (
    filter: {
      readonly repository: Repository;
      readonly state: "open" | "closed";
      readonly limit: number;
    },
    signal: AbortSignal,
  ) => Promise<Result<readonly PullRequest[]>>;
  readonly create: (
    request: {
      readonly repository: Repository;
      readonly title: string;
      readonly body: string;
      readonly head: string;
      readonly base: string;
    },
    signal: AbortSignal,
  ) => Promise<Result<PullRequest>>;
  readonly close: (name: PullRequestName, signal: AbortSignal) => Promise<Result<null>>;
  readonly reviews: (
    name: PullRequestName,
    signal: AbortSignal,
  ) => Promise<Result<readonly Review[]>>;
  /** Removes what a call of this account that died half-way left first, so that nothing is appended to it. */
  readonly review: (
    name: PullRequestName,
    review: NewReview,
    signal: AbortSignal,
  ) => Promise<Result<Review>>;
  /** Old names of renamed files among them; null when there are more than can be read. */
  readonly changedPaths: (
    name: PullRequestName,
    signal: AbortSignal,
  ) => Promise<Result<readonly string[] | null>>;
  readonly diff: (name: PullRequestName, signal: AbortSignal) => Promise<Result<string>>;
  readonly merge: (
    name: PullRequestName,
    request: MergeRequest,
    signal: AbortSignal,
  ) => Promise<Result<MergeOutcome>>;
};

export type Issues = {
  /** Of an issue or a pull request, oldest first. */
  readonly comments: (
    name: PullRequestName,
    signal: AbortSignal,
  ) => Promise<Result<readonly ForgeComment[]>>;
  readonly comment: (
    name: PullRequestName,
    body: string,
    signal: AbortSignal,
  ) => Promise<Result<ForgeComment>>;
  /** Puts another text in the place of one that this account wrote. */
  readonly editComment: (
    repository: Repository,
    comment: Pick<ForgeComment, "id" | "body">,
    signal: AbortSignal,
  ) => Promise<Result<null>>;
  /** Open issues, no pull requests, newest first. */
  readonly list: (
    repository: Repository,
    limit: number,
    signal: AbortSignal,
  ) => Promise<Result<readonly { readonly number: number; readonly body: string }[]>>;
  readonly create: (
    request: {
      readonly repository: Repository;
      readonly title: string;
      readonly body: string;
      readonly labels: readonly Label[];
    },
    signal: AbortSignal,
  ) => Promise<Result<{ readonly number: number; readonly labels: readonly Label[] }>>;
  /** Looks them up by name, in the repository and its organization, and makes those that are missing. */
  readonly labels: (
    repository: Repository,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<Result<readonly Label[]>>;
};

export type Statuses = {
  /** The newest of each context. */
  readonly list: (
    repository: Repository,
    sha: string,
    signal: AbortSignal,
  ) => Promise<Result<readonly StatusFacts[]>>;
  readonly set: (
    request: {
      readonly repository: Repository;
      readonly sha: string;
      readonly status: NewStatus;
    },
    signal: AbortSignal,
  ) => Promise<Result<null>>;
};

export type Repositories = {
  /** In the organization when there is one of that name, else for the token's own account. */
  readonly create: (
    request: {
      readonly repository: Repository;
      readonly isPrivate: boolean;
      readonly description: string;
    },
    signal: AbortSignal,
  ) => Promise<Result<RepositoryFacts>>;
  /** The tree of a branch's head, and the head; null when there is no such branch. */
  readonly head: (
    repository: Repository,
    branch: string,
    signal: AbortSignal,
  ) => Promise<Result<{ readonly sha: string; readonly tree: string } | null>>;
  readonly hooks: (repository: Repository, signal: AbortSignal) => Promise<Result<readonly Hook[]>>;
  readonly createHook: (
    request: {
      readonly repository: Repository;
      readonly url: string;
      readonly secret: string;
      readonly events: readonly string[];
    },
    signal: AbortSignal,
  ) => Promise<Result<Hook>>;
  readonly dropHook: (
    repository: Repository,
    hook: number,
    signal: AbortSignal,
  ) => Promise<Result<null>>;
  /** Names of the rules there are. */
  readonly protections: (
    repository: Repository,
    signal: AbortSignal,
  ) => Promise<Result<readonly string[]>>;
  /** Has the forge send a test delivery. */
  readonly testHook: (
    repository: Repository,
    hook: number,
    signal: AbortSignal,
  ) => Promise<Result<null>>;
  readonly protectBranch: (
    request: {
      readonly repository: Repository;
      readonly branch: string;
      readonly approvals: number;
      readonly reviewers: readonly string[];
      readonly statuses: readonly string[];
    },
    signal: AbortSignal,
  ) => Promise<Result<null>>;
};
