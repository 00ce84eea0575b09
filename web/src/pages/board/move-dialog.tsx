// Asks for a move of a card. It is a request: what the rules refuse is said in their own words, and nothing moved.
import type { FormEvent, ReactNode } from "react";
import { useId, useState } from "react";
import { useMutation } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { CardStatus, CardView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { lookOfCard } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Failure } from "../../kit/states.tsx";
import { marked } from "../../kit/marks.ts";
import type { BoardCard } from "./board-data.ts";
import type { ColumnName } from "./columns.ts";
import { columnOf } from "./columns.ts";
import { MOVES, needsReason, WAITS } from "./moves.ts";

export type CardDialogProps = {
  readonly card: Pick<BoardCard, "id" | "build" | "status">;
  readonly onClose: () => void;
};

export type MoveDialogProps = CardDialogProps & {
  /** Where somebody wants it; null where they did not say. */
  readonly towards?: ColumnName | null;
};

type Move = {
  readonly to: CardStatus;
  readonly waitReason?: string;
  readonly detail?: string;
};

/** Whether it is verified is nothing that a move says. */
const wordOf = (status: CardStatus): string =>
  status === "done" ? "Done" : lookOfCard({ status, verified: false }).word;

export function MoveDialog({ card, towards = null, onClose }: MoveDialogProps) {
  const targets = MOVES[card.status];
  const meant =
    towards === null ? undefined : targets.find((target) => columnOf(target) === towards);
  const [to, setTo] = useState(meant ?? targets[0]);
  const detailId = useId();
  const { mutate, error, isPending } = useMutation<CardView, ApiError, Move>({
    mutationFn: async (move) =>
      postJson(`/v1/cards/${encodeURIComponent(card.id)}/move`, { ...move, build: card.build }),
    onSuccess: onClose,
  });
  if (to === undefined)
    return (
      <Dialog title={`Move ${marked(card.id)}`} onClose={onClose}>
        <p>A card that is {wordOf(card.status).toLowerCase()} goes nowhere else.</p>
        <Actions onClose={onClose} />
      </Dialog>
    );
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = form.get(name);
      return typeof value === "string" ? value : "";
    };
    mutate({
      to,
      ...(needsReason(to) ? { waitReason: text("wait") } : {}),
      ...(text("detail") === "" ? {} : { detail: text("detail") }),
    });
  };
  return (
    <Dialog title={`Move ${marked(card.id)}`} onClose={onClose}>
      <form onSubmit={submit}>
        {towards === null || meant !== undefined ? null : (
          <p>
            From {wordOf(card.status)} a card does not go to {towards}. It may go to:
          </p>
        )}
        <label>
          To
          <select value={to} onChange={({ target }) => setTo(target.value as CardStatus)}>
            {targets.map((status) => (
              <option key={status} value={status}>
                {wordOf(status)}
              </option>
            ))}
          </select>
        </label>
        {needsReason(to) ? <WaitReason /> : null}
        <label htmlFor={detailId}>What for</label>
        <textarea id={detailId} name="detail" maxLength={16_384} />
        {error === null ? null : <Failure error={error} />}
        <Actions onClose={onClose}>
          <Act className="primary" type="submit" disabled={isPending}>
            Move
          </Act>
        </Actions>
      </form>
    </Dialog>
  );
}

const WaitReason = () => (
  <label>
    It waits for
    <select name="wait">
      {WAITS.map((wait) => (
        <option key={wait}>{wait}</option>
      ))}
    </select>
  </label>
);

type ActionsProps = { readonly onClose: () => void; readonly children?: ReactNode };

const Actions = ({ onClose, children }: ActionsProps) => (
  <div className="actions">
    <button type="button" onClick={onClose}>
      Cancel
    </button>
    {children}
  </div>
);
