// Which statuses stand in which column of the board, and in which order cards stand there.
import type { CardStatus } from "../../api/types.ts";
import type { BoardCard } from "./board-data.ts";

export type ColumnName = "Ready" | "Working" | "Waiting" | "Review" | "Done";

export const COLUMNS: readonly ColumnName[] = ["Ready", "Working", "Waiting", "Review", "Done"];

/** null: only behind a filter. */
const COLUMN_OF: Readonly<Record<CardStatus, ColumnName | null>> = {
  ready: "Ready",
  in_progress: "Working",
  blocked: "Waiting",
  waiting_for_developer: "Waiting",
  ready_for_testing: "Review",
  code_review: "Review",
  done: "Done",
  canceled: null,
  archived: null,
};

export const columnOf = (status: CardStatus): ColumnName | null => COLUMN_OF[status];

/** C-9 stands before C-10. */
const inOrder = new Intl.Collator("en", { numeric: true });

/** Who needs a person comes first, then the one that holds up most; what is done, newest first. */
function compare(left: BoardCard, right: BoardCard): number {
  const isDone = left.status === "done" && right.status === "done";
  if (isDone) return (left.since ?? "") < (right.since ?? "") ? 1 : -1;
  const needs = (card: BoardCard): number => (card.status === "waiting_for_developer" ? 0 : 1);
  return (
    needs(left) - needs(right) || right.score - left.score || inOrder.compare(left.id, right.id)
  );
}

export function toColumns(
  cards: readonly BoardCard[],
): Readonly<Record<ColumnName, readonly BoardCard[]>> {
  const columns: Record<ColumnName, BoardCard[]> = {
    Ready: [],
    Working: [],
    Waiting: [],
    Review: [],
    Done: [],
  };
  for (const card of cards) {
    const column = columnOf(card.status);
    if (column !== null) columns[column].push(card);
  }
  for (const column of Object.values(columns)) column.sort(compare);
  return columns;
}

/** As the columns have them, one after the other; what stands in none comes last. */
export function inColumnOrder(cards: readonly BoardCard[]): readonly BoardCard[] {
  const columns = toColumns(cards);
  const placed = COLUMNS.flatMap((name) => columns[name]);
  return [...placed, ...cards.filter(({ status }) => columnOf(status) === null)];
}
