// Reviews exactly one head of a pull request: brings it to the card's build, has the guard review it there in a run of its own,
// and tells the forge what it came to. Called again for the same head, after whatever end of a process, it goes on where it was.
//
//   look for a run of this head ──none──▶ prepare ──▶ store a run ──┐
//            │                              │ unfit: say so          ▼
//            └──────────────── there ───────┼───────────────▶ wait for its end ──▶ read its outcome ──▶ post it
//                                           ▼                        │ aborted, and the head is another: cancel it
//                                      superseded ◀──────────────────┘
import type { Card } from "../../domain/card.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import { isActive } from "../../domain/run.ts";
import type { Forge } from "../../ports/forge.ts";
import type { Engine } from "../engine.ts";
import type { ReviewHead, ReviewOutcome, ReviewRequest } from "../pull-requests/parts.ts";
import type { RunTasks } from "../run-tasks.ts";
import { stopRun } from "../stop-run.ts";
import type { QueuedReview } from "./find-review.ts";
import { findReviews, isOpen } from "./find-review.ts";
import { failedStatuses, PENDING_STATUSES, postReview, setStatuses } from "./post-review.ts";
import type { FetchCommit } from "./prepare-head.ts";
import { prepareHead } from "./prepare-head.ts";
import { isReviewable, queueReview } from "./queue-review.ts";
import type { ReadOutcome } from "./read-outcome.ts";
import { readOutcome } from "./read-outcome.ts";

export type ReviewHeadDeps = {
  readonly engine: Engine;
  readonly tasks: Pick<RunTasks, "submit" | "resume" | "settled">;
  readonly forge: Forge;
  readonly fetchCommit: FetchCommit;
  readonly isOwnerGone: (owner: string) => boolean;
};

export const createReviewHead =
  (deps: ReviewHeadDeps): ReviewHead =>
  async (request, signal) =>
    reviewHead({ ...deps, request }, signal);

type Scene = ReviewHeadDeps & { readonly request: ReviewRequest };

const nameIn = ({ request: { repository, pull } }: Scene) => ({ repository, number: pull.number });

async function reviewHead(scene: Scene, signal: AbortSignal): Promise<Result<ReviewOutcome>> {
  const { engine, request } = scene;
  const { build, id } = request.card;
  const sha = request.pull.headSha;
  const card = await engine.store.read(async ({ cards }) => cards.get(build, id));
  if (card === null)
    return refuse("CARD_UNKNOWN", `There is no card ${id} in ${build}.`, { card: id });
  const reviews = await findReviews(engine, request.card, nameIn(scene));
  await cancelOthers(scene, reviews, signal);
  const known = reviews.find((one) => one.sha === sha);
  if (known !== undefined && !(await wantsNew(scene, known, card)))
    return goOn(scene, known, signal);
  if (!isReviewable(card)) return ok(notReviewed(sha, `The card ${id} is ${card.status}.`));
  return begin(scene, signal);
}

const notReviewed = (sha: string, reason: string): ReviewOutcome => ({
  kind: "not-reviewed",
  sha,
  reason,
  verification: null,
});

/** What reviews another head of the same pull request reviews nothing that anybody asks for any more. */
async function cancelOthers(
  scene: Scene,
  reviews: readonly QueuedReview[],
  signal: AbortSignal,
): Promise<void> {
  const head = scene.request.pull.headSha;
  for (const { run, sha } of reviews.filter((one) => one.sha !== head && isOpen(one))) {
    await cancel(scene, run);
    await tellSuperseded(scene, sha, signal);
  }
}

async function cancel({ engine, isOwnerGone }: Scene, { id }: Run): Promise<void> {
  const stopped = await stopRun(engine, { run: id, wish: "cancel", by: "engine", isOwnerGone });
  // It may have ended meanwhile, which is as good.
  if (!stopped.ok && stopped.error.code !== "RUN_STATE")
    engine.log.warn({ run: id, code: stopped.error.code }, "a superseded review was not canceled");
}

/** A run that came to nothing is made anew once its card can be reviewed again. */
async function wantsNew(
  { engine, request }: Scene,
  known: QueuedReview,
  card: Card,
): Promise<boolean> {
  if (isActive(known.run.status)) return false;
  if (!isReviewable(card)) return false;
  if (known.run.status === "failed") return true;
  return (await readOutcome(engine, request.card, known)).kind === "not-reviewed";
}

async function begin(scene: Scene, signal: AbortSignal): Promise<Result<ReviewOutcome>> {
  const { engine, forge, request, tasks } = scene;
  const { card, pull, cycle } = request;
  const sha = pull.headSha;
  const name = nameIn(scene);
  const told = await setStatuses(forge, { name, sha, statuses: PENDING_STATUSES }, signal);
  if (!told.ok) return told;
  const reasons = request.earlier.map(({ reviewer, reason }) => ({ by: reviewer, text: reason }));
  const head = { name, pull, build: card.build, reasons, cycle };
  const prepared = await prepareHead(scene, head, signal);
  if (!prepared.ok) return prepared;
  const { value } = prepared;
  if (value.kind === "superseded") return superseded(scene, signal);
  if (value.kind === "unfit") {
    const { reason } = value;
    const outcome = { kind: "not-reviewed", reason, comments: [], verdict: null } as const;
    return post(scene, { outcome, run: null }, signal);
  }
  const { pullRequest, tree } = value;
  const queued = await tasks.submit(async () => queueReview(engine, { card, pullRequest, tree }));
  if (!queued.ok) return queued;
  return follow(scene, { run: queued.value, sha, tree }, signal);
}

/** What a lost process left is worked on here. What a person paused waits for that person. */
async function goOn(
  scene: Scene,
  known: QueuedReview,
  signal: AbortSignal,
): Promise<Result<ReviewOutcome>> {
  const { status, reason, id } = known.run;
  if (status === "queued" || (status === "paused" && reason === "interrupted")) {
    const resumed = scene.tasks.resume(id);
    if (!resumed.ok) return resumed;
  }
  return follow(scene, known, signal);
}

/** Waits for the end of the run, and posts what it came to. */
async function follow(
  scene: Scene,
  known: QueuedReview,
  signal: AbortSignal,
): Promise<Result<ReviewOutcome>> {
  const { engine, request, tasks } = scene;
  const aborted = await untilSettled(tasks, known.run.id, signal);
  const { store } = engine;
  const run = (await store.read(async ({ runs }) => runs.get(known.run.id))) ?? known.run;
  if (aborted) return abandon(scene, run);
  if (isActive(run.status))
    return refuse("RUN_STATE", `The review run ${run.id} is ${run.status}.`, { run: run.id });
  const ended = { ...known, run };
  if (run.status === "failed" && !isUnfit(run)) {
    const statuses = failedStatuses("The review failed; it is tried again.");
    const where = { name: nameIn(scene), sha: known.sha, statuses };
    const told = await setStatuses(scene.forge, where, signal);
    const message = `The review run ${run.id} failed: ${run.detail ?? "no reason is known"}`;
    return told.ok ? refuse("RUN_STATE", message, { run: run.id }) : told;
  }
  const outcome = await readOutcome(engine, request.card, ended);
  return post(scene, { outcome, run: run.id }, signal);
}

/** The head's files were refused in the run itself: what lies in the workspace is in their way. */
const isUnfit = ({ detail }: Run): boolean => detail?.startsWith("FILE_UNFIT:") === true;

/** True when the signal came first. */
async function untilSettled(
  tasks: Pick<RunTasks, "settled">,
  run: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return true;
  const aborted = Promise.withResolvers<true>();
  const abort = (): void => aborted.resolve(true);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([tasks.settled(run).then(() => false), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Long enough for one answer; whoever stops waits for it. */
const LAST_LOOK_MS = 3000;

/** A newer head ends the run for good; anything else, such as the end of the process, leaves it to be gone on with. */
async function abandon(scene: Scene, run: Run): Promise<Result<ReviewOutcome>> {
  const signal = AbortSignal.timeout(LAST_LOOK_MS);
  const now = await scene.forge.pulls.get(nameIn(scene), signal);
  const { headSha } = scene.request.pull;
  if (!now.ok || (now.value.isOpen && now.value.headSha === headSha))
    return refuse("INTERRUPTED", "The review was stopped.", { run: run.id });
  if (isActive(run.status)) await cancel(scene, run);
  return superseded(scene, signal);
}

async function superseded(scene: Scene, signal: AbortSignal): Promise<Result<ReviewOutcome>> {
  const sha = scene.request.pull.headSha;
  const reason = "Superseded: the head is another one, or the pull request was closed.";
  await tellSuperseded(scene, sha, signal);
  return ok({ kind: "superseded", sha, reason, verification: null });
}

/** The old commit keeps no status that says "under way". That it cannot be told is no reason to do it all again. */
async function tellSuperseded(scene: Scene, sha: string, signal: AbortSignal): Promise<void> {
  const { engine, forge } = scene;
  const statuses = failedStatuses("Superseded.");
  const told = await setStatuses(forge, { name: nameIn(scene), sha, statuses }, signal);
  if (!told.ok) engine.log.info({ sha, code: told.error.code }, "a superseded head has no status");
}

type Ended = { readonly outcome: ReadOutcome; readonly run: string | null };

async function post(
  scene: Scene,
  { outcome, run }: Ended,
  signal: AbortSignal,
): Promise<Result<ReviewOutcome>> {
  const { request } = scene;
  const sha = request.pull.headSha;
  const posting = { name: nameIn(scene), sha, card: request.card, outcome, run };
  const posted = await postReview(scene, posting, signal);
  if (!posted.ok) return posted;
  if (posted.value === "superseded") return superseded(scene, signal);
  const { kind, reason, verdict } = outcome;
  return ok({ kind, sha, reason, verification: { sha, verdict } });
}
