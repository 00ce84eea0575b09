// The fake forge's answers and payloads, in the shape and with the habits of the real ones.
import { mergedTree, shaOf } from "./git.ts";
import type {
  ForgeAccount,
  ForgeHook,
  ForgeIssue,
  ForgeLabel,
  ForgeNote,
  ForgePull,
  ForgeRepository,
  ForgeReview,
  ForgeState,
  ForgeStatus,
} from "./state.ts";
import { fullNameOf, hasRight } from "./state.ts";

const NEVER = "0001-01-01T00:00:00Z";

export const userJson = (state: ForgeState, account: ForgeAccount) => ({
  id: account.id,
  login: account.login,
  login_name: "",
  full_name: account.login,
  email: `${account.login}@noreply.forge.test`,
  html_url: `${state.url}/${account.login}`,
  is_admin: false,
  last_login: NEVER,
  username: account.login,
});

export function repositoryJson(
  state: ForgeState,
  repository: ForgeRepository,
  actor: ForgeAccount | null,
) {
  const url = `${state.url}/${fullNameOf(repository)}`;
  const allows = (style: string): boolean => repository.styles.includes(style);
  return {
    id: repository.id,
    owner: userJson(state, repository.owner),
    name: repository.name,
    full_name: fullNameOf(repository),
    empty: shaOf(repository.folder, `refs/heads/${repository.defaultBranch}`) === null,
    private: repository.isPrivate,
    fork: false,
    html_url: url,
    clone_url: `${url}.git`,
    default_branch: repository.defaultBranch,
    archived: repository.isArchived,
    permissions: {
      admin: hasRight(repository, actor, "admin"),
      push: hasRight(repository, actor, "write"),
      pull: hasRight(repository, actor, "read"),
    },
    allow_merge_commits: allows("merge"),
    allow_squash_merge: allows("squash"),
    allow_rebase: allows("rebase"),
    allow_rebase_explicit: allows("rebase-merge"),
    allow_fast_forward_only_merge: allows("fast-forward-only"),
    default_merge_style: repository.styles[0] ?? "merge",
    object_format_name: "sha1",
  };
}

export const isDraft = ({ title }: ForgePull): boolean => /^(WIP:|\[WIP\])/i.test(title);

/** False while it is looked for, as the real ones say it. */
export const isMergeable = (repository: ForgeRepository, pull: ForgePull): boolean =>
  pull.isOpen && pull.checksLeft === 0 && !isDraft(pull) && hasNoConflict(repository, pull);

export const hasNoConflict = ({ folder }: ForgeRepository, { base, headSha }: ForgePull): boolean =>
  mergedTree(folder, `refs/heads/${base}`, headSha) !== null;

export function pullJson(state: ForgeState, repository: ForgeRepository, pull: ForgePull) {
  const url = `${state.url}/${fullNameOf(repository)}/pulls/${pull.number}`;
  const branch = shaOf(repository.folder, `refs/heads/${pull.head}`);
  const base = shaOf(repository.folder, `refs/heads/${pull.base}`);
  const side = (label: string, ref: string, sha: string) => ({
    label,
    ref,
    sha,
    repo_id: repository.id,
    repo: repositoryJson(state, repository, null),
  });
  return {
    id: pull.id,
    url,
    number: pull.number,
    user: userJson(state, pull.user),
    title: pull.title,
    body: pull.body,
    labels: [],
    milestone: null,
    assignee: null,
    assignees: state.flavour === "forgejo" ? null : [],
    ...(state.flavour === "forgejo" ? { flow: 0 } : {}),
    state: pull.isOpen ? "open" : "closed",
    draft: isDraft(pull),
    is_locked: false,
    review_comments: pull.reviews.length,
    html_url: url,
    diff_url: `${url}.diff`,
    mergeable: isMergeable(repository, pull),
    merged: pull.mergeCommit !== null,
    merged_at: pull.mergeCommit === null ? null : pull.updatedAt,
    merge_commit_sha: pull.mergeCommit,
    merged_by: pull.mergedBy === null ? null : userJson(state, pull.mergedBy),
    base: side(pull.base, pull.base, pull.mergeCommit ?? base ?? pull.headSha),
    head: side(
      pull.head,
      branch === null ? `refs/pull/${pull.number}/head` : pull.head,
      pull.headSha,
    ),
    updated_at: pull.updatedAt,
  };
}

export const reviewJson = (state: ForgeState, review: ForgeReview) => ({
  id: review.id,
  user: userJson(state, review.user),
  team: null,
  state: review.state,
  body: review.body,
  commit_id: review.commit,
  stale: review.stale,
  official: review.official,
  dismissed: review.dismissed,
  comments_count: review.comments.length,
  submitted_at: review.at,
});

export const noteJson = (state: ForgeState, note: ForgeNote) => ({
  id: note.id,
  user: userJson(state, note.user),
  body: note.body,
  created_at: note.at,
  updated_at: note.at,
});

export const labelJson = ({ id, name, color }: ForgeLabel) => ({
  id,
  name,
  color: color.replace("#", ""),
  exclusive: false,
  description: "",
});

export const issueJson = (state: ForgeState, issue: ForgeIssue) => ({
  id: issue.id,
  number: issue.number,
  user: userJson(state, issue.user),
  title: issue.title,
  body: issue.body,
  labels: issue.labels.map(labelJson),
  state: issue.isOpen ? "open" : "closed",
  pull_request: null,
});

export const statusJson = (status: ForgeStatus) => ({
  id: status.id,
  status: status.state,
  context: status.context,
  description: status.description,
  target_url: status.targetUrl,
});

/** The secret is never given back. */
export const hookJson = ({ id, isActive, events, url }: ForgeHook) => ({
  id,
  type: "gitea",
  branch_filter: "*",
  active: isActive,
  events,
  config: { content_type: "json", url },
});
