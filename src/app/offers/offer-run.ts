// The builds of a run that ended well, each offered to the same repository. What came of it is in the log, once.
import type { NewEvent } from "../../domain/events.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import type { Repository } from "../../ports/forge.ts";
import { writeTold } from "../write-told.ts";
import type { OfferDeps } from "./deps.ts";
import type { OfferOutcome } from "./offer-build.ts";
import { fullName, offerBuild } from "./offer-build.ts";

export type OfferRequest = {
  readonly run: Pick<Run, "id" | "status" | "builds">;
  readonly repository: Repository;
};

export type Offered = {
  readonly build: string;
  readonly repository: string;
  readonly outcome: OfferOutcome | { readonly kind: "refused"; readonly error: Refusal };
};

/** Refused before anything is asked where there is nothing to offer, or nobody to offer it to. */
export async function offerRun(
  deps: OfferDeps,
  { run, repository }: OfferRequest,
  signal: AbortSignal,
): Promise<Result<readonly Offered[]>> {
  if (run.status !== "done")
    return refuse("RUN_STATE", `Run ${run.id} is ${run.status}: only what is done is offered.`, {
      run: run.id,
      status: run.status,
    });
  const opened = deps.openForge();
  if (!opened.ok) return opened;
  if (opened.value === null)
    return refuse("CONFIG_INVALID", "Set GITEA_URL and GITEA_TOKEN: no forge is set.");
  const offered: Offered[] = [];
  for (const build of run.builds) {
    const scene = { ...deps, ...opened.value, build, repository, signal };
    const done = await offerBuild(scene);
    const outcome = done.ok ? done.value : { kind: "refused" as const, error: done.error };
    const one = { build, repository: fullName(repository), outcome };
    await note(deps, run.id, one);
    offered.push(one);
  }
  return ok(offered);
}

/** What passes by itself is no answer yet: it is asked again. Null where everything has its answer. */
export function waitsFor(offered: readonly Offered[]): Refusal | null {
  for (const { outcome } of offered)
    if (outcome.kind === "refused" && outcome.error.code === "FORGE_UNAVAILABLE")
      return outcome.error;
  return null;
}

async function note(deps: OfferDeps, run: string, offered: Offered): Promise<void> {
  if (waitsFor([offered]) !== null) return;
  await writeTold(deps, async ({ events }) => events.append([eventOf(run, offered)]));
}

function eventOf(run: string, { build, repository, outcome }: Offered): NewEvent {
  const origin = { actor: "engine", run, build } as const;
  if (outcome.kind === "refused") {
    const { code, message } = outcome.error;
    return { ...origin, type: "pr-offer-refused", data: { repository, code, detail: message } };
  }
  const { kind, branch } = outcome;
  if (kind === "nothing")
    return { ...origin, type: "pr-offered", data: { repository, outcome: kind, branch } };
  const { number, url, commit } = outcome;
  const data = { repository, outcome: kind, branch, pullRequest: number, url, commit };
  return { ...origin, type: "pr-offered", data };
}
