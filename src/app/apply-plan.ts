// Applies a driver's plan: files, comments and events, all or none. The files are put in place inside of the transaction that
// writes the rest, so no other process applies or recovers at the same time; the journal of the files is kept until the
// transaction is on the disk, so a crash between the two is completed at the next start.
import type { PlanAction } from "../domain/driver-plan.ts";
import { describeAction, directivesOf, directiveText } from "../domain/driver-plan.ts";
import type { FileChange } from "../domain/driver-plan.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Json, JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { closeApproval, settleApproval } from "./approvals.ts";
import { closedRefusal } from "../domain/approval.ts";
import { addComment } from "./edit-cards.ts";
import type { Engine } from "./engine.ts";

export type Plan = {
  readonly id: string;
  readonly actions: readonly PlanAction[];
  readonly files: readonly FileChange[];
};

export type PlanDeps = Pick<Engine, "store" | "assetEdits" | "clock" | "ids">;

/** `approval` is the question that this answers; null when the person said yes at once. */
export type PlanApplication = {
  readonly plan: Plan;
  readonly person: string;
  readonly approval: { readonly id: string; readonly reason: string | null } | null;
};

/** What has to be known to write the rest of a plan whose files are in place. */
type PlanRecord = {
  readonly plan: string;
  readonly person: string;
  readonly approval: PlanApplication["approval"];
  readonly directives: readonly { readonly card: string; readonly text: string }[];
  readonly data: JsonObject;
  /** The last event before it, so that a later start sees whether it was written. */
  readonly afterSeq: number;
};

export async function applyPlan(
  deps: PlanDeps,
  application: PlanApplication,
): Promise<Result<null>> {
  const { store, assetEdits } = deps;
  const { plan, person, approval } = application;
  let isPlaced = false;
  try {
    const applied = await store.transaction(async (transaction): Promise<Result<null>> => {
      isPlaced = false;
      const record: PlanRecord = {
        plan: plan.id,
        person,
        approval,
        directives: directivesOf(plan.actions).map(({ directive }) => ({
          card: directive.card,
          text: directiveText(directive),
        })),
        data: planData(deps, plan),
        afterSeq: await transaction.events.lastSeq(),
      };
      const written = await writeRecord(deps, transaction, record);
      if (!written.ok) return written;
      const { id, files } = plan;
      const placed = await assetEdits.apply({
        id,
        files,
        record: record as unknown as JsonObject,
      });
      isPlaced = placed.ok;
      return placed;
    });
    if (applied.ok) await assetEdits.settle(plan.id);
    else
      await planFailed(deps, { plan: plan.id, person, stage: "apply", code: applied.error.code });
    return applied;
  } catch (error) {
    // Nothing of it is in the store. Where not even this can be written, the next start sees the journal.
    if (isPlaced) await store.transaction(async () => assetEdits.undo(plan.id));
    throw error;
  }
}

/** Approval, comments and event of a plan. Refused when somebody has answered the approval otherwise. */
async function writeRecord(
  { clock }: Pick<PlanDeps, "clock">,
  transaction: StoreTransaction,
  record: PlanRecord,
): Promise<Result<null>> {
  const { person, approval, directives, data } = record;
  if (approval !== null) {
    const closed = await allow(clock.now(), transaction, { ...approval, person });
    if (!closed.ok) return closed;
  }
  for (const { card, text } of directives) {
    const commented = await addComment(transaction, { card, build: null, text, person });
    if (!commented.ok) return commented;
  }
  await transaction.events.append([{ type: "plan-applied", actor: `human:${person}`, data }]);
  return ok(null);
}

async function allow(
  nowMs: number,
  transaction: StoreTransaction,
  { id, reason, person }: { id: string; reason: string | null; person: string },
): Promise<Result<null>> {
  const stored = await transaction.approvals.get(id);
  if (stored === null) return refuse("APPROVAL_UNKNOWN", `No approval has the id ${id}.`, { id });
  const settled = await settleApproval(transaction, stored, nowMs);
  const refused = closedRefusal(settled);
  if (refused !== null) return refused;
  const at = new Date(nowMs).toISOString();
  const decision = { state: "allowed", by: `human:${person}`, reason, at } as const;
  await closeApproval(transaction, settled, decision);
  await transaction.approvals.use(id, at);
  return ok(null);
}

/** Completes or undoes what a process that died left of plans; called at every start, before the assets are read. */
export async function recoverPlans(deps: PlanDeps): Promise<void> {
  const { store, assetEdits } = deps;
  if ((await assetEdits.pending()).length === 0) return;
  const plans = await store.transaction(async (transaction) => {
    const pending = await assetEdits.pending();
    for (const { record } of pending) {
      const known = record as unknown as PlanRecord;
      // Then all of it was done, and whoever changed a file since had the right to.
      if (await isWritten(transaction, known)) continue;
      const code = await complete(deps, transaction, known);
      if (code !== null) await transaction.events.append([failedEvent({ ...known, code })]);
    }
    return pending.map(({ id }) => id);
  });
  for (const id of plans) await assetEdits.settle(id);
}

/** Why it could not be completed; then nothing of it is left. */
async function complete(
  deps: PlanDeps,
  transaction: StoreTransaction,
  record: PlanRecord,
): Promise<ErrorCode | null> {
  if (!(await deps.assetEdits.recover(record.plan))) return "FILE_STALE";
  const written = await writeRecord(deps, transaction, record);
  if (written.ok) return null;
  await deps.assetEdits.undo(record.plan);
  return written.error.code;
}

const EVENTS_MAX = 1000;

async function isWritten(
  { events }: StoreTransaction,
  { plan, afterSeq }: PlanRecord,
): Promise<boolean> {
  const applied = await events.list({
    types: ["plan-applied"],
    after: afterSeq,
    limit: EVENTS_MAX,
  });
  return applied.some(({ data }) => data["plan"] === plan);
}

type Failure = {
  readonly plan: string | null;
  readonly person: string;
  readonly stage: "model" | "reply" | "check" | "confirm" | "apply";
  /** null when a person said no. */
  readonly code: ErrorCode | null;
};

/** A proposal that came to nothing, and why. Nothing was changed. */
export async function planFailed(
  { store }: Pick<PlanDeps, "store">,
  failure: Failure,
): Promise<void> {
  const { plan, person, stage, code } = failure;
  const data = { ...(plan === null ? {} : { plan }), stage, ...(code === null ? {} : { code }) };
  await store.transaction(async ({ events }) =>
    events.append([{ type: "plan-failed", actor: `human:${person}`, data }]),
  );
}

const failedEvent = ({ plan, person, code }: { plan: string; person: string; code: string }) =>
  ({
    type: "plan-failed",
    actor: `human:${person}`,
    data: { plan, stage: "recover", code },
  }) as const;

const ACTION_CHARACTERS_MAX = 200;

/** What is kept of a plan in events: actions in a line each, files by their digests. */
export const planData = (
  { ids }: Pick<PlanDeps, "ids">,
  { id, actions, files }: Plan,
): { readonly [key: string]: Json } => ({
  plan: id,
  actions: actions.map((action) => describeAction(action).slice(0, ACTION_CHARACTERS_MAX)),
  files: digestsOf({ ids }, files),
});

export type FileDigests = {
  readonly file: string;
  readonly before: string | null;
  readonly after: string | null;
};

export const digestsOf = (
  { ids }: Pick<PlanDeps, "ids">,
  files: readonly FileChange[],
): readonly FileDigests[] => {
  const digest = (text: string | null): string | null => (text === null ? null : ids.digest(text));
  return files.map(({ file, before, after }) => ({
    file,
    before: digest(before),
    after: digest(after),
  }));
};
