// Whose key this is, what it may do, and the way out.
import { useMutation } from "@tanstack/react-query";
import type { ApiError } from "../api/http.ts";
import { postJson, retryUnanswered } from "../api/http.ts";
import { useOwnKey } from "../kit/act.tsx";
import { Chip } from "../kit/chip.tsx";
import { marked } from "../kit/marks.ts";

export function OwnKey() {
  const key = useOwnKey();
  const { mutate, isPending } = useMutation<unknown, ApiError>({
    mutationFn: async () => postJson("/v1/logout"),
    retry: retryUnanswered,
    // What the page held of the server goes with it.
    onSuccess: () => location.assign("/login"),
  });
  if (key === undefined) return null;
  return (
    <>
      {key.scope === "read" ? <Chip tone="muted" icon="review" word="Looks only" /> : null}
      <button
        type="button"
        className="plain"
        disabled={isPending}
        title={`${marked(key.name)}, scope ${key.scope}`}
        onClick={() => mutate()}
      >
        Sign out
      </button>
    </>
  );
}
