// A comment on a card, which the next turn on it sees.
import type { FormEvent } from "react";
import { useId } from "react";
import { useMutation } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { CardView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Failure } from "../../kit/states.tsx";
import { marked } from "../../kit/marks.ts";
import type { CardDialogProps } from "./move-dialog.tsx";

export function CommentDialog({ card, onClose }: CardDialogProps) {
  const textId = useId();
  const { mutate, error, isPending } = useMutation<CardView, ApiError, string>({
    mutationFn: async (text) =>
      postJson(`/v1/cards/${encodeURIComponent(card.id)}/comments`, { text, build: card.build }),
    onSuccess: onClose,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = new FormData(event.currentTarget).get("text");
    if (typeof text === "string") mutate(text);
  };
  return (
    <Dialog title={`Comment on ${marked(card.id)}`} onClose={onClose}>
      <form onSubmit={submit}>
        <label htmlFor={textId}>The next turn on the card sees it</label>
        <textarea id={textId} name="text" required />
        {error === null ? null : <Failure error={error} />}
        <div className="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <Act className="primary" type="submit" disabled={isPending}>
            Comment
          </Act>
        </div>
      </form>
    </Dialog>
  );
}
