// One build to the forge: its files are put onto the branch that others work on, pushed as a branch of its own, and opened as
// a pull request. Everything is looked up before it is done, so that doing it twice, or after a crash, does it once.
import { branchOf, matching, offerText, offerTitle, pipelinePaths } from "../../domain/offer.ts";
import type { OfferFacts } from "../../domain/offer.ts";
import { isBranchName } from "../../domain/forge-name.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { PullRequest, Repository, RepositoryFacts } from "../../ports/forge.ts";
import type { PushRequest } from "../../ports/git-remote.ts";
import type { Departures } from "../../ports/workspace.ts";
import { assetRefusal } from "../start-run.ts";
import type { OfferDeps, OfferForge } from "./deps.ts";

export type OfferScene = Omit<OfferDeps, "openForge"> &
  OfferForge & {
    readonly build: string;
    readonly repository: Repository;
    readonly signal: AbortSignal;
  };

/** `unchanged`: it lies there already. `nothing`: the build changes nothing of what the repository has. */
export type OfferOutcome =
  | {
      readonly kind: "opened" | "updated" | "unchanged";
      readonly number: number;
      readonly url: string;
      readonly branch: string;
      readonly commit: string;
    }
  | { readonly kind: "nothing"; readonly branch: string };

const CARDS_MAX = 1000;
const PULLS_MAX = 500;

export const fullName = ({ owner, name }: Repository): string => `${owner}/${name}`;

export async function offerBuild(scene: OfferScene): Promise<Result<OfferOutcome>> {
  const branch = branchOf(scene.build);
  if (!isBranchName(branch))
    return refuse(
      "FORGE_CONFLICT",
      `${branch} cannot be a branch on the forge. Run the card again under another name, by --build.`,
      { branch },
    );
  const ground = await readGround(scene, branch);
  if (!ground.ok) return ground;
  const prepared = await prepare(scene, ground.value);
  if (!prepared.ok) return prepared;
  const { facts, commit } = prepared.value;
  const { open } = ground.value;
  if (commit !== null) {
    const pushed = await push(scene, ground.value, commit);
    if (!pushed.ok) return pushed;
  }
  if (open !== null)
    return ok({
      kind: commit === null ? "unchanged" : "updated",
      number: open.number,
      url: open.webUrl,
      branch,
      commit: commit ?? open.headSha,
    });
  if (commit === null) return ok({ kind: "nothing", branch });
  const made = await create(scene, ground.value, facts);
  if (!made.ok) return made;
  const { number, webUrl } = made.value;
  return ok({ kind: "opened", number, url: webUrl, branch, commit });
}

type Ground = {
  readonly branch: string;
  readonly base: string;
  readonly departures: Departures;
  /** Where the branch is now; null when there is none. It is a commit that was sent from here. */
  readonly head: string | null;
  readonly open: PullRequest | null;
  /** What the build is put onto. */
  readonly parent: string;
};

async function readGround(scene: OfferScene, branch: string): Promise<Result<Ground>> {
  const { forge, remote, repository, workspaces, build, signal } = scene;
  const found = await forge.repository(repository, signal);
  if (!found.ok) return found;
  const fit = checkRepository(scene, found.value);
  if (!fit.ok) return fit;
  const base = scene.baseBranch ?? found.value.defaultBranch;
  const departures = await workspaces.departures(build);
  const head = await remote.head(repository, { kind: "branch", name: branch }, signal);
  if (!head.ok) return head;
  if (head.value !== null && !(await departures.wasSent(head.value)))
    return notOurs(repository, branch);
  const open = await findOpen(scene, { branch, base, repositoryId: found.value.id });
  if (!open.ok) return open;
  // What people see is not replaced under their eyes: an open pull request gets another commit.
  const onto = open.value !== null && head.value !== null ? branch : base;
  const ref = { kind: "branch", name: onto } as const;
  const keepAs = `refs/orket/${onto === base ? "base" : "head"}`;
  const parent = await remote.fetch({ gitDir: departures.dir, repository, ref, keepAs }, signal);
  if (!parent.ok) return parent;
  return ok({ branch, base, departures, head: head.value, open: open.value, parent: parent.value });
}

function checkRepository(
  { repository, baseBranch }: OfferScene,
  facts: RepositoryFacts,
): Result<null> {
  const name = fullName(repository);
  const unfit = (message: string): Refused =>
    refuse("FORGE_CONFLICT", message, { repository: name });
  if (facts.fullName.toLowerCase() !== name.toLowerCase())
    return unfit(`The forge answers for another repository than ${name}; nothing was pushed.`);
  if (facts.isArchived)
    return unfit(`${name} is archived on the forge; take it out of the archive there.`);
  if (facts.isEmpty)
    return unfit(
      `${name} is empty: there is no branch ${baseBranch ?? facts.defaultBranch} that a pull request could be for. Push a first commit there.`,
    );
  if (facts.mayPush) return ok(null);
  return refuse("FORGE_FORBIDDEN", `The token's account may not push to ${name}.`, {
    repository: name,
  });
}

const notOurs = (repository: Repository, branch: string): Refused =>
  refuse(
    "FORGE_CONFLICT",
    `The branch ${branch} of ${fullName(repository)} has commits that were not sent from here, and nothing of them is replaced. Delete it there, or run the card under another name, by --build.`,
    { repository: fullName(repository), branch },
  );

type Wanted = { readonly branch: string; readonly base: string; readonly repositoryId: number };

async function findOpen(
  { forge, repository, signal }: OfferScene,
  { branch, base, repositoryId }: Wanted,
): Promise<Result<PullRequest | null>> {
  const listed = await forge.pulls.list({ repository, state: "open", limit: PULLS_MAX }, signal);
  if (!listed.ok) return listed;
  const own = listed.value.find(
    (pull) =>
      pull.headBranch === branch &&
      pull.baseBranch === base &&
      pull.headRepository === repositoryId,
  );
  return ok(own ?? null);
}

type Prepared = {
  readonly facts: OfferFacts;
  /** Null when nothing would change. */
  readonly commit: string | null;
};

async function prepare(scene: OfferScene, ground: Ground): Promise<Result<Prepared>> {
  const { store, assets, build } = scene;
  const loaded = await assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const { protectedPaths } = loaded.value.organization.process.prReviewPolicy;
  const listed = await store.read(async ({ cards }) => cards.list({ build, limit: CARDS_MAX }));
  const cards = listed.filter(({ orphaned }) => !orphaned);
  const said = { build, cards, protectedPaths: [] };
  const message = { subject: offerTitle(said), body: `Build: ${build}` };
  const prepared = await ground.departures.prepare({ parent: ground.parent, ...message });
  if (prepared === null) return ok({ facts: said, commit: null });
  const pipelines = pipelinePaths(prepared.changed);
  if (pipelines.length > 0)
    return refuse(
      "PATH_PROTECTED",
      `The build changes ${pipelines.slice(0, 3).join(", ")}, which a forge executes as soon as it is pushed. A person has to bring that there; nothing was pushed.`,
      { paths: pipelines },
    );
  const facts = { ...said, protectedPaths: matching(prepared.changed, protectedPaths) };
  return ok({ facts, commit: prepared.commit });
}

async function push(scene: OfferScene, ground: Ground, sha: string): Promise<Result<null>> {
  const { remote, repository, signal } = scene;
  const { branch, departures, head, open } = ground;
  if (head === sha) return ok(null);
  const how: PushRequest["how"] = open !== null && head !== null ? "forward" : { lease: head };
  const request = { gitDir: departures.dir, repository, sha, branch, how };
  const pushed = await remote.push(request, signal);
  if (pushed.ok) return ok(null);
  // Its answer may be lost, or another call may have pushed the same a moment before.
  const now = await remote.head(repository, { kind: "branch", name: branch }, signal);
  return now.ok && now.value === sha ? ok(null) : pushed;
}

async function create(
  scene: OfferScene,
  { branch, base, departures }: Ground,
  facts: OfferFacts,
): Promise<Result<PullRequest>> {
  const { forge, repository, signal } = scene;
  const title = offerTitle(facts);
  const body = offerText(facts);
  const made = await forge.pulls.create({ repository, title, body, head: branch, base }, signal);
  if (made.ok) return made;
  // Made all the same, or by another call: there is never a second one of a branch.
  const found = await forge.repository(repository, signal);
  if (!found.ok) return made;
  const open = await findOpen(scene, { branch, base, repositoryId: found.value.id });
  if (!open.ok || open.value === null) return made;
  return (await departures.wasSent(open.value.headSha)) ? ok(open.value) : made;
}
