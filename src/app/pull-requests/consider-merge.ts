// Whether the pull request is merged: the rule is arithmetic on facts read just now, the audit record is written before the
// forge is asked, the merge is pinned to the head that was judged, and what came of it is what the forge shows afterwards.
import type { JsonObject } from "../../domain/json.ts";
import type { MergeFacts } from "../../domain/merge-gate.ts";
import { decideMerge, isPassing, MERGE_CAUSES } from "../../domain/merge-gate.ts";
import type { StoredRefusal, TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { MergeOutcome, PullRequest } from "../../ports/forge.ts";
import { writeTold } from "../write-told.ts";
import type { ErrandScene } from "./do-errands.ts";
import type { PullRequestLoop } from "./loop.ts";
import { eventOf } from "./loop.ts";
import { readMergeFacts } from "./read-sight.ts";

export type Considered = {
  readonly row: TrackedPullRequest;
  readonly refusals: StoredRefusal["refusals"];
  /** The forge has changed meanwhile: everything is to be read anew. */
  readonly isStale: boolean;
  /** When it may go another way without an event. */
  readonly lookAtMs: number | null;
};

type Scene = ErrandScene & { readonly row: TrackedPullRequest };
type Facts = MergeFacts & { readonly pull: PullRequest };

/** The causes of the forge's own refusals, beside those of the rule. */
const FORGE_REFUSED = "forge-refused";

export async function considerMerge(
  loop: PullRequestLoop,
  scene: Scene,
  signal: AbortSignal,
): Promise<Result<Considered>> {
  const { row, ground, name } = scene;
  const { verification } = row;
  const read = await readMergeFacts(loop, { ground, name, verification }, signal);
  if (!read.ok) return read;
  const facts = read.value;
  const { pull } = facts;
  if (!pull.isOpen || pull.headSha !== row.headSha)
    return ok({ row, refusals: [], isStale: true, lookAtMs: null });
  const decision = decideMerge(facts);
  if (!decision.merge) return ok(await refusedByRule(loop, scene, { facts, ...decision }));
  const { refusal } = row;
  const isKnown = refusal?.refusals.some(({ cause }) => cause === FORGE_REFUSED) === true;
  if (refusal !== null && isKnown && refusal.facts === digestOf(facts))
    return ok({ row, refusals: refusal.refusals, isStale: false, lookAtMs: null });
  return merge(loop, { ...scene, facts }, signal);
}

/** What a refusal rests on: as long as it is the same, the forge would say the same. */
const digestOf = ({ pullRequest, pull, reviews, statuses, verification }: Facts): string =>
  JSON.stringify([
    pullRequest.headSha,
    pull.baseSha,
    pullRequest.isMergeable,
    reviews.map(({ id, state, isOfficial, isDismissed }) => [id, state, isOfficial, isDismissed]),
    statuses.map(({ context, state }) => [context, state]),
    verification,
  ]);

type RuleRefusal = { readonly facts: Facts; readonly refusals: StoredRefusal["refusals"] };

async function refusedByRule(
  loop: PullRequestLoop,
  { row, ground }: Scene,
  { facts, refusals }: RuleRefusal,
): Promise<Considered> {
  const isApproved = facts.reviews.some(
    ({ state, reviewer }) =>
      state === "APPROVED" && reviewer.toLowerCase() !== ground.self.toLowerCase(),
  );
  const known = isApproved ? await noteRefusal(loop, row, { facts, refusals }) : row;
  return { ...waitFor(loop, known, refusals), refusals, isStale: false };
}

const isPassingCause = (cause: string): boolean => {
  const known = MERGE_CAUSES.find((one) => one === cause);
  return known !== undefined && isPassing(known);
};

const LOOKS_MAX = 12;
const FIRST_LOOK_MS = 1000;
const LOOK_MS_MAX = 60_000;

/** Only what can pass by itself is looked at again soon, and not for ever: after that an event or the reconciler does. */
function waitFor(
  { engine }: PullRequestLoop,
  row: TrackedPullRequest,
  refusals: StoredRefusal["refusals"],
): Pick<Considered, "row" | "lookAtMs"> {
  const canPass = refusals.length > 0 && refusals.every(({ cause }) => isPassingCause(cause));
  if (!canPass || row.looks >= LOOKS_MAX) return { row, lookAtMs: null };
  const waitMs = Math.min(LOOK_MS_MAX, FIRST_LOOK_MS * 2 ** row.looks);
  return { row: { ...row, looks: row.looks + 1 }, lookAtMs: engine.clock.now() + waitMs };
}

/** With its event, and only where it is another one than before. */
async function noteRefusal(
  loop: PullRequestLoop,
  row: TrackedPullRequest,
  { facts, refusals }: RuleRefusal,
): Promise<TrackedPullRequest> {
  const { headSha } = row;
  const before = row.refusal;
  const isSame =
    before !== null &&
    before.headSha === headSha &&
    JSON.stringify(before.refusals) === JSON.stringify(refusals);
  if (isSame) return row;
  const next = { ...row, refusal: { headSha, refusals, facts: digestOf(facts) } };
  return writeTold(loop.engine, async ({ pullRequests, events }) => {
    if (!(await pullRequests.write(next))) return row;
    const data: JsonObject = { headSha, causes: refusals.map((one) => ({ ...one })) };
    await events.append([eventOf(row, { type: "pr-merge-refused", data })]);
    return { ...next, version: next.version + 1 };
  });
}

type Merging = Scene & { readonly facts: Facts };

async function merge(
  loop: PullRequestLoop,
  scene: Merging,
  signal: AbortSignal,
): Promise<Result<Considered>> {
  const { row, facts, name, hold, ground } = scene;
  const held = await hold.ensure();
  if (!held.ok) return held;
  // Throws when it cannot be kept, and then nobody is asked to merge.
  await writeTold(loop.engine, async ({ events }) => events.append([auditOf(row, facts)]));
  const { number, title, headSha } = facts.pull;
  const request = {
    headSha,
    style: ground.facts.mergeStyles[0] ?? "merge",
    title: `${title} (#${number})`,
    message: `Card ${row.card}; merged by the rule of the organization.`,
  } as const;
  const outcome = await loop.forge.pulls.merge(name, request, signal);
  // Whether an answer that was lost was a yes, only another look can tell.
  if (!outcome.ok) return outcome;
  return ok(await merged(loop, scene, outcome.value));
}

function auditOf(row: TrackedPullRequest, { reviews, statuses, verification, pull }: Facts) {
  const approvals = reviews
    .filter(({ state }) => state === "APPROVED")
    .map(({ id, reviewer }) => ({ id, reviewer }));
  const data: JsonObject = {
    headSha: pull.headSha,
    baseBranch: pull.baseBranch,
    approvals,
    statuses: statuses.map(({ context, state }) => ({ context, state })),
    verification: verification === null ? null : { ...verification },
  };
  return eventOf(row, { type: "pr-merge-asked", data });
}

async function merged(
  loop: PullRequestLoop,
  { row, facts }: Merging,
  outcome: MergeOutcome,
): Promise<Considered> {
  if (outcome.kind === "merged") return { row, refusals: [], isStale: true, lookAtMs: null };
  const cause = outcome.kind === "forbidden" ? FORGE_REFUSED : outcome.kind;
  const refusals = [{ cause, detail: outcome.detail }];
  const noted = await noteRefusal(loop, row, { facts, refusals });
  if (outcome.kind === "moved") return { row: noted, refusals, isStale: true, lookAtMs: null };
  if (outcome.kind === "forbidden") return { row: noted, refusals, isStale: false, lookAtMs: null };
  const soon = waitFor(loop, noted, [{ cause: "check-running", detail: outcome.detail }]);
  return { ...soon, refusals, isStale: false };
}
