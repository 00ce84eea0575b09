// Takes a sandbox down with its volumes and gives its ports and its id back. What could not be deleted stays listed as
// failed, and can be stopped again.
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import type { Engine } from "../engine.ts";
import type { OwnerJudge } from "./registry.ts";
import { findSandbox, isActedOn, lost, moveSandbox } from "./registry.ts";
import { timeBoxed } from "./time-box.ts";

export type StopDeps = Pick<Engine, "store" | "watcher" | "sandbox" | "clock" | "settings">;

export type StopSandbox = {
  readonly id: string;
  readonly actor: string;
  readonly isOwnerGone: OwnerJudge;
};

export const DOWN_MS_MAX = 120_000;
const LOOK_MS = 200;
/** How long a deployment that lost its sandbox may take to end. */
const LEAVE_MS_MAX = 20_000;

/** Gives it as deleted. A sandbox that is being created is stopped too: its deployment ends first. */
export async function stopSandbox(
  deps: StopDeps,
  { id, actor, isOwnerGone }: StopSandbox,
  signal: AbortSignal,
): Promise<Result<Sandbox>> {
  const found = await findSandbox(deps, id);
  if (!found.ok) return found;
  const nowMs = deps.clock.now();
  const isBusy = isActedOn(found.value, { isOwnerGone, nowMs });
  if (isBusy && found.value.state === "stopping") return lost(found.value, found.value);
  const probed = await deps.sandbox.probe(signal);
  if (!probed.ok) return probed;
  const begun = await begin(deps, found.value, actor);
  if (!begun.ok) return begun;
  await untilLeft(deps, { id, isOwnerGone }, signal);
  const box = { ms: DOWN_MS_MAX, signal };
  const down = await timeBoxed(deps.clock, box, async (ends) => deps.sandbox.down(id, ends));
  if (down.ok) {
    const change = { block: null, owner: null, deployer: null, busyUntil: null, reason: null };
    return moveSandbox(deps, begun.value, { to: "deleted", actor, change });
  }
  const { code, message: reason } = down.error;
  const change = { reason, owner: null, busyUntil: null };
  const failed = await moveSandbox(deps, begun.value, {
    to: "failed",
    actor,
    change,
    data: { code },
  });
  return failed.ok ? down : failed;
}

/** Takes it over by a higher epoch. A deletion whose process was lost has failed, and is repeated. */
async function begin(deps: StopDeps, found: Sandbox, actor: string): Promise<Result<Sandbox>> {
  const { clock, settings } = deps;
  let sandbox = found;
  if (sandbox.state === "stopping") {
    const change = { reason: LOST_REASON, owner: null, busyUntil: null };
    const failed = await moveSandbox(deps, sandbox, { to: "failed", actor, change });
    if (!failed.ok) return failed;
    sandbox = failed.value;
  }
  const change = {
    nextEpoch: sandbox.epoch + 1,
    owner: settings.owner,
    busyUntil: new Date(clock.now() + DOWN_MS_MAX + LEAVE_MS_MAX).toISOString(),
  };
  return moveSandbox(deps, sandbox, { to: "stopping", actor, change });
}

export const LOST_REASON = "The process that worked on it was lost.";

/** Waits for the deployment that lost its sandbox, so that nothing is brought up after it was taken down. */
async function untilLeft(
  { store, clock }: StopDeps,
  { id, isOwnerGone }: Pick<StopSandbox, "id" | "isOwnerGone">,
  signal: AbortSignal,
): Promise<Result<null>> {
  const untilMs = clock.monotonic() + LEAVE_MS_MAX;
  for (;;) {
    const now = await store.read(async ({ sandboxes }) => sandboxes.get(id));
    const deployer = now?.deployer ?? null;
    const isOver = signal.aborted || clock.monotonic() >= untilMs;
    if (deployer === null || isOwnerGone(deployer) || isOver) return ok(null);
    await clock.sleep(LOOK_MS, signal);
  }
}
