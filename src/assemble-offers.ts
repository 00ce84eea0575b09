// The way out's part of the composition root: which repository a finished build is offered to, the forge's client and git to it.
import type { OfferDeps } from "./app/offers/deps.ts";
import type { OffersDone } from "./app/offers/keep-offers.ts";
import { offerDue } from "./app/offers/keep-offers.ts";
import type { Offered, OfferRequest } from "./app/offers/offer-run.ts";
import { offerRun } from "./app/offers/offer-run.ts";
import { repositoryOf } from "./app/pull-requests/loop.ts";
import type { Engine } from "./app/engine.ts";
import { openForgeClient } from "./assemble-forge.ts";
import type { RemoteScene } from "./assemble-pull-requests.ts";
import { openRemote } from "./assemble-pull-requests.ts";
import { isForgeName } from "./domain/forge-name.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";
import type { Repository } from "./ports/forge.ts";

export type OfferSetting = RemoteScene & { readonly engine: Engine };

export const offerDeps = (scene: OfferSetting): OfferDeps => ({
  ...scene.engine,
  openForge: () => {
    const { engine, config } = scene;
    const forge = openForgeClient({ config, clock: engine.clock, random: Math.random });
    if (!forge.ok) return forge;
    if (forge.value === null) return ok(null);
    const remote = openRemote(scene);
    if (!remote.ok) return remote;
    const baseBranch = config.text("gitea.base_branch");
    return ok({ forge: forge.value, remote: remote.value, baseBranch });
  },
});

/** Refused too where no forge is set: better before a run than after it. */
export async function chooseRepository(
  setting: OfferSetting,
  fullName: string | null,
): Promise<Result<Repository>> {
  const forge = offerDeps(setting).openForge();
  if (!forge.ok) return forge;
  if (forge.value === null)
    return refuse("CONFIG_INVALID", "Set GITEA_URL and GITEA_TOKEN: no forge is set.");
  const chosen = fullName ?? (await usualRepository(setting));
  if (chosen === null)
    return refuse(
      "USAGE",
      "Which repository? Name it: --pull-request <owner/name>. Without a name it is the only one of gitea.repositories.",
    );
  const repository = repositoryOf(chosen);
  if (repository !== null && isForgeName(repository.owner) && isForgeName(repository.name))
    return ok(repository);
  return refuse("USAGE", `${chosen} is not the name of a repository: it is owner/name.`);
}

async function usualRepository({ engine, config }: OfferSetting): Promise<string | null> {
  const known = Object.values(config.record<string>("gitea.repositories"));
  if (known.length === 1) return known[0] ?? null;
  const loaded = await engine.assets.load();
  return loaded.ok ? (loaded.value.organization.process.openPullRequestsIn ?? null) : null;
}

export const offerFromSettings = async (
  setting: OfferSetting,
  request: OfferRequest,
  signal: AbortSignal,
): Promise<Result<readonly Offered[]>> => offerRun(offerDeps(setting), request, signal);

export const offerDueFromSettings = async (
  setting: OfferSetting,
  signal: AbortSignal,
): Promise<OffersDone> => offerDue(offerDeps(setting), signal);
