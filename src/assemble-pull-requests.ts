// The pull-request loop's part of the composition root: the loop on the forge of the settings, or none where no forge is set.
import type { Engine } from "./app/engine.ts";
import { createLoop } from "./app/pull-requests/loop.ts";
import type { PullRequestLoop } from "./app/pull-requests/loop.ts";
import { NO_PARTS } from "./app/pull-requests/parts.ts";
import type { Reconciled } from "./app/pull-requests/reconcile.ts";
import { reconcile } from "./app/pull-requests/reconcile.ts";
import { openForgeClient } from "./assemble-forge.ts";
import type { Config } from "./config.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";

export type LoopScene = {
  readonly engine: Engine;
  readonly config: Config;
  readonly isOwnerGone: (owner: string) => boolean;
};

/** Null where GITEA_URL or GITEA_TOKEN is not set: deliveries wait in the store until they are. */
export function openLoop({
  engine,
  config,
  isOwnerGone,
}: LoopScene): Result<PullRequestLoop | null> {
  const forge = openForgeClient({ config, clock: engine.clock, random: Math.random });
  if (!forge.ok) return forge;
  if (forge.value === null) return ok(null);
  const settings = {
    repositories: Object.values(config.record<string>("gitea.repositories")),
    baseBranch: config.text("gitea.base_branch"),
    reconcileMs: config.number("gitea.reconcile_minutes") * 60_000,
  };
  return ok(createLoop({ engine, forge: forge.value, parts: NO_PARTS, settings, isOwnerGone }));
}

/** Once, by a person's command. */
export async function reconcileOnce(
  scene: LoopScene,
  signal: AbortSignal,
): Promise<Result<Reconciled>> {
  const loop = openLoop(scene);
  if (!loop.ok) return loop;
  if (loop.value === null)
    return refuse("CONFIG_INVALID", "Set GITEA_URL and GITEA_TOKEN: no forge is set.");
  return ok(await reconcile(loop.value, signal));
}
