// What the forge and the organization say now: read before anything is decided, every time.
import type { OwnVerification } from "../../domain/pull-request.ts";
import type { ReviewPolicy } from "../../domain/review-policy.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { PullRequest, PullRequestName, RepositoryFacts, Review } from "../../ports/forge.ts";
import type { MergeFacts } from "../../domain/merge-gate.ts";
import { assetRefusal } from "../start-run.ts";
import type { PullRequestLoop } from "./loop.ts";

export type Ground = {
  readonly policy: ReviewPolicy;
  /** Orket's own account. */
  readonly self: string;
  readonly facts: RepositoryFacts;
};

export async function readGround(
  loop: PullRequestLoop,
  { repository }: PullRequestName,
  signal: AbortSignal,
): Promise<Result<Ground>> {
  const loaded = await loop.engine.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const policy = loaded.value.organization.process.prReviewPolicy;
  const self = await loop.self(signal);
  if (!self.ok) return self;
  const facts = await loop.forge.repository(repository, signal);
  return facts.ok ? ok({ policy, self: self.value.login, facts: facts.value }) : facts;
}

export type Looked = { readonly pull: PullRequest; readonly reviews: readonly Review[] };

export async function lookAt(
  { forge }: PullRequestLoop,
  name: PullRequestName,
  signal: AbortSignal,
): Promise<Result<Looked>> {
  const pull = await forge.pulls.get(name, signal);
  if (!pull.ok) return pull;
  const reviews = await forge.pulls.reviews(name, signal);
  return reviews.ok ? ok({ pull: pull.value, reviews: reviews.value }) : reviews;
}

export type MergeScene = {
  readonly ground: Ground;
  readonly name: PullRequestName;
  readonly verification: OwnVerification | null;
};

/** Every condition of the merge, read one after another just now. */
export async function readMergeFacts(
  loop: PullRequestLoop,
  { ground, name, verification }: MergeScene,
  signal: AbortSignal,
): Promise<Result<MergeFacts & { readonly pull: PullRequest }>> {
  const looked = await lookAt(loop, name, signal);
  if (!looked.ok) return looked;
  const { pull, reviews } = looked.value;
  const statuses = await loop.forge.statuses.list(name.repository, pull.headSha, signal);
  if (!statuses.ok) return statuses;
  const paths = await loop.forge.pulls.changedPaths(name, signal);
  if (!paths.ok) return paths;
  return ok({
    policy: ground.policy,
    pullRequest: pull,
    pull,
    coveredBranch: loop.settings.baseBranch ?? ground.facts.defaultBranch,
    bots: [ground.self],
    reviews,
    statuses: statuses.value,
    changedPaths: paths.value,
    verification,
  });
}
