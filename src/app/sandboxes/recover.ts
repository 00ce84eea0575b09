// After a start: what the registry holds compared with what the engine has. Sandboxes that nobody knows here are listed and
// left alone; only a person's command removes one.
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Sandbox, SandboxState } from "../../domain/sandbox.ts";
import { isUp } from "../../domain/sandbox.ts";
import { releasePorts } from "./bring-up.ts";
import type { OwnerJudge } from "./registry.ts";
import { isActedOn, moveSandbox, SANDBOXES_MAX } from "./registry.ts";
import type { StopDeps } from "./stop.ts";
import { DOWN_MS_MAX, LOST_REASON } from "./stop.ts";
import { timeBoxed } from "./time-box.ts";

const LISTED: readonly SandboxState[] = ["creating", "running", "unhealthy", "failed", "stopping"];

export type SandboxListing = {
  readonly sandboxes: readonly Sandbox[];
  /** Ids that the engine has something of, and nobody knows here. Empty when the engine does not answer. */
  readonly orphans: readonly string[];
  /** Why the engine does not answer. */
  readonly engine: string | null;
  readonly asOfSeq: number;
};

const ASK_MS_MAX = 10_000;

const engineIds = async (
  { sandbox, clock }: Pick<StopDeps, "sandbox" | "clock">,
  signal: AbortSignal,
) => timeBoxed(clock, { ms: ASK_MS_MAX, signal }, async (ends) => sandbox.list(ends));

export async function listSandboxes(
  deps: Pick<StopDeps, "store" | "sandbox" | "clock">,
  signal: AbortSignal,
): Promise<SandboxListing> {
  // First the engine: what is created in between is then known here.
  const there = await engineIds(deps, signal);
  const { sandboxes, asOfSeq } = await deps.store.read(async (transaction) => ({
    sandboxes: await transaction.sandboxes.list({ states: LISTED, limit: SANDBOXES_MAX }),
    asOfSeq: await transaction.events.lastSeq(),
  }));
  const known = new Set(sandboxes.map(({ id }) => id));
  const orphans = there.ok ? there.value.filter((id) => !known.has(id)) : [];
  return { sandboxes, orphans, engine: there.ok ? null : there.error.message, asOfSeq };
}

/** Gives how many changed. Costs one read when nothing is stored; without an engine everything stays as it is. */
export async function recoverSandboxes(
  deps: StopDeps,
  isOwnerGone: OwnerJudge,
  signal: AbortSignal,
): Promise<Result<number>> {
  const stored = await deps.store.read(async ({ sandboxes }) =>
    sandboxes.list({ states: LISTED, limit: SANDBOXES_MAX }),
  );
  if (stored.length === 0) return ok(0);
  const there = await engineIds(deps, signal);
  if (!there.ok) return there;
  let changed = 0;
  for (const sandbox of stored) {
    const isThere = there.value.includes(sandbox.id);
    if (await recoverOne(deps, { sandbox, isThere, isOwnerGone }, signal)) changed += 1;
  }
  return ok(changed);
}

type Recovery = {
  readonly sandbox: Sandbox;
  readonly isThere: boolean;
  readonly isOwnerGone: OwnerJudge;
};

async function recoverOne(
  deps: StopDeps,
  { sandbox, isThere, isOwnerGone }: Recovery,
  signal: AbortSignal,
): Promise<boolean> {
  const { state, id } = sandbox;
  if (isActedOn(sandbox, { isOwnerGone, nowMs: deps.clock.now() })) return false;
  if (isUp(sandbox) && isThere) return false;
  if (state === "failed") return false;
  const reason = isUp(sandbox) ? "The engine does not have it any more." : LOST_REASON;
  const change = { reason, owner: null, deployer: null, busyUntil: null };
  const actor = "engine";
  const failed = await moveSandbox(deps, sandbox, {
    to: "failed",
    actor,
    change: { ...change, nextEpoch: sandbox.epoch + 1 },
  });
  if (!failed.ok) return false;
  // A deletion stays failed until somebody repeats it; a creation is taken down as any that failed.
  if (state === "stopping") return true;
  const box = { ms: DOWN_MS_MAX, signal };
  const down = await timeBoxed(deps.clock, box, async (ends) => deps.sandbox.down(id, ends));
  if (down.ok) await releasePorts(deps, failed.value, actor);
  return true;
}

/** Removes what nobody knows here. Gives false when it is known, and must be stopped instead. */
export async function removeOrphan(
  deps: StopDeps,
  id: string,
  signal: AbortSignal,
): Promise<Result<boolean>> {
  const { orphans } = await listSandboxes(deps, signal);
  if (!orphans.includes(id)) return ok(false);
  const box = { ms: DOWN_MS_MAX, signal };
  const down = await timeBoxed(deps.clock, box, async (ends) => deps.sandbox.down(id, ends));
  return down.ok ? ok(true) : down;
}
