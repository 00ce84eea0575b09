// Brings a sandbox up: refuses what cannot be before anything is allocated, takes the lowest free port block, and leaves
// nothing behind when it does not come up.
import type { Organization } from "../../domain/assets.ts";
import type { Json } from "../../domain/json.ts";
import { chooseStack } from "../../domain/own-stack.ts";
import { renderStack } from "../../domain/render-stack.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import { expiryOf, isReusable } from "../../domain/sandbox.ts";
import type { SandboxSubject } from "../../domain/sandbox-id.ts";
import { sandboxIdOf } from "../../domain/sandbox-id.ts";
import type { PortBlock } from "../../domain/sandbox-ports.ts";
import { lowestFreeBlock, PORT_BLOCKS_MAX, portBlock } from "../../domain/sandbox-ports.ts";
import type { SandboxPlan, Stack } from "../../domain/stack.ts";
import type { Engine } from "../engine.ts";
import { bringUp } from "./bring-up.ts";
import type { OwnerJudge } from "./registry.ts";
import { isActedOn, lost, SANDBOXES_MAX, sandboxEvent } from "./registry.ts";
import { writeTold } from "../write-told.ts";
import { stopSandbox } from "./stop.ts";

export type DeployDeps = Pick<
  Engine,
  "store" | "watcher" | "sandbox" | "clock" | "ids" | "workspaces" | "settings" | "log"
>;

export type DeployRequest = {
  /** Whose committed workspace is shown. */
  readonly build: string;
  /** What it is where it is no build of an epic, and the build whose epic may name a stack for it. */
  readonly shown?: { readonly subject: SandboxSubject; readonly stackOf: string };
  /** Of the request itself: a name, or `{services: …}`; null when it says nothing. */
  readonly stack: Json;
  readonly organization: Organization;
  /** `engine`, `human:<name>`. */
  readonly actor: string;
  readonly isOwnerGone: OwnerJudge;
};

/** A deployment that takes longer than its stack waits and this was lost. */
const BUSY_MARGIN_MS = 30 * 60_000;

/** Everything that is known before anything is allocated. */
export type Deployment = {
  readonly id: string;
  readonly build: string;
  readonly actor: string;
  readonly stack: Stack;
  /** The committed work that it shows; null when its stack builds nothing. */
  readonly sources: { readonly digest: string } | null;
};

/**
 * Gives the sandbox as it runs: the one there is already when it was made of the committed workspace as it is now, else a
 * new one. A sandbox of older sources is taken down first.
 */
export async function deploySandbox(
  deps: DeployDeps,
  request: DeployRequest,
  signal: AbortSignal,
): Promise<Result<Sandbox>> {
  const prepared = await prepare(deps, request, signal);
  if (!prepared.ok) return prepared;
  const deployment = prepared.value;
  const room = await makeRoom(deps, { request, deployment }, signal);
  if (!room.ok || room.value !== null) return room as Result<Sandbox>;
  const unusable = new Set<number>();
  for (;;) {
    const created = await allocate(deps, deployment, unusable);
    if (!created.ok) return created;
    const { sandbox, plan } = created.value;
    const done = await bringUp(deps, { deployment, sandbox, plan }, signal);
    if (done.ok || done.error.code !== "PORT_TAKEN") return done;
    // Somebody took a port between the look and the binding.
    unusable.add(sandbox.block ?? 0);
  }
}

async function prepare(
  { store, ids, workspaces, sandbox }: DeployDeps,
  { build, shown, stack: asked, organization, actor }: DeployRequest,
  signal: AbortSignal,
): Promise<Result<Deployment>> {
  const known = await store.read(async ({ runs, cards }) => {
    const found = await runs.build(shown?.stackOf ?? build);
    return found === null ? null : { brief: await cards.brief(build, found.epic) };
  });
  if (known === null && shown === undefined)
    return refuse("CARD_UNKNOWN", `No build is called ${build}. See them with: orket board`, {
      build,
    });
  const stack = chooseStack([asked, known?.brief?.params["stack"], organization.preferredStack]);
  if (!stack.ok) return stack;
  const workspace = await workspaces.open(build);
  const digest = await workspace.digest();
  const { needsSources } = renderStack(stack.value, { id: "sandbox-x", block: portBlock(1) });
  if (needsSources && digest === "empty")
    return refuse(
      "SANDBOX_INVALID",
      `The build ${build} has no sources yet: nothing was committed to its workspace.`,
      { build },
    );
  const probed = await sandbox.probe(signal);
  if (!probed.ok) return probed;
  const id = sandboxIdOf(shown?.subject ?? { kind: "build", build }, ids.digest);
  const sources = needsSources ? { digest } : null;
  return ok({ id, build, actor, stack: stack.value, sources });
}

type Room = { readonly request: DeployRequest; readonly deployment: Deployment };

/** Null when the id is free now; the sandbox itself when it is what is wanted. */
async function makeRoom(
  deps: DeployDeps,
  { request, deployment }: Room,
  signal: AbortSignal,
): Promise<Result<Sandbox | null>> {
  const { store, clock } = deps;
  const { id, sources, stack } = deployment;
  const known = await store.read(async ({ sandboxes }) => sandboxes.get(id));
  if (known === null || (isReusable(known) && known.deployer === null)) return ok(null);
  const isCurrent =
    known.sources === (sources?.digest ?? null) && known.stack === (stack.name ?? "own");
  if (known.state === "running" && isCurrent) {
    const nowMs = clock.now();
    await store.transaction(async ({ sandboxes }) =>
      sandboxes.touch(id, new Date(nowMs).toISOString(), expiryOf(nowMs)),
    );
    return ok((await store.read(async ({ sandboxes }) => sandboxes.get(id))) ?? known);
  }
  const { actor, isOwnerGone } = request;
  if (isActedOn(known, { isOwnerGone, nowMs: clock.now() })) return lost(known, known);
  const stopped = await stopSandbox(deps, { id, actor, isOwnerGone }, signal);
  return stopped.ok ? ok(null) : stopped;
}

type Allocated = { readonly sandbox: Sandbox; readonly plan: SandboxPlan };

/** Asks the machine outside of the transaction; the transaction itself says whether the block is still nobody's. */
async function allocate(
  deps: DeployDeps,
  deployment: Deployment,
  unusable: ReadonlySet<number>,
): Promise<Result<Allocated>> {
  const refused = new Set(unusable);
  for (let tries = 0; tries < PORT_BLOCKS_MAX; tries += 1) {
    const taken = await deps.store.read(async ({ sandboxes }) => blocksOf(sandboxes));
    const block = await lowestFreeBlock(new Set([...taken, ...refused]), async (one) =>
      isBlockFree(deps, one),
    );
    if (block === null) break;
    const created = await createIn(deps, deployment, block);
    if (!created.ok || created.value !== null) return created as Result<Allocated>;
  }
  return refuse(
    "PORTS_EXHAUSTED",
    `All ${PORT_BLOCKS_MAX} port blocks are taken, by sandboxes or by other programs. Stop one with: orket sandboxes stop <id>`,
  );
}

type Listing = Parameters<Parameters<Engine["store"]["read"]>[0]>[0]["sandboxes"];

const blocksOf = async (sandboxes: Listing): Promise<readonly number[]> =>
  (await sandboxes.list({ limit: SANDBOXES_MAX })).flatMap(({ block }) => block ?? []);

/** All ports of a block, also those this stack does not use: a block is one thing. */
async function isBlockFree({ sandbox }: DeployDeps, block: PortBlock): Promise<boolean> {
  const { n: _number, ...ports } = block;
  for (const port of Object.values(ports)) if (!(await sandbox.isPortFree(port))) return false;
  return true;
}

/** Null when the block was taken meanwhile. */
async function createIn(
  deps: DeployDeps,
  { id, build, actor, stack, sources }: Deployment,
  block: PortBlock,
): Promise<Result<Allocated | null>> {
  const { clock, settings } = deps;
  const plan = renderStack(stack, { id, block });
  const nowMs = clock.now();
  return writeTold(deps, async ({ sandboxes, events }): Promise<Result<Allocated | null>> => {
    if ((await blocksOf(sandboxes)).includes(block.n)) return ok(null);
    const name = stack.name ?? "own";
    const isMade = await sandboxes.create({
      id,
      build,
      stack: name,
      block: block.n,
      ports: plan.ports,
      urls: plan.urls,
      services: plan.services,
      sources: sources?.digest ?? null,
      owner: settings.owner,
      busyUntil: new Date(nowMs + plan.waitMs + BUSY_MARGIN_MS).toISOString(),
      createdAt: new Date(nowMs).toISOString(),
      expiresAt: expiryOf(nowMs),
    });
    const sandbox = await sandboxes.get(id);
    if (!isMade || sandbox === null) return lost({ id }, sandbox);
    const data = { stack: name, block: block.n, sources: sandbox.sources };
    await events.append([sandboxEvent(sandbox, { type: "sandbox-created", actor, data })]);
    return ok({ sandbox, plan });
  });
}
