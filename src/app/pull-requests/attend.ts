// Looks after one pull request: reads what the forge says now, keeps what follows from it, does what is to be done on the
// forge, merges where the rule allows it, and shows the state. Deliveries, the reconciler and the clock all come through here.
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { PullRequestName, Review } from "../../ports/forge.ts";
import { considerMerge } from "./consider-merge.ts";
import { doErrands } from "./do-errands.ts";
import type { Hold } from "./hold.ts";
import { holdPullRequest } from "./hold.ts";
import type { PullRequestLoop } from "./loop.ts";
import { fullNameOf, keyOfRow } from "./loop.ts";
import type { Ground } from "./read-sight.ts";
import { lookAt, readGround } from "./read-sight.ts";
import { showState } from "./show-state.ts";
import { storeSight } from "./store-sight.ts";

export type Hint = {
  /** Of the delivery; another repository may have its name by now. */
  readonly repository: number | null;
  /** The forge's time of an opening that a delivery told of. */
  readonly reopenedAt: string | null;
};

export const NO_HINT: Hint = { repository: null, reopenedAt: null };

export type Attended =
  | {
      readonly kind: "done";
      readonly row: TrackedPullRequest;
      readonly reviews: readonly Review[];
      /** Events that a look found and errands that were done. */
      readonly changes: number;
    }
  | { readonly kind: "ignored"; readonly reason: string };

/** Each time the forge turns out to have changed meanwhile, everything is read anew; after so many it waits for its turn. */
const LOOKS_MAX = 4;
const RELOOK_MS = 2000;
const UNSEEN_LOOKS_MAX = 12;

export const attend = async (
  loop: PullRequestLoop,
  { name, hint }: { readonly name: PullRequestName; readonly hint: Hint },
  signal: AbortSignal,
): Promise<Result<Attended>> =>
  loop.inLane(`${fullNameOf(name.repository)}#${name.number}`.toLowerCase(), async () => {
    const ground = await readGround(loop, name, signal);
    if (!ground.ok) return ignoreMissing(ground);
    const { id } = ground.value.facts;
    if (hint.repository !== null && hint.repository !== id)
      return ok({ kind: "ignored", reason: "Another repository has that name by now." });
    return lookAgain(loop, { name, hint, ground: ground.value }, signal);
  });

const ignoreMissing = (refused: Extract<Result<never>, { ok: false }>): Result<Attended> =>
  refused.error.code === "FORGE_NOT_FOUND"
    ? ok({ kind: "ignored", reason: refused.error.message })
    : refused;

type Attending = {
  readonly name: PullRequestName;
  readonly hint: Hint;
  readonly ground: Ground;
};

async function lookAgain(
  loop: PullRequestLoop,
  attending: Attending,
  signal: AbortSignal,
): Promise<Result<Attended>> {
  let changes = 0;
  for (let look = 1; ; look += 1) {
    const looked = await lookOnce(loop, { ...attending, isLast: look >= LOOKS_MAX }, signal);
    if (!looked.ok || looked.value.kind === "ignored") return looked;
    changes += looked.value.changes;
    if (!looked.value.isStale || look >= LOOKS_MAX) return ok({ ...looked.value, changes });
  }
}

type OneLook = Exclude<Attended, { readonly kind: "ignored" }> & { readonly isStale: boolean };

async function lookOnce(
  loop: PullRequestLoop,
  { name, hint, ground, isLast }: Attending & { readonly isLast: boolean },
  signal: AbortSignal,
): Promise<Result<OneLook | Extract<Attended, { readonly kind: "ignored" }>>> {
  const looked = await lookAt(loop, name, signal);
  if (!looked.ok) {
    const missing = ignoreMissing(looked);
    return missing.ok && missing.value.kind === "ignored" ? ok(missing.value) : looked;
  }
  const { pull, reviews } = looked.value;
  const { policy, self, facts } = ground;
  const { reopenedAt } = hint;
  const sight = { pull, reviews, fullName: facts.fullName, reopenedAt };
  const { deployMerge, removeSandbox } = loop.parts;
  const parts = { canDeploy: deployMerge !== null, canRemove: removeSandbox !== null };
  const stored = await storeSight(loop, { sight, rules: { policy, self, ...parts } });
  if (!stored.ok) return stored;
  if (stored.value.kind === "ignored") return ok(stored.value);
  const { changes } = stored.value;
  if (changes > 0) loop.wake();
  const key = keyOfRow(stored.value.row);
  const hold = await holdPullRequest(loop, key, signal);
  if (!hold.ok) return hold;
  try {
    const kept = await loop.engine.store.read(async ({ pullRequests }) => pullRequests.get(key));
    const row = kept ?? stored.value.row;
    const acted = await act(loop, { name, ground, row, hold: hold.value, isLast }, signal);
    if (!acted.ok) return acted;
    const { count, ...rest } = acted.value;
    return ok({ kind: "done", reviews, ...rest, changes: changes + count });
  } finally {
    await hold.value.letGo();
  }
}

type Acting = Omit<Attending, "hint"> & {
  readonly row: TrackedPullRequest;
  readonly hold: Hold;
  readonly isLast: boolean;
};
type Acted = {
  readonly row: TrackedPullRequest;
  readonly isStale: boolean;
  readonly count: number;
};

async function act(
  loop: PullRequestLoop,
  { isLast, ...scene }: Acting,
  signal: AbortSignal,
): Promise<Result<Acted>> {
  const { row, dueMs, count } = await doErrands(loop, scene, signal);
  const mayMerge = row.state === "active" && !row.isRejecting;
  if (!mayMerge) {
    const shown = await showState(loop, { ...scene, row, refusals: null }, signal);
    const next = laterIfUnseen(loop, shown, { lookAtMs: dueMs, looks: 0 });
    return ok({ row: await plan(loop, shown.row, next), isStale: false, count });
  }
  const considered = await considerMerge(loop, { ...scene, row }, signal);
  if (!considered.ok) {
    // A merge whose answer was lost must be looked at, whoever asked for this look.
    await plan(loop, row, { lookAtMs: loop.engine.clock.now() + RELOOK_MS, looks: row.looks });
    return considered;
  }
  const { isStale, refusals, lookAtMs } = considered.value;
  if (isStale && !isLast) return ok({ row: considered.value.row, isStale, count });
  const now = considered.value.row;
  const shown = await showState(loop, { ...scene, row: now, refusals }, signal);
  const relookMs = isStale ? loop.engine.clock.now() + RELOOK_MS : lookAtMs;
  const planned = { lookAtMs: earlier(dueMs, relookMs), looks: now.looks };
  const next = laterIfUnseen(loop, shown, planned);
  return ok({ row: await plan(loop, shown.row, next), isStale, count });
}

type Plan = Pick<TrackedPullRequest, "lookAtMs" | "looks">;

/** A state that nobody can see is shown at another look, which comes later each time, and not for ever. */
function laterIfUnseen(
  { engine }: PullRequestLoop,
  { row, isShown }: Awaited<ReturnType<typeof showState>>,
  planned: Plan,
): Plan {
  if (isShown || planned.lookAtMs !== null || row.looks >= UNSEEN_LOOKS_MAX) return planned;
  const waitMs = RELOOK_MS * 2 ** row.looks;
  return { lookAtMs: engine.clock.now() + waitMs, looks: row.looks + 1 };
}

const earlier = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);

/** When it is looked at without an event. */
async function plan(
  { engine, wake }: PullRequestLoop,
  row: TrackedPullRequest,
  { lookAtMs, looks }: Plan,
): Promise<TrackedPullRequest> {
  const kept = await engine.store.transaction(async ({ pullRequests }) => {
    const stored = await pullRequests.get(keyOfRow(row));
    if (stored === null || (stored.lookAtMs === lookAtMs && stored.looks === looks)) return stored;
    const next = { ...stored, lookAtMs, looks };
    return (await pullRequests.write(next)) ? { ...next, version: next.version + 1 } : stored;
  });
  if (lookAtMs !== null) wake();
  return kept ?? row;
}
