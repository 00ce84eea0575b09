// The part of the loop that no delivery drives: pull requests that are due for a look, long errands, and the reconciler, at
// the start and every few minutes.
import { attend, NO_HINT } from "./attend.ts";
import { startDueErrands } from "./long-errands.ts";
import type { PullRequestLoop } from "./loop.ts";
import { keyOfRow, repositoryOf } from "./loop.ts";
import { reconcile } from "./reconcile.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";

const LOOK_MS = 2000;
const DUE_MAX = 20;
/** One that cannot be looked at now is left alone for so long. */
const PUT_OFF_MS = 30_000;

/** Runs until the signal ends, and then until what it began has ended. */
export async function keepPullRequests(loop: PullRequestLoop, signal: AbortSignal): Promise<void> {
  const errands = new Set<Promise<void>>();
  const reconciling = keepReconciling(loop, signal);
  let woken = Promise.withResolvers<void>();
  loop.setWake(() => woken.resolve());
  while (!signal.aborted) {
    try {
      for (const begun of await startDueErrands(loop, signal)) {
        const ended: Promise<void> = begun.finally(() => {
          errands.delete(ended);
          loop.wake();
        });
        errands.add(ended);
      }
      await lookAtDue(loop, signal);
    } catch (error) {
      loop.engine.log.error({ error: String(error) }, "pull requests could not be looked through");
    }
    const rested = new AbortController();
    const rest = loop.engine.clock.sleep(LOOK_MS, AbortSignal.any([signal, rested.signal]));
    await Promise.race([rest, woken.promise]);
    rested.abort();
    woken = Promise.withResolvers<void>();
  }
  await Promise.all([reconciling, ...errands]);
}

async function lookAtDue(loop: PullRequestLoop, signal: AbortSignal): Promise<void> {
  const { store, clock } = loop.engine;
  const due = await store.read(async ({ pullRequests }) =>
    pullRequests.list({ dueMs: clock.now(), limit: DUE_MAX }),
  );
  for (const row of due) {
    const repository = repositoryOf(row.fullName);
    if (repository === null || signal.aborted) continue;
    const name = { repository, number: row.number };
    const looked = await attend(loop, { name, hint: NO_HINT }, signal);
    if (!looked.ok || looked.value.kind === "ignored") await putOff(loop, row);
  }
}

async function putOff({ engine }: PullRequestLoop, row: TrackedPullRequest): Promise<void> {
  await engine.store.transaction(async ({ pullRequests }) => {
    const now = await pullRequests.get(keyOfRow(row));
    if (now !== null)
      await pullRequests.write({ ...now, lookAtMs: engine.clock.now() + PUT_OFF_MS });
  });
}

async function keepReconciling(loop: PullRequestLoop, signal: AbortSignal): Promise<void> {
  const { clock, log } = loop.engine;
  while (!signal.aborted) {
    try {
      const { failures } = await reconcile(loop, signal);
      if (failures.length > 0) log.warn({ failures }, "not everything could be reconciled");
    } catch (error) {
      log.error({ error: String(error) }, "the forge could not be reconciled");
    }
    await clock.sleep(loop.settings.reconcileMs, signal);
  }
}
