// A person's answer to a question of any kind. A call goes on by itself once it is answered; a plan is applied here.
import type { Approval } from "../domain/approval.ts";
import { EngineError } from "../domain/errors.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { ApprovalAnswer } from "./approvals.ts";
import { decideApproval } from "./approvals.ts";
import type { DriveDeps } from "./drive.ts";
import { allowPlan } from "./drive.ts";

/** An allowed plan that can no longer be applied is refused and stays unanswered. */
export async function answerApproval(
  deps: DriveDeps,
  answer: ApprovalAnswer,
): Promise<Result<Approval>> {
  const read = async (): Promise<Approval | null> =>
    deps.store.read(async ({ approvals }) => approvals.get(answer.id));
  const approval = await read();
  if (approval?.kind !== "plan" || approval.state !== "pending" || answer.decision === "deny")
    return decideApproval(deps, answer);
  const applied = await allowPlan(deps, answer);
  if (!applied.ok) return applied;
  const decided = await read();
  if (decided === null)
    throw new EngineError("STORE_CORRUPT", `Approval ${answer.id} was decided and is gone.`);
  return ok(decided);
}
