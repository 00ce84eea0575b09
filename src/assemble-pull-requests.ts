// The pull-request loop's part of the composition root: the loop on the forge of the settings, or none where no forge is set.
import { join } from "node:path";
import { createGitRemote } from "./adapters/git-remote/git.ts";
import { createProcesses } from "./adapters/process/spawn.ts";
import type { Engine } from "./app/engine.ts";
import { createLoop } from "./app/pull-requests/loop.ts";
import type { PullRequestLoop } from "./app/pull-requests/loop.ts";
import type { PullRequestParts, ReviewHead } from "./app/pull-requests/parts.ts";
import type { FetchRef, MergeDeps } from "./app/pull-requests/deploy-merge.ts";
import { createDeployMerge, createRemoveSandbox } from "./app/pull-requests/deploy-merge.ts";
import type { Reconciled } from "./app/pull-requests/reconcile.ts";
import { reconcile } from "./app/pull-requests/reconcile.ts";
import type { FetchCommit } from "./app/pull-reviews/prepare-head.ts";
import { createReviewHead } from "./app/pull-reviews/review-head.ts";
import type { RunTasks } from "./app/run-tasks.ts";
import { forgeAccess, openForgeClient } from "./assemble-forge.ts";
import type { Config } from "./config.ts";
import { parseSettings } from "./config.ts";
import type { Json } from "./domain/json.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";
import type { Forge } from "./ports/forge.ts";
import type { GitRemote } from "./ports/git-remote.ts";

export type LoopScene = {
  readonly stateDir: string;
  readonly searchPath: string;
  readonly engine: Engine;
  readonly config: Config;
  readonly isOwnerGone: (owner: string) => boolean;
};

export type RemoteScene = Pick<LoopScene, "config" | "stateDir" | "searchPath">;

/**
 * Null where GITEA_URL or GITEA_TOKEN is not set: deliveries wait in the store until they are. Without tasks nothing is
 * reviewed here: that is left to the server.
 */
export function openLoop(scene: LoopScene, tasks: RunTasks | null): Result<PullRequestLoop | null> {
  const { engine, config, isOwnerGone } = scene;
  const forge = openForgeClient({ config, clock: engine.clock, random: Math.random });
  if (!forge.ok) return forge;
  if (forge.value === null) return ok(null);
  const settings = {
    repositories: Object.values(config.record<string>("gitea.repositories")),
    baseBranch: config.text("gitea.base_branch"),
    reconcileMs: config.number("gitea.reconcile_minutes") * 60_000,
  };
  const parts = partsOf(scene, forge.value, tasks);
  return ok(createLoop({ engine, forge: forge.value, parts, settings, isOwnerGone }));
}

function partsOf(scene: LoopScene, forge: Forge, tasks: RunTasks | null): PullRequestParts {
  const { engine, isOwnerGone } = scene;
  const fetchRef: FetchRef = async ({ repository, ref, gitDir }, signal) => {
    const remote = openRemote(scene);
    if (!remote.ok) return remote;
    const keepAs = "refs/orket/merged";
    return remote.value.fetch({ gitDir, repository, ref, keepAs }, signal);
  };
  const parseYaml: MergeDeps["parseYaml"] = (text) => {
    const parsed = parseSettings(text, "the file");
    if (parsed.ok) return ok(parsed.value as Json);
    const [first] = parsed.error;
    return refuse("SANDBOX_INVALID", `found ${first?.found}, expected ${first?.expected}`);
  };
  const merges: MergeDeps = { engine, fetchRef, parseYaml, isOwnerGone };
  return {
    reviewHead: tasks === null ? null : reviewer(scene, forge, tasks),
    deployMerge: createDeployMerge(merges),
    removeSandbox: createRemoveSandbox(merges),
  };
}

function reviewer(scene: LoopScene, forge: Forge, tasks: RunTasks): ReviewHead {
  const { engine, isOwnerGone } = scene;
  const fetchCommit: FetchCommit = async ({ repository, number, commit, gitDir }, signal) => {
    const remote = openRemote(scene);
    if (!remote.ok) return remote;
    const ref = { kind: "pull", number } as const;
    const keepAs = `refs/orket/pulls/${number}`;
    const fetched = await remote.value.fetch({ gitDir, repository, ref, keepAs }, signal);
    if (!fetched.ok) return fetched;
    return fetched.value === commit
      ? ok(null)
      : refuse("FORGE_NOT_FOUND", `The pull request #${number} has another head by now.`);
  };
  return createReviewHead({ engine, tasks, forge, fetchCommit, isOwnerGone });
}

export function openRemote({ config, stateDir, searchPath }: RemoteScene): Result<GitRemote> {
  const access = forgeAccess(config);
  if (!access.ok) return access;
  if (access.value === null) return refuse("CONFIG_INVALID", NO_FORGE);
  return ok(
    createGitRemote({
      processes: createProcesses(),
      searchPath,
      ...access.value,
      scratchDir: join(stateDir, "reviews"),
    }),
  );
}

const NO_FORGE = "Set GITEA_URL and GITEA_TOKEN: no forge is set.";

/** Once, by a person's command. */
export async function reconcileOnce(
  scene: LoopScene,
  signal: AbortSignal,
): Promise<Result<Reconciled>> {
  const loop = openLoop(scene, null);
  if (!loop.ok) return loop;
  if (loop.value === null) return refuse("CONFIG_INVALID", NO_FORGE);
  return ok(await reconcile(loop.value, signal));
}
