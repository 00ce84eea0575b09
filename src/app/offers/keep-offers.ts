// Where the organization has what is built opened as pull requests: a run that ends well leaves word of it in its own
// transaction, and whoever lives longest keeps it. After a crash the word is still there.
import type { EventType, NewEvent } from "../../domain/events.ts";
import type { Refusal } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import { repositoryOf } from "../pull-requests/loop.ts";
import type { Session } from "../session.ts";
import type { OfferDeps } from "./deps.ts";
import type { Offered } from "./offer-run.ts";
import { offerRun, waitsFor } from "./offer-run.ts";

const REST_MS = 5000;
const REST_MS_MAX = 600_000;
const DUE_MAX = 50;
const ANSWERS: readonly EventType[] = ["pr-offered", "pr-offer-refused"];

/** In the transaction that ends the run. A run for a pull request that is there is no reason for another one. */
export async function noteOfferDue(
  { run, assets, pullRequest }: Session,
  { events }: StoreTransaction,
): Promise<void> {
  const repository = assets.organization.process.openPullRequestsIn ?? null;
  if (repository === null || pullRequest !== null) return;
  const due: NewEvent[] = run.builds.map((build) => ({
    type: "pr-offer-due",
    actor: "engine",
    run: run.id,
    build,
    data: { repository },
  }));
  await events.append(due);
}

type Due = { readonly run: Run; readonly repository: string; readonly builds: string[] };

/** Of the newest those that have no answer yet, oldest first. */
async function dueOffers({ store }: OfferDeps): Promise<readonly Due[]> {
  return store.read(async ({ events, runs }) => {
    const before = (await events.lastSeq()) + 1;
    const newest = await events.list({ types: ["pr-offer-due"], before, limit: DUE_MAX });
    const due = new Map<string, Due>();
    for (const { run = "", build = "", seq, data } of newest) {
      const [answer] = await events.list({ run, build, types: ANSWERS, after: seq, limit: 1 });
      const found = answer === undefined ? await runs.get(run) : null;
      if (found?.status !== "done") continue;
      const repository = data["repository"];
      if (typeof repository !== "string") continue;
      const known = due.get(run) ?? { run: found, repository, builds: [] };
      known.builds.push(build);
      due.set(run, known);
    }
    return [...due.values()];
  });
}

export type OffersDone = {
  readonly offered: readonly Offered[];
  /** Why the rest waits; null when nothing does. */
  readonly waits: Refusal | null;
};

/** Does what is due, once. */
export async function offerDue(deps: OfferDeps, signal: AbortSignal): Promise<OffersDone> {
  const all: Offered[] = [];
  for (const { run, repository, builds } of await dueOffers(deps)) {
    const named = repositoryOf(repository);
    if (named === null || signal.aborted) continue;
    const request = { run: { ...run, builds }, repository: named };
    const offered = await offerRun(deps, request, signal);
    if (!offered.ok) return { offered: all, waits: offered.error };
    all.push(...offered.value);
    const waits = waitsFor(offered.value);
    if (waits !== null) return { offered: all, waits };
  }
  return { offered: all, waits: null };
}

/** Runs until the signal ends. */
export async function keepOffers(deps: OfferDeps, signal: AbortSignal): Promise<void> {
  let restMs = REST_MS;
  while (!signal.aborted) {
    try {
      const waits = (await isWanted(deps)) ? (await offerDue(deps, signal)).waits : null;
      restMs = waits === null ? REST_MS : Math.min(restMs * 2, REST_MS_MAX);
      if (waits !== null)
        deps.log.warn(
          { code: waits.code, detail: waits.message, restMs },
          "finished builds wait for the forge",
        );
    } catch (error) {
      deps.log.error({ error: String(error) }, "what is to be offered could not be looked through");
    }
    await deps.clock.sleep(restMs, signal);
  }
}

/** A look through the log is for those alone who have asked for it. */
async function isWanted({ assets }: OfferDeps): Promise<boolean> {
  const loaded = await assets.load();
  return loaded.ok && (loaded.value.organization.process.openPullRequestsIn ?? null) !== null;
}
