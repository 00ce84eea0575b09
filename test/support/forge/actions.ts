// What happens on the fake forge, whoever asked for it: pushes seen, reviews given, merges done, and the notices of them.
import { branchesOf, git, mergeBranches, shaOf } from "./git.ts";
import { pullJson, repositoryJson, userJson } from "./json.ts";
import type { ForgeAccount, ForgePull, ForgeRepository, ForgeReview, ForgeState } from "./state.ts";
import { isOfficial } from "./state.ts";
import type { Webhooks } from "./webhooks.ts";

export type World = { readonly state: ForgeState; readonly webhooks: Webhooks };
export type Scene = World & { readonly repository: ForgeRepository; readonly actor: ForgeAccount };

const ZEROS = "0".repeat(40);

export function notifyPull(
  { state, webhooks, repository, actor }: Scene,
  pull: ForgePull,
  what: { action: string; event?: string; eventType?: string; review?: object; changes?: object },
): void {
  const { action, event = "pull_request", eventType = event, review = null, changes } = what;
  const payload = {
    action,
    number: pull.number,
    ...(changes === undefined ? {} : { changes }),
    pull_request: pullJson(state, repository, pull),
    requested_reviewer: review === null ? null : userJson(state, actor),
    repository: repositoryJson(state, repository, actor),
    sender: userJson(state, actor),
    commit_id: "",
    review,
  };
  webhooks.notify(repository, { event, eventType, payload });
}

export function pushPayload(
  { state, repository, actor }: Omit<Scene, "webhooks">,
  { ref, before, after }: { ref: string; before: string; after: string },
): Readonly<Record<string, unknown>> {
  return {
    ref,
    before,
    after,
    compare_url: "",
    commits: [],
    total_commits: 0,
    head_commit: null,
    repository: repositoryJson(state, repository, actor),
    pusher: userJson(state, actor),
    sender: userJson(state, actor),
  };
}

/** Compares the branches with what they were: whoever pushed, through HTTP or by hand. */
export function afterPush(scene: Scene, before: ReadonlyMap<string, string>): void {
  const { repository, state, webhooks } = scene;
  const now = branchesOf(repository.folder);
  const [first] = now.keys();
  if (before.size === 0 && first !== undefined && !now.has(repository.defaultBranch)) {
    repository.defaultBranch = first;
    git(repository.folder, ["symbolic-ref", "HEAD", `refs/heads/${first}`]);
  }
  for (const branch of new Set([...before.keys(), ...now.keys()])) {
    const [was = ZEROS, is = ZEROS] = [before.get(branch), now.get(branch)];
    if (was === is) continue;
    const payload = pushPayload(scene, { ref: `refs/heads/${branch}`, before: was, after: is });
    webhooks.notify(repository, { event: "push", eventType: "push", payload });
    if (is === ZEROS) continue;
    for (const pull of repository.pulls.filter((one) => one.isOpen && one.head === branch)) {
      pull.headSha = is;
      pull.updatedAt = state.now();
      pull.checksLeft = state.checksAfterPush;
      for (const review of pull.reviews) review.stale = true;
      git(repository.folder, ["update-ref", `refs/pull/${pull.number}/head`, is]);
      notifyPull(scene, pull, { action: "synchronized", eventType: "pull_request_sync" });
    }
  }
}

export function openPull(
  scene: Scene,
  { title, body, head, base }: { title: string; body: string; head: string; base: string },
): ForgePull {
  const { repository, state, actor } = scene;
  const headSha = shaOf(repository.folder, `refs/heads/${head}`) ?? ZEROS;
  const pull: ForgePull = {
    id: state.nextId(),
    number: repository.pulls.length + repository.issues.length + 1,
    user: actor,
    title,
    body,
    head,
    base,
    headSha,
    isOpen: true,
    mergeCommit: null,
    mergedBy: null,
    checksLeft: state.checksAfterPush,
    updatedAt: state.now(),
    reviews: [],
  };
  repository.pulls.push(pull);
  git(repository.folder, ["update-ref", `refs/pull/${pull.number}/head`, headSha]);
  notifyPull(scene, pull, { action: "opened" });
  return pull;
}

export function setOpen(scene: Scene, pull: ForgePull, isOpen: boolean): void {
  if (pull.isOpen === isOpen) return;
  pull.isOpen = isOpen;
  pull.updatedAt = scene.state.now();
  notifyPull(scene, pull, { action: isOpen ? "reopened" : "closed" });
}

const REVIEW_WORDS: Readonly<Record<string, string>> = {
  APPROVED: "approved",
  REQUEST_CHANGES: "rejected",
  COMMENT: "comment",
};

type Comments = ForgeReview["comments"];

/** Comments that an earlier call left pending are taken in, as the real ones do. */
export function addReview(
  scene: Scene,
  pull: ForgePull,
  given: { state: string; body: string; commit: string; comments: Comments },
): ForgeReview {
  const { repository, state, actor } = scene;
  const isMine = ({ user }: ForgeReview): boolean => user.id === actor.id;
  const isVerdict = ({ state: word }: { state: string }): boolean =>
    word === "APPROVED" || word === "REQUEST_CHANGES";
  if (isVerdict(given))
    for (const earlier of pull.reviews.filter((one) => isMine(one) && isVerdict(one))) {
      earlier.official = false;
      if (given.comments.length === 0) earlier.dismissed = true;
    }
  const pending = pull.reviews.find((one) => isMine(one) && one.state === "PENDING");
  if (pending !== undefined) pull.reviews.splice(pull.reviews.indexOf(pending), 1);
  const review: ForgeReview = {
    id: pending?.id ?? state.nextId(),
    user: actor,
    state: given.state,
    body: given.body,
    commit: given.commit,
    official: isVerdict(given) && isOfficial(repository, actor, pull.base),
    stale: given.commit !== pull.headSha,
    dismissed: false,
    at: state.now(),
    comments: [...(pending?.comments ?? []), ...given.comments],
  };
  pull.reviews.push(review);
  pull.updatedAt = review.at;
  const word = REVIEW_WORDS[review.state];
  if (word !== undefined)
    notifyPull(scene, pull, {
      action: "reviewed",
      event: `pull_request_${word}`,
      eventType: `pull_request_review_${word}`,
      review: { type: `pull_request_review_${word}`, content: review.body },
    });
  return review;
}

/** False when git cannot. */
export function mergePull(
  scene: Scene,
  pull: ForgePull,
  { style, message }: { style: string; message: string },
): boolean {
  const { repository, state, actor } = scene;
  const before = branchesOf(repository.folder);
  const base = before.get(pull.base);
  if (base === undefined) return false;
  const commit = mergeBranches(repository.folder, { base, head: pull.headSha, style, message });
  if (commit === null) return false;
  git(repository.folder, ["update-ref", `refs/heads/${pull.base}`, commit, base]);
  pull.isOpen = false;
  pull.mergeCommit = commit;
  pull.mergedBy = actor;
  pull.updatedAt = state.now();
  notifyPull(scene, pull, { action: "closed" });
  afterPush(scene, before);
  return true;
}
