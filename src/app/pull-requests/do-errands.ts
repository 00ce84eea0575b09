// Errands on the forge, one after another as they were asked for: each looks first whether it happened before, acts, looks at
// the answer, and is stored as done. One that fails is tried again later, and those after it wait for it.
import type { JsonObject } from "../../domain/json.ts";
import type { Errand } from "../../domain/pull-request-errand.ts";
import { ERRAND_KINDS, FORGE_ERRANDS, errandWaitMs } from "../../domain/pull-request-errand.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import type { PullRequestName } from "../../ports/forge.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import { writeTold } from "../write-told.ts";
import type { Hold } from "./hold.ts";
import type { PullRequestLoop } from "./loop.ts";
import { eventOf, keyOfRow } from "./loop.ts";
import { doErrand } from "./one-errand.ts";
import type { Ground } from "./read-sight.ts";
import { endRejection } from "./rejection.ts";

export type ErrandScene = {
  readonly name: PullRequestName;
  readonly ground: Ground;
  readonly hold: Hold;
};

/** More than a pull request ever has open. */
const ERRANDS_MAX = 100;

export type Done = {
  readonly row: TrackedPullRequest;
  /** When the first of those that are left is due; null when none is. */
  readonly dueMs: number | null;
  readonly count: number;
};

export async function doErrands(
  loop: PullRequestLoop,
  scene: ErrandScene & { readonly row: TrackedPullRequest },
  signal: AbortSignal,
): Promise<Done> {
  const open = await loop.engine.store.read(async ({ pullRequests }) =>
    pullRequests.errands.list({
      key: keyOfRow(scene.row),
      kinds: FORGE_ERRANDS,
      states: ["open"],
      limit: ERRANDS_MAX,
    }),
  );
  let { row } = scene;
  let count = 0;
  for (const errand of inOrder(open)) {
    if (errand.nextAttemptMs > loop.engine.clock.now())
      return { row, dueMs: errand.nextAttemptMs, count };
    const ended = await attempt(loop, { ...scene, row, errand }, signal);
    row = ended.row;
    if (ended.dueMs !== null) return { row, dueMs: ended.dueMs, count };
    count += 1;
  }
  return { row, dueMs: null, count };
}

const inOrder = (errands: readonly Errand[]): readonly Errand[] =>
  errands.toSorted(
    (one, other) => ERRAND_KINDS.indexOf(one.kind) - ERRAND_KINDS.indexOf(other.kind),
  );

export type OneErrand = ErrandScene & {
  readonly row: TrackedPullRequest;
  readonly errand: Errand;
};

async function attempt(
  loop: PullRequestLoop,
  one: OneErrand,
  signal: AbortSignal,
): Promise<Pick<Done, "row" | "dueMs">> {
  const { errand, row } = one;
  const taken = await takeErrand(loop, errand);
  if (taken === null) return { row, dueMs: loop.engine.clock.now() + errandWaitMs(1) };
  const mine = { ...one, errand: taken };
  const answer = await doErrand(loop, mine, signal);
  if (!answer.ok) return { row, dueMs: await retryErrand(loop, mine, answer) };
  return { row: await settleErrand(loop, mine, answer.value), dueMs: null };
}

const LEASE_MS = 60_000;

/** Null when it is not there to be taken any more. */
export async function takeErrand(loop: PullRequestLoop, errand: Errand): Promise<Errand | null> {
  const { store, clock, settings } = loop.engine;
  const holder = { owner: settings.owner, untilMs: clock.now() + LEASE_MS };
  const isMine = await store.transaction(async ({ pullRequests }) =>
    pullRequests.errands.take(errand, holder),
  );
  return isMine ? { ...errand, attempts: errand.attempts + 1, holder } : null;
}

const factsOf = ({ kind, about, attempts }: Errand): JsonObject => ({
  errand: kind,
  ...(about === "" ? {} : { about }),
  attempts,
});

export async function retryErrand(
  loop: PullRequestLoop,
  { errand, row }: Pick<OneErrand, "errand" | "row">,
  { error }: Extract<Result<never>, { ok: false }>,
): Promise<number> {
  const nextAttemptMs = loop.engine.clock.now() + errandWaitMs(errand.attempts);
  const failure = `${error.code}: ${error.message}`.slice(0, 500);
  await writeTold(loop.engine, async ({ pullRequests, events }) => {
    const end = { state: "open", failure, answer: null, nextAttemptMs } as const;
    if (!(await pullRequests.errands.settle(errand, end))) return;
    const data = { ...factsOf(errand), code: error.code, reason: failure };
    await events.append([eventOf(row, { type: "pr-errand-retried", data })]);
  });
  return nextAttemptMs;
}

/** The card of a rejection is made, and the rejection ended, in the transaction that says that the errand is done. */
async function settleErrand(
  loop: PullRequestLoop,
  one: OneErrand,
  answer: JsonObject,
): Promise<TrackedPullRequest> {
  const { errand } = one;
  return writeTold(loop.engine, async (transaction) => {
    const end = { state: "done", failure: null, answer, nextAttemptMs: 0 } as const;
    if (!(await transaction.pullRequests.errands.settle(errand, end))) return one.row;
    const row = (await transaction.pullRequests.get(keyOfRow(one.row))) ?? one.row;
    await noteDone(transaction, { row, errand, answer });
    if (errand.kind !== "rejection-card") return row;
    return endRejection(transaction, { row, ground: one.ground });
  });
}

export async function noteDone(
  { events }: StoreTransaction,
  noted: {
    readonly row: TrackedPullRequest;
    readonly errand: Errand;
    readonly answer: JsonObject;
  },
): Promise<void> {
  const { row, errand, answer } = noted;
  const data = { ...factsOf(errand), answer };
  await events.append([eventOf(row, { type: "pr-errand-done", data })]);
}
