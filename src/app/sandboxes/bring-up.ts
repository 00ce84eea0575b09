// The part of a deployment in which the engine works: watched, so that a stop from any process ends it; and taken down
// again when it did not come up.
import type { Refusal, Result } from "../../domain/result.ts";
import { refuse } from "../../domain/result.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import type { SandboxPlan } from "../../domain/stack.ts";
import type { Snapshot } from "../../ports/workspace.ts";
import type { DeployDeps, Deployment } from "./deploy.ts";
import { moveSandbox, sandboxEvent } from "./registry.ts";
import { writeTold } from "../write-told.ts";
import { DOWN_MS_MAX } from "./stop.ts";
import { timeBoxed } from "./time-box.ts";

/** How often a deployment looks whether it still holds its sandbox. */
const LOOK_MS = 500;
/** Beyond the wait for services: images are fetched and built. */
const UP_MARGIN_MS = 21 * 60_000;

type BringUp = {
  readonly deployment: Deployment;
  readonly sandbox: Sandbox;
  readonly plan: SandboxPlan;
};

export async function bringUp(
  deps: DeployDeps,
  work: BringUp,
  signal: AbortSignal,
): Promise<Result<Sandbox>> {
  const { store } = deps;
  const { id } = work.sandbox;
  try {
    const up = await startWatched(deps, work, signal);
    return up.ok ? await deployed(deps, work) : await takeBack(deps, work, up.error);
  } finally {
    // Who stops it waits for this.
    await store.transaction(async ({ sandboxes }) => sandboxes.leave(id, deps.settings.owner));
  }
}

/** Ends the engine's work when the sandbox has another owner since. */
async function startWatched(
  deps: DeployDeps,
  { deployment, sandbox, plan }: BringUp,
  signal: AbortSignal,
): Promise<Result<null>> {
  const { clock, store, ids, sandbox: engine } = deps;
  const { id, epoch } = sandbox;
  const over = new AbortController();
  const taken = new AbortController();
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted && !taken.signal.aborted) {
      await clock.sleep(LOOK_MS, over.signal);
      if (over.signal.aborted) return;
      const now = await store.read(async ({ sandboxes }) => sandboxes.get(id));
      if (now?.epoch !== epoch || now.state !== "creating") taken.abort();
    }
  };
  // A registry that cannot be read any more ends the deployment too.
  const watching = watch().catch(() => taken.abort());
  const secrets = Object.fromEntries(plan.secretNames.map((name) => [name, ids.secret()]));
  const { compose, files, waitMs } = plan;
  let snapshot: Snapshot | null = null;
  const box = { ms: waitMs + UP_MARGIN_MS, signal: AbortSignal.any([signal, taken.signal]) };
  try {
    snapshot = await takeSources(deps, deployment);
    const asked = { id, compose, files, sourceDir: snapshot?.dir ?? null, secrets, waitMs };
    if (snapshot !== null && snapshot.digest !== deployment.sources?.digest)
      return refuse("SANDBOX_STATE", "The work went on meanwhile. Bring it up again.", {
        sandbox: id,
      });
    const up = await timeBoxed(clock, box, async (ends) => engine.up(asked, ends));
    return up.ok ? up : { ok: false, error: withoutSecrets(up.error, Object.values(secrets)) };
  } catch (error) {
    // The contract says that it does not; a sandbox must not stay `creating` when it does.
    return refuse("SANDBOX_FAILED", `The engine failed: ${String(error)}`, { sandbox: id });
  } finally {
    over.abort();
    await watching;
    await snapshot?.remove();
  }
}

/** What is committed, and not what somebody is writing just now. */
async function takeSources(
  { workspaces }: DeployDeps,
  { build, sources }: Deployment,
): Promise<Snapshot | null> {
  return sources === null ? null : (await workspaces.open(build)).snapshot();
}

/** What a service printed may hold what it was given; no redactor knows these. */
const withoutSecrets = (refusal: Refusal, secrets: readonly string[]): Refusal => ({
  ...refusal,
  message: secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), refusal.message),
});

async function deployed(
  deps: DeployDeps,
  { deployment, sandbox, plan }: BringUp,
): Promise<Result<Sandbox>> {
  const { actor } = deployment;
  const data = { stack: sandbox.stack, urls: plan.urls };
  const change = { owner: null, busyUntil: null };
  return moveSandbox(deps, sandbox, { to: "running", actor, change, data });
}

/** Said first, then done: a failed creation is taken down and its block released. Gives why it failed. */
async function takeBack(
  deps: DeployDeps,
  { deployment, sandbox }: BringUp,
  refusal: Refusal,
): Promise<Result<never>> {
  const { clock, sandbox: engine } = deps;
  const { actor } = deployment;
  const { code, message: reason } = refusal;
  const change = { reason, owner: null, busyUntil: null };
  const failed = await moveSandbox(deps, sandbox, { to: "failed", actor, change, data: { code } });
  if (!failed.ok) return failed;
  const box = { ms: DOWN_MS_MAX, signal: new AbortController().signal };
  const { id } = sandbox;
  const removed = await timeBoxed(clock, box, async (ends) => engine.down(id, ends));
  if (removed.ok) await releasePorts(deps, failed.value, actor);
  else
    await noteLeft(
      deps,
      failed.value,
      `${reason}\nWhat was started of it is still there: ${removed.error.message}`,
    );
  return { ok: false, error: refusal };
}

/** Nothing of it is left, so that its ports and its id are free. */
export const releasePorts = async (
  deps: Pick<DeployDeps, "store" | "watcher">,
  sandbox: Sandbox,
  actor: string,
): Promise<void> =>
  writeTold(deps, async ({ sandboxes, events }) => {
    if (!(await sandboxes.change(sandbox, { block: null, deployer: null }))) return;
    const data = { from: sandbox.block, to: null };
    await events.append([sandboxEvent(sandbox, { type: "sandbox-ports-changed", actor, data })]);
  });

const noteLeft = async (
  { store }: Pick<DeployDeps, "store">,
  sandbox: Sandbox,
  reason: string,
): Promise<boolean> =>
  store.transaction(async ({ sandboxes }) => sandboxes.change(sandbox, { reason }));
