// Begins a new run where this one was right after a turn. The old one stays as it is.
import type { FormEvent } from "react";
import { useMutation } from "@tanstack/react-query";
import { useLocation } from "wouter";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { RunView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Failure } from "../../kit/states.tsx";

export type ForkDialogProps = {
  readonly run: string;
  /** As the run counts them. */
  readonly turn: number;
  readonly onClose: () => void;
};

type Wish = { readonly build?: string; readonly model?: string };

export function ForkDialog({ run, turn, onClose }: ForkDialogProps) {
  const [, navigate] = useLocation();
  const { mutate, error, isPending } = useMutation<Pick<RunView, "run">, ApiError, Wish>({
    mutationFn: async (wish) =>
      postJson(`/v1/runs/${encodeURIComponent(run)}/fork`, { turn, ...wish }),
    onSuccess: (made) => navigate(`/runs/${encodeURIComponent(made.run.id)}`),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = [...form].filter(([, value]) => typeof value === "string" && value.trim() !== "");
    mutate(Object.fromEntries(given) as Wish);
  };
  return (
    <Dialog title={`Fork after turn ${turn}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <p>
          A new run starts in a build of its own, with the cards, comments and files of that moment.
          This run and its files stay as they are. It spends tokens anew.
        </p>
        <label>
          Name of the build <input name="build" placeholder="chosen for you" maxLength={300} />
        </label>
        <label>
          Model <input name="model" placeholder="as before" maxLength={300} />
        </label>
        {error === null ? null : <Failure error={error} />}
        <div className="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <Act className="primary" type="submit" disabled={isPending}>
            Start the fork
          </Act>
        </div>
      </form>
    </Dialog>
  );
}
