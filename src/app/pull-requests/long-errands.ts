// Errands that may take minutes: the review of a head, the deployment of a merge, the end of its sandbox. Each is taken by a
// lease that is renewed while it runs, tried again after a failure, and given up after too many. What comes of it is stored
// together with what it leads to, and then the pull request is looked at again.
import type { JsonObject } from "../../domain/json.ts";
import type { Errand, LongErrand } from "../../domain/pull-request-errand.ts";
import { errandOf, LONG_ATTEMPTS_MAX, LONG_ERRANDS } from "../../domain/pull-request-errand.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import { isReusable } from "../../domain/sandbox.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import { writeTold } from "../write-told.ts";
import { attend, NO_HINT } from "./attend.ts";
import { noteDone, retryErrand, takeErrand } from "./do-errands.ts";
import type { PullRequestLoop } from "./loop.ts";
import { eventOf, keyOfRow, repositoryOf } from "./loop.ts";
import type { ReviewOutcome } from "./parts.ts";

const LOOKED_AT = 100;
const AT_ONCE = 2;
const LEASE_MS = 60_000;

/** Those that are due and that nobody is at; each runs beside the others until it ends. */
export async function startDueErrands(
  loop: PullRequestLoop,
  signal: AbortSignal,
): Promise<readonly Promise<void>[]> {
  const { engine, running, isOwnerGone } = loop;
  const nowMs = engine.clock.now();
  const open = await engine.store.read(async ({ pullRequests }) =>
    pullRequests.errands.list({ kinds: LONG_ERRANDS, states: ["open"], limit: LOOKED_AT }),
  );
  const isFree = ({ id, holder, nextAttemptMs }: Errand): boolean =>
    !running.has(id) &&
    nextAttemptMs <= nowMs &&
    (holder === null ||
      holder.untilMs <= nowMs ||
      holder.owner === engine.settings.owner ||
      isOwnerGone(holder.owner));
  const due = await withoutWatches(loop, open.filter(isFree));
  return due
    .slice(0, Math.max(0, AT_ONCE - running.size))
    .map(async (errand) => runErrand(loop, errand, signal));
}

/** A watch is due when the sandbox it is for is gone, whoever took it down: by age, by command, by a crash. */
async function withoutWatches(
  { engine }: PullRequestLoop,
  free: readonly Errand[],
): Promise<readonly Errand[]> {
  const watches = free.filter(({ kind }) => kind === "sandbox-watch");
  if (watches.length === 0) return free;
  const standing = new Set<number>();
  await engine.store.read(async ({ sandboxes }) => {
    for (const { id, facts } of watches) {
      const { sandbox, since } = facts as WatchFacts;
      const now = await sandboxes.get(sandbox);
      // One that failed and holds nothing stays in the registry for people to read; it runs nowhere.
      if (now !== null && !isReusable(now) && now.createdAt === since) standing.add(id);
    }
  });
  return free.filter(({ id }) => !standing.has(id));
}

type WatchFacts = { readonly sandbox: string; readonly since: string };

async function runErrand(
  loop: PullRequestLoop,
  errand: Errand,
  signal: AbortSignal,
): Promise<void> {
  const { engine, running } = loop;
  const stop = new AbortController();
  const { id, repository, number, about } = errand;
  // In the same tick as it was looked for, so that no second look takes it as well.
  running.set(id, { repository, number, kind: errand.kind as LongErrand, about, stop });
  const over = new AbortController();
  try {
    const taken = await takeErrand(loop, errand);
    if (taken === null) return;
    const row = await engine.store.read(async ({ pullRequests }) => pullRequests.get(taken));
    if (row === null) return;
    const renewing = keepErrand(loop, { errand: taken, stop }, over.signal);
    const answer = await work(loop, { row, errand: taken }, AbortSignal.any([signal, stop.signal]));
    over.abort();
    await renewing;
    // Cut short: whoever starts next takes it up, or it was dropped for a newer head.
    if (signal.aborted) return await giveBack(loop, taken);
    const isSettled = await settle(loop, { row, errand: taken }, answer);
    running.delete(id);
    if (isSettled) await lookAgain(loop, row, signal);
  } catch (error) {
    engine.log.error({ errand: errand.kind, error: String(error) }, "an errand failed");
  } finally {
    over.abort();
    running.delete(id);
  }
}

type Held = { readonly errand: Errand; readonly stop: AbortController };

/** Renews the lease; stops the work when it is lost, or when the errand is dropped. */
async function keepErrand(
  { engine }: PullRequestLoop,
  { errand, stop }: Held,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await engine.clock.sleep(LEASE_MS / 6, signal);
    if (signal.aborted) return;
    const untilMs = engine.clock.now() + LEASE_MS;
    const isMine = await engine.store.transaction(async ({ pullRequests }) =>
      pullRequests.errands.renew(errand, untilMs),
    );
    if (!isMine) return stop.abort();
  }
}

type Scene = { readonly row: TrackedPullRequest; readonly errand: Errand };

/** What came of it, and what is to be stored with it. */
type Done = {
  readonly answer: JsonObject;
  readonly apply: (transaction: StoreTransaction, row: TrackedPullRequest) => Promise<void>;
};

async function work(
  loop: PullRequestLoop,
  scene: Scene,
  signal: AbortSignal,
): Promise<Result<Done>> {
  try {
    switch (scene.errand.kind) {
      case "review":
        return await review(loop, scene, signal);
      case "deployment":
        return await deploy(loop, scene, signal);
      case "sandbox-removal":
        return await remove(loop, scene, signal);
      case "sandbox-watch":
        return ok({ answer: {}, apply: tellRemoval(loop, scene.row) });
      default:
        return refuse("INTERNAL", `${scene.errand.kind} is no long errand.`);
    }
  } catch (error) {
    return refuse("INTERNAL", error instanceof Error ? error.message : String(error));
  }
}

const NOTHING = async (): Promise<void> => {};

async function review(
  { parts, forge }: PullRequestLoop,
  { row, errand }: Scene,
  signal: AbortSignal,
): Promise<Result<Done>> {
  const repository = repositoryOf(row.fullName);
  if (parts.reviewHead === null || repository === null)
    return refuse("INTERNAL", "Nothing here reviews pull requests.");
  const pull = await forge.pulls.get({ repository, number: row.number }, signal);
  if (!pull.ok) return pull;
  const superseded: ReviewOutcome = {
    kind: "superseded",
    sha: errand.about,
    reason: "",
    verification: null,
  };
  const isPresent = pull.value.isOpen && pull.value.headSha === errand.about;
  const card = { build: row.build, id: row.card };
  const { cycles, rejections } = row;
  const request = { repository, pull: pull.value, card, cycle: cycles, earlier: rejections };
  const reviewed = isPresent ? await parts.reviewHead(request, signal) : ok(superseded);
  if (!reviewed.ok) return reviewed;
  const outcome = reviewed.value;
  const { kind, sha, reason, verification } = outcome;
  const apply: Done["apply"] = async ({ pullRequests, events }, now) => {
    if (now.headSha !== sha) return;
    const agentReview = { kind, sha, reason };
    await pullRequests.write({
      ...now,
      agentReview,
      verification: verification ?? now.verification,
    });
    const data = { by: "orket", kind, headSha: sha, verdict: verification?.verdict ?? null };
    await events.append([eventOf(now, { type: "pr-reviewed", data })]);
  };
  return ok({ answer: { kind, headSha: sha }, apply });
}

async function deploy(
  { parts, engine }: PullRequestLoop,
  { row, errand }: Scene,
  signal: AbortSignal,
): Promise<Result<Done>> {
  const repository = repositoryOf(row.fullName);
  if (parts.deployMerge === null || repository === null)
    return refuse("INTERNAL", "Nothing here deploys merges.");
  const mergeCommit = errand.about;
  const deployed = await parts.deployMerge({ repository, row, mergeCommit }, signal);
  if (!deployed.ok) return deployed;
  const facts = { ...deployed.value } as JsonObject;
  const about = mergeCommit;
  const nowMs = engine.clock.now();
  const apply: Done["apply"] = async ({ pullRequests }) => {
    await pullRequests.errands.add(errandOf(row, "deployment-comment", { about, facts }), nowMs);
    if (deployed.value.kind !== "deployed") return;
    const { sandbox, since } = deployed.value;
    const watch = errandOf(row, "sandbox-watch", { about, facts: { sandbox, since } });
    await pullRequests.errands.add(watch, nowMs);
  };
  return ok({ answer: facts, apply });
}

async function remove(
  loop: PullRequestLoop,
  { row }: Scene,
  signal: AbortSignal,
): Promise<Result<Done>> {
  const { removeSandbox } = loop.parts;
  if (removeSandbox === null) return refuse("INTERNAL", "Nothing here takes sandboxes down.");
  const done = await removeSandbox({ row }, signal);
  if (!done.ok) return done;
  const { removed } = done.value;
  return ok({ answer: { removed }, apply: removed ? tellRemoval(loop, row) : NOTHING });
}

/** Once, also where a watch and a removal find the same. */
const tellRemoval =
  ({ engine }: PullRequestLoop, row: TrackedPullRequest): Done["apply"] =>
  async ({ pullRequests }) =>
    pullRequests.errands.add(errandOf(row, "removal-comment"), engine.clock.now());

/** False when somebody else has it by now, or when it waits for another attempt. */
async function settle(
  loop: PullRequestLoop,
  { row, errand }: Scene,
  done: Result<Done>,
): Promise<boolean> {
  if (!done.ok && errand.attempts < LONG_ATTEMPTS_MAX) {
    await retryErrand(loop, { errand, row }, done);
    return false;
  }
  return writeTold(loop.engine, async (transaction) => {
    const { pullRequests, events } = transaction;
    const state = done.ok ? "done" : "given-up";
    const answer = done.ok ? done.value.answer : null;
    const failure = done.ok ? null : `${done.error.code}: ${done.error.message}`.slice(0, 500);
    const end = { state, failure, answer, nextAttemptMs: 0 } as const;
    if (!(await pullRequests.errands.settle(errand, end))) return false;
    const now = (await pullRequests.get(keyOfRow(row))) ?? row;
    if (done.ok) {
      await noteDone(transaction, { row: now, errand, answer: done.value.answer });
      await done.value.apply(transaction, now);
    } else {
      const data = { errand: errand.kind, reason: failure, attempts: errand.attempts };
      await events.append([eventOf(now, { type: "pr-errand-given-up", data })]);
      if (errand.kind === "deployment") {
        const facts = { kind: "not-deployed", reason: failure };
        const told = errandOf(now, "deployment-comment", { about: errand.about, facts });
        await pullRequests.errands.add(told, loop.engine.clock.now());
      }
    }
    return true;
  });
}

/** The server stops: it is due at once, for the next process. */
async function giveBack({ engine }: PullRequestLoop, errand: Errand): Promise<void> {
  const nextAttemptMs = engine.clock.now();
  const end = { state: "open", failure: null, answer: null, nextAttemptMs } as const;
  await engine.store.transaction(async ({ pullRequests }) =>
    pullRequests.errands.settle(errand, end),
  );
}

async function lookAgain(
  loop: PullRequestLoop,
  { fullName, number }: TrackedPullRequest,
  signal: AbortSignal,
): Promise<void> {
  const repository = repositoryOf(fullName);
  if (repository === null) return;
  const looked = await attend(loop, { name: { repository, number }, hint: NO_HINT }, signal);
  if (!looked.ok)
    loop.engine.log.warn({ pullRequest: number, code: looked.error.code }, "it is looked at later");
}
