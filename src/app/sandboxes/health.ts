// Whether a sandbox is well: asked of the engine, counted by the one who keeps the sandboxes, only looked at by a person.
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import { expiryOf, healthStep, illnessOf, isUp } from "../../domain/sandbox.ts";
import type { ServiceHealth } from "../../ports/sandbox.ts";
import type { Engine } from "../engine.ts";
import { findSandbox, moveWithin } from "./registry.ts";
import { writeTold } from "../write-told.ts";
import { timeBoxed } from "./time-box.ts";

export type HealthDeps = Pick<Engine, "store" | "watcher" | "sandbox" | "clock">;

export type SandboxHealth = {
  readonly sandbox: Sandbox;
  readonly healthy: boolean;
  /** Why not. */
  readonly illness: string | null;
  readonly services: readonly ServiceHealth[];
};

const ASK_MS_MAX = 10_000;

/** For a person: what the engine says now. Nothing is counted, but it was used. */
export async function sandboxHealth(
  deps: HealthDeps,
  id: string,
  signal: AbortSignal,
): Promise<Result<SandboxHealth>> {
  const found = await findSandbox(deps, id);
  if (!found.ok) return found;
  const services = await ask(deps, id, signal);
  if (!services.ok) return services;
  await touchSandbox(deps, id);
  return ok(healthOf(found.value, services.value));
}

export async function touchSandbox(
  { store, clock }: Pick<HealthDeps, "store" | "clock">,
  id: string,
): Promise<void> {
  const nowMs = clock.now();
  await store.transaction(async ({ sandboxes }) =>
    sandboxes.touch(id, new Date(nowMs).toISOString(), expiryOf(nowMs)),
  );
}

const ask = async ({ sandbox, clock }: HealthDeps, id: string, signal: AbortSignal) =>
  timeBoxed(clock, { ms: ASK_MS_MAX, signal }, async (ends) => sandbox.health(id, ends));

function healthOf(sandbox: Sandbox, services: readonly ServiceHealth[]): SandboxHealth {
  const illness = illnessOf(sandbox.services, services);
  return { sandbox, healthy: illness === null && isUp(sandbox), illness, services };
}

/**
 * The check that counts. Nothing is known of a sandbox whose engine does not answer, so nothing is counted then; and when
 * another process checked it within `everyMs`, this one does not.
 */
export async function checkSandbox(
  deps: HealthDeps,
  { sandbox, everyMs }: { readonly sandbox: Sandbox; readonly everyMs: number },
  signal: AbortSignal,
): Promise<Result<Sandbox>> {
  const isDue = ({ checkedAt }: Sandbox): boolean =>
    checkedAt === null || Date.parse(checkedAt) + everyMs <= deps.clock.now();
  if (!isDue(sandbox)) return ok(sandbox);
  const services = await ask(deps, sandbox.id, signal);
  if (!services.ok) return services;
  const illness = illnessOf(sandbox.services, services.value);
  const checkedAt = new Date(deps.clock.now()).toISOString();
  return writeTold(deps, async (transaction): Promise<Result<Sandbox>> => {
    const now = await transaction.sandboxes.get(sandbox.id);
    if (now === null || now.epoch !== sandbox.epoch || !isUp(now) || !isDue(now))
      return ok(now ?? sandbox);
    const { state, misses, reason } = healthStep(now, illness);
    const change = { misses, reason, checkedAt };
    if (state !== now.state)
      return moveWithin(transaction, now, { to: state, actor: "engine", change });
    await transaction.sandboxes.change(now, change);
    return ok({ ...now, ...change });
  });
}
