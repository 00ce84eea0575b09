// The answer to a question: said once more before it is given, with the focus on leaving it; a denial says why. Whoever comes
// too late is told so, and what stands instead.
import type { FormEvent } from "react";
import { useId } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { Approval } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { marked } from "../../kit/marks.ts";
import { Failure } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { nameOf } from "./exact-text.ts";

export type Decision = { readonly approval: Approval; readonly choice: "allow" | "deny" };

type DecisionProps = { readonly decision: Decision; readonly onClose: () => void };

/** Codes that say that it is over, and how people say it. */
const OVER: Readonly<Record<string, string>> = {
  APPROVAL_DECIDED: "No effect: somebody decided before you",
  APPROVAL_VOID: "No effect: the turn had ended",
  APPROVAL_EXPIRED: "No effect: its time was over",
};

export function DecisionDialog({ decision: { approval, choice }, onClose }: DecisionProps) {
  const reasonId = useId();
  const client = useQueryClient();
  const isAllowed = choice === "allow";
  const isPlan = approval.kind === "plan";
  const verb = isAllowed ? (isPlan ? "Apply" : "Allow") : "Deny";
  const name = isPlan ? "this plan" : marked(nameOf(approval));
  const { mutate, error, isPending } = useMutation<unknown, ApiError, string | null>({
    mutationFn: async (reason) =>
      postJson(`/v1/approvals/${encodeURIComponent(approval.id)}`, { decision: choice, reason }),
    onSuccess: onClose,
    // Also when somebody else was first, or the turn had ended: then it waits no longer.
    onSettled: () => void client.invalidateQueries({ queryKey: ["approvals"] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason");
    mutate(typeof reason === "string" && reason.trim() !== "" ? reason : null);
  };
  const over = error === null ? undefined : OVER[error.code];
  if (error !== null && over !== undefined)
    return (
      <Dialog title={over} onClose={onClose}>
        <p role="alert" className="wrap">
          <Text>{error.message}</Text>
        </p>
        <div className="actions">
          <button type="button" onClick={onClose}>
            Close
          </button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={`${verb} ${name}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{effectOf(isPlan, isAllowed)}</p>
        {isAllowed ? null : (
          <>
            <label htmlFor={reasonId}>Why not</label>
            <textarea id={reasonId} name="reason" required maxLength={4096} />
          </>
        )}
        {error === null ? null : <Failure error={error} />}
        <div className="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <Act className="primary" type="submit" disabled={isPending}>
            {verb}
          </Act>
        </div>
      </form>
    </Dialog>
  );
}

function effectOf(isPlan: boolean, isAllowed: boolean): string {
  if (isPlan)
    return isAllowed
      ? "The files are changed as shown, all of them or none."
      : "No file is changed. For another plan, ask the driver again.";
  return isAllowed
    ? "The call is made once, with exactly these arguments. Other arguments ask again."
    : "The call is not made, and the agent is told why.";
}
