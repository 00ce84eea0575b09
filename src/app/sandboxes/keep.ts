// Keeps the sandboxes for as long as a process that serves or works lives: what was left is recovered, health is checked,
// and what nobody used for a day is taken down.
import type { Sandbox } from "../../domain/sandbox.ts";
import { isExpired } from "../../domain/sandbox.ts";
import type { Engine } from "../engine.ts";
import { checkSandbox } from "./health.ts";
import { recoverSandboxes } from "./recover.ts";
import type { OwnerJudge } from "./registry.ts";
import { isActedOn, SANDBOXES_MAX } from "./registry.ts";
import { stopSandbox } from "./stop.ts";

export const HEALTH_MS = 30_000;
/** A check of another process that is nearly as old as that counts as this one's. */
const HEALTH_SLACK_MS = 5000;

export type KeepDeps = Pick<Engine, "store" | "watcher" | "sandbox" | "clock" | "settings" | "log">;

/** Goes on until the signal aborts; whatever fails is logged, and tried again with the next round. */
export async function keepSandboxes(
  deps: KeepDeps,
  isOwnerGone: OwnerJudge,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await keepOnce(deps, isOwnerGone, signal).catch((error: unknown) =>
      deps.log.error({ error: String(error) }, "sandboxes could not be looked after"),
    );
    await deps.clock.sleep(HEALTH_MS, signal);
  }
}

/** One round; costs one read where there is no sandbox. */
export async function keepOnce(
  deps: KeepDeps,
  isOwnerGone: OwnerJudge,
  signal: AbortSignal,
): Promise<void> {
  const recovered = await recoverSandboxes(deps, isOwnerGone, signal);
  if (!recovered.ok) return;
  const states = ["creating", "running", "unhealthy", "failed"] as const;
  const stored = await deps.store.read(async ({ sandboxes }) =>
    sandboxes.list({ states, limit: SANDBOXES_MAX }),
  );
  for (const sandbox of stored) {
    if (signal.aborted) return;
    await keepOne(deps, { sandbox, isOwnerGone }, signal);
  }
}

type Kept = { readonly sandbox: Sandbox; readonly isOwnerGone: OwnerJudge };

async function keepOne(
  deps: KeepDeps,
  { sandbox, isOwnerGone }: Kept,
  signal: AbortSignal,
): Promise<void> {
  const { id, block } = sandbox;
  const nowMs = deps.clock.now();
  if (isActedOn(sandbox, { isOwnerGone, nowMs })) return;
  // A failed one that holds nothing is kept for people to read.
  const done =
    isExpired(sandbox, nowMs) && block !== null
      ? await stopSandbox(deps, { id, actor: "engine", isOwnerGone }, signal)
      : sandbox.state === "failed"
        ? null
        : await checkSandbox(deps, { sandbox, everyMs: HEALTH_MS - HEALTH_SLACK_MS }, signal);
  if (done?.ok !== false || signal.aborted) return;
  deps.log.warn({ sandbox: id, code: done.error.code }, done.error.message);
}
