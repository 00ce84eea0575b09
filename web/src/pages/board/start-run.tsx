// Starts a run of a card, an epic or a rock.
import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { RunView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Failure } from "../../kit/states.tsx";
import { Dialog } from "../../kit/dialog.tsx";

export function StartRun({ card }: { readonly card: string }) {
  const { mutate, data, error, isPending, reset } = useMutation<Pick<RunView, "run">, ApiError>({
    mutationFn: async () => postJson("/v1/runs", { card }),
  });
  return (
    <>
      <Act disabled={isPending} onClick={() => mutate()}>
        Start<span className="hidden-label"> {card}</span>
      </Act>
      {data === undefined ? null : (
        <Link className="mono" href={`/runs/${data.run.id}`}>
          {data.run.id}
        </Link>
      )}
      {error === null ? null : (
        <Dialog title={`No run of ${card}`} onClose={reset}>
          <Failure error={error} />
        </Dialog>
      )}
    </>
  );
}
