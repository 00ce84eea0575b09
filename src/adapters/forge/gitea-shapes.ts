// What is read out of the forge's answers. Only what is used is decoded, everything else is let be; null and absence are
// the same, since versions differ in it. An answer without what it must have is none.
import { z } from "zod";
import type {
  ForgeComment,
  Hook,
  Label,
  MergeStyle,
  PullRequest,
  RepositoryFacts,
  Review,
} from "../../ports/forge.ts";

const id = z.int().min(0);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);
const user = z.object({ id, login: z.string().min(1) });

export const account = user.transform(({ id: number, login }) => ({ id: number, login }));

const STYLES = {
  allow_merge_commits: "merge",
  allow_squash_merge: "squash",
  allow_rebase: "rebase",
  allow_rebase_explicit: "rebase-merge",
  allow_fast_forward_only_merge: "fast-forward-only",
} as const satisfies Readonly<Record<string, MergeStyle>>;

export const repository = z
  .object({
    id,
    full_name: z.string().min(1),
    default_branch: text,
    private: flag,
    archived: flag,
    empty: flag,
    clone_url: text,
    default_merge_style: text,
    permissions: z.object({ admin: flag, push: flag }).nullish(),
    allow_merge_commits: flag,
    allow_squash_merge: flag,
    allow_rebase: flag,
    allow_rebase_explicit: flag,
    allow_fast_forward_only_merge: flag,
  })
  .transform((data): RepositoryFacts => {
    const allowed = Object.entries(STYLES)
      .filter(([key]) => data[key as keyof typeof STYLES])
      .map(([, style]) => style);
    // The repository's own habit first.
    const isHabit = (style: MergeStyle): number => Number(style === data.default_merge_style);
    return {
      id: data.id,
      fullName: data.full_name,
      defaultBranch: data.default_branch,
      isPrivate: data.private,
      isArchived: data.archived,
      isEmpty: data.empty,
      cloneUrl: data.clone_url,
      mergeStyles: allowed.toSorted((one, other) => isHabit(other) - isHabit(one)),
      mayAdmin: data.permissions?.admin ?? false,
      mayPush: data.permissions?.push ?? false,
    };
  });

const side = z.object({
  ref: z.string().min(1),
  sha,
  // -1 when the fork is gone.
  repo_id: z.int(),
});

export const pullRequest = z
  .object({
    id,
    number: z.int().min(1),
    user,
    title: text,
    body: text,
    state: z.string(),
    draft: flag,
    merged: flag,
    mergeable: z.boolean().nullish(),
    merge_commit_sha: sha.nullish(),
    html_url: text,
    updated_at: text,
    base: side,
    head: side,
  })
  .transform((data): PullRequest => ({
    id: data.id,
    number: data.number,
    title: data.title,
    body: data.body,
    isOpen: data.state === "open",
    isMerged: data.merged,
    isDraft: data.draft,
    isMergeable: data.mergeable ?? null,
    author: data.user.login,
    headSha: data.head.sha,
    headBranch: data.head.ref,
    headRepository: data.head.repo_id < 0 ? null : data.head.repo_id,
    baseRepository: data.base.repo_id,
    baseBranch: data.base.ref,
    baseSha: data.base.sha,
    webUrl: data.html_url,
    mergeCommit: data.merge_commit_sha ?? null,
    updatedAt: data.updated_at,
  }));
export const pullRequests = z.array(pullRequest);

/** Of a team's review `user` is null: nobody in particular said it. */
const reviewRow = z.object({
  id,
  user: user.nullish(),
  state: z.string(),
  body: text,
  commit_id: text,
  official: flag,
  stale: flag,
  dismissed: flag,
  submitted_at: text,
});
const STATES = ["APPROVED", "REQUEST_CHANGES", "COMMENT", "PENDING", "REQUEST_REVIEW"] as const;
type State = (typeof STATES)[number];

export const review = reviewRow.transform((data): Review => ({
  id: data.id,
  reviewer: data.user?.login ?? "",
  // What no version knows today decides nothing.
  state: STATES.find((state): state is State => state === data.state) ?? "COMMENT",
  body: data.body,
  commit: data.commit_id,
  isOfficial: data.official,
  isStale: data.stale,
  isDismissed: data.dismissed,
  submittedAt: data.submitted_at,
}));
export const reviews = z.array(review);

export const comment = z
  .object({ id, user: user.nullish(), body: text, created_at: text })
  .transform((data): ForgeComment => ({
    id: data.id,
    author: data.user?.login ?? "",
    body: data.body,
    at: data.created_at,
  }));
export const comments = z.array(comment);

export const issue = z
  .object({
    number: z.int().min(1),
    body: text,
    labels: z.array(z.object({ id, name: text })).nullish(),
  })
  .transform(({ number, body, labels }) => ({ number, body, labels: labels ?? [] }));
export const issues = z.array(issue);

export const label = z
  .object({ id, name: z.string() })
  .transform((data): Label => ({ id: data.id, name: data.name }));
export const labels = z.array(label);

/** One status carries its state as `status`. */
export const statuses = z.array(
  z
    .object({ id, context: z.string(), status: z.string() })
    .transform((data) => ({ id: data.id, context: data.context, state: data.status })),
);

export const changedFiles = z.array(
  z
    .object({ filename: z.string().min(1), previous_filename: text })
    .transform(({ filename, previous_filename: previous }) =>
      previous === "" ? [filename] : [filename, previous],
    ),
);

export const hook = z
  .object({
    id,
    active: flag,
    events: z.array(z.string()).nullish(),
    config: z.record(z.string(), z.unknown()).nullish(),
  })
  .transform((data): Hook => {
    const url = data.config?.["url"];
    return {
      id: data.id,
      isActive: data.active,
      events: data.events ?? [],
      url: typeof url === "string" ? url : "",
    };
  });
export const hooks = z.array(hook);

export const branchHead = z
  .object({ commit: z.object({ id: sha }) })
  .transform(({ commit }) => commit.id);
export const commitTree = z
  .object({ commit: z.object({ tree: z.object({ sha }) }) })
  .transform(({ commit }) => commit.tree.sha);

export const protections = z.array(
  z.object({ rule_name: text }).transform((data) => data.rule_name),
);
