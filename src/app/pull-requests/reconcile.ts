// Makes good what no delivery told of: reads the open pull requests of each repository, and those that were open here, and
// looks at each as if something had come in. Twice in a row changes nothing.
import { FORGE_ERRANDS } from "../../domain/pull-request-errand.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import { writeTold } from "../write-told.ts";
import type { Hint } from "./attend.ts";
import { attend, NO_HINT } from "./attend.ts";
import type { PullRequestLoop } from "./loop.ts";
import { isHandled, repositoryOf } from "./loop.ts";

export type Reconciled = {
  readonly repositories: number;
  readonly pullRequests: number;
  /** Events that a look found and errands that were done. */
  readonly changes: number;
  /** What could not be looked at now, and why. */
  readonly failures: readonly { readonly what: string; readonly reason: string }[];
};

const OPEN_MAX = 500;
const DELIVERIES_MAX = 500;
const ROWS_MAX = 1000;
const ERRANDS_MAX = 1000;

export async function reconcile(loop: PullRequestLoop, signal: AbortSignal): Promise<Reconciled> {
  const names = await repositoriesOf(loop);
  const known = await unfinished(loop);
  const failures: { readonly what: string; readonly reason: string }[] = [];
  let changes = 0;
  let pullRequests = 0;
  for (const fullName of names) {
    const numbers = await openNumbers(loop, fullName, signal);
    if (!numbers.ok) {
      failures.push({ what: fullName, reason: numbers.error.message });
      continue;
    }
    const mine = known.filter((row) => row.fullName.toLowerCase() === fullName.toLowerCase());
    const all = new Set([...numbers.value, ...mine.map(({ number }) => number)]);
    for (const number of all) {
      if (signal.aborted) break;
      pullRequests += 1;
      const looked = await lookAt(loop, { fullName, number, hint: NO_HINT }, signal);
      if (looked.ok) changes += looked.value;
      else failures.push({ what: `${fullName}#${number}`, reason: looked.error.message });
    }
  }
  const report = { repositories: names.length, pullRequests, changes, failures };
  if (changes > 0)
    await writeTold(loop.engine, async ({ events }) =>
      events.append([{ type: "pr-reconciled", actor: "engine", data: { changes, pullRequests } }]),
    );
  return report;
}

/** Open when they were last looked at, or with something left to be done, which a lost process may have been at. */
async function unfinished({ engine }: PullRequestLoop): Promise<readonly TrackedPullRequest[]> {
  return engine.store.read(async ({ pullRequests }) => {
    const open = await pullRequests.list({ states: ["active"], limit: ROWS_MAX });
    const planned = await pullRequests.list({ dueMs: Number.MAX_SAFE_INTEGER, limit: ROWS_MAX });
    const errands = await pullRequests.errands.list({
      kinds: FORGE_ERRANDS,
      states: ["open"],
      limit: ERRANDS_MAX,
    });
    const asked = await Promise.all(errands.map(async (errand) => pullRequests.get(errand)));
    return [...open, ...planned, ...asked.filter((row) => row !== null)];
  });
}

/** Those of the settings; without any, those that are known from a pull request or a delivery. */
async function repositoriesOf(loop: PullRequestLoop): Promise<readonly string[]> {
  if (loop.settings.repositories.length > 0) return loop.settings.repositories;
  const found = await loop.engine.store.read(async ({ deliveries, pullRequests }) => [
    ...(await deliveries.list({ limit: DELIVERIES_MAX })).map((one) => one.repository?.fullName),
    ...(await pullRequests.list({ limit: ROWS_MAX })).map(({ fullName }) => fullName),
  ]);
  const names = found.filter((name) => name !== undefined);
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()].filter((name) =>
    isHandled(loop, name),
  );
}

async function openNumbers(
  { forge }: PullRequestLoop,
  fullName: string,
  signal: AbortSignal,
): Promise<Result<readonly number[]>> {
  const repository = repositoryOf(fullName);
  if (repository === null) return ok([]);
  const open = await forge.pulls.list({ repository, state: "open", limit: OPEN_MAX }, signal);
  // Renamed or gone; its new name comes with its next delivery.
  if (!open.ok && open.error.code === "FORGE_NOT_FOUND") return ok([]);
  return open.ok ? ok(open.value.map(({ number }) => number)) : open;
}

type Look = { readonly fullName: string; readonly number: number; readonly hint: Hint };

async function lookAt(
  loop: PullRequestLoop,
  { fullName, number, hint }: Look,
  signal: AbortSignal,
): Promise<Result<number>> {
  const repository = repositoryOf(fullName);
  if (repository === null) return ok(0);
  const attended = await attend(loop, { name: { repository, number }, hint }, signal);
  if (!attended.ok) return attended;
  return ok(attended.value.kind === "done" ? attended.value.changes : 0);
}
