// The one way to write to the registry of sandboxes: each step is a transaction with its event, made only by who holds the
// sandbox's epoch, and told to the watcher after the commit.
import type { EventType, NewEvent } from "../../domain/events.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import { refuse } from "../../domain/result.ts";
import type { Sandbox, SandboxState } from "../../domain/sandbox.ts";
import { decideSandboxMove } from "../../domain/sandbox.ts";
import type { SandboxChange, StoreTransaction } from "../../ports/store.ts";
import type { Engine } from "../engine.ts";
import { writeTold } from "../write-told.ts";

export type Registry = Pick<Engine, "store" | "watcher">;

/** More are never listed at once; there are 64 blocks, and what holds none is old. */
export const SANDBOXES_MAX = 1000;

export const findSandbox = async (
  { store }: Pick<Engine, "store">,
  id: string,
): Promise<Result<Sandbox>> => {
  const sandbox = await store.read(async ({ sandboxes }) => sandboxes.get(id));
  if (sandbox === null || sandbox.state === "deleted") return unknownSandbox(id);
  return { ok: true, value: sandbox };
};

export const unknownSandbox = (id: string): Result<never> =>
  refuse("SANDBOX_UNKNOWN", `No sandbox has the id ${id}. See them with: orket sandboxes`, {
    sandbox: id,
  });

/** Whether the process that this names is gone for certain. */
export type OwnerJudge = (owner: string) => boolean;

type Judging = { readonly isOwnerGone: OwnerJudge; readonly nowMs: number };

/** Whether a process that lives creates or stops it now. */
export const isActedOn = (
  { state, owner, busyUntil }: Sandbox,
  { isOwnerGone, nowMs }: Judging,
): boolean =>
  (state === "creating" || state === "stopping") &&
  owner !== null &&
  !isOwnerGone(owner) &&
  busyUntil !== null &&
  nowMs < Date.parse(busyUntil);

export type Step = {
  readonly to: SandboxState;
  readonly actor: string;
  readonly change?: SandboxChange;
  /** Beside the sandbox and where it comes from. */
  readonly data?: JsonObject;
};

/**
 * Gives it as it is then. Refused with SANDBOX_STATE when the table does not have that move, or when somebody else acts on
 * the sandbox since it was read.
 */
export const moveSandbox = async (
  registry: Registry,
  sandbox: Sandbox,
  step: Step,
): Promise<Result<Sandbox>> =>
  writeTold(registry, async (transaction) => moveWithin(transaction, sandbox, step));

export async function moveWithin(
  { sandboxes, events }: StoreTransaction,
  sandbox: Sandbox,
  { to, actor, change = {}, data = {} }: Step,
): Promise<Result<Sandbox>> {
  const { id, state: from } = sandbox;
  const decided = decideSandboxMove(sandbox, to);
  if (!decided.ok) return decided;
  const current = await sandboxes.get(id);
  // A check of health moves a sandbox without an epoch of its own.
  const isSame = current?.state === from && current.epoch === sandbox.epoch;
  if (!isSame || !(await sandboxes.change(sandbox, { ...change, state: to })))
    return lost(sandbox, current);
  const moved = (await sandboxes.get(id)) ?? sandbox;
  const { reason } = moved;
  const facts = { from, to, ...(reason === null ? {} : { reason }), ...data };
  const type = from === "creating" && to === "running" ? "sandbox-deployed" : EVENT_OF[to];
  await events.append([sandboxEvent(moved, { type, actor, data: facts })]);
  return { ok: true, value: moved };
}

const EVENT_OF: Readonly<Record<SandboxState, EventType>> = {
  creating: "sandbox-created",
  running: "sandbox-health-changed",
  unhealthy: "sandbox-health-changed",
  failed: "sandbox-failed",
  stopping: "sandbox-stopping",
  deleted: "sandbox-deleted",
};

type Saying = Pick<NewEvent, "type" | "actor" | "data">;

export const sandboxEvent = (
  { id, build }: Pick<Sandbox, "id" | "build">,
  { type, actor, data }: Saying,
): NewEvent => ({ type, actor, build, data: { sandbox: id, ...data } });

export const lost = ({ id }: Pick<Sandbox, "id">, now: Sandbox | null): Result<never> =>
  refuse(
    "SANDBOX_STATE",
    `The sandbox ${id} is ${now?.state ?? "gone"}: somebody else acts on it. See it with: orket sandboxes`,
    { sandbox: id, state: now?.state ?? null },
  );
