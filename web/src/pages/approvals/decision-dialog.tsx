// The answer to a question: said once more before it is given, with the focus on leaving it; a denial says why.
import type { FormEvent } from "react";
import { useId } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { Approval } from "../../api/types.ts";
import { Dialog } from "../../kit/dialog.tsx";
import { marked } from "../../kit/marks.ts";
import { Failure } from "../../kit/states.tsx";

type DecisionProps = {
  readonly approval: Approval;
  readonly decision: "allow" | "deny";
  readonly onClose: () => void;
};

export function DecisionDialog({ approval, decision, onClose }: DecisionProps) {
  const reasonId = useId();
  const client = useQueryClient();
  const name = marked(approval.tool ?? approval.kind);
  const isAllowed = decision === "allow";
  const { mutate, error, isPending } = useMutation<unknown, ApiError, string | null>({
    mutationFn: async (reason) =>
      postJson(`/v1/approvals/${encodeURIComponent(approval.id)}`, { decision, reason }),
    onSuccess: onClose,
    // Also when somebody else was first, or the turn had ended: then it waits no longer.
    onSettled: () => void client.invalidateQueries({ queryKey: ["approvals"] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason");
    mutate(typeof reason === "string" && reason.trim() !== "" ? reason : null);
  };
  return (
    <Dialog title={isAllowed ? `Allow ${name}?` : `Deny ${name}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <p>
          {isAllowed
            ? "The call is made once, with exactly these arguments. Other arguments ask again."
            : "The call is not made, and the agent is told why."}
        </p>
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
          <button className="primary" type="submit" disabled={isPending}>
            {isAllowed ? "Allow" : "Deny"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
