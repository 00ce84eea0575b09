// What of the board is shown: the filters as they stand in the address, and the cards that fit.
import type { SearchState } from "../../kit/search-state.ts";
import type { BoardCard, BoardData } from "./board-data.ts";
import { columnOf } from "./columns.ts";

export const VIEWS = ["kanban", "tree", "table"] as const;
export type View = (typeof VIEWS)[number];

/** Each by the name that it has in the address; null where nothing is asked for. */
export const FILTERS = ["q", "dept", "epic", "status", "wait", "seat"] as const;
export type FilterName = (typeof FILTERS)[number];
export type Filters = Readonly<Record<FilterName, string | null>>;

export const viewOf = ({ get }: Pick<SearchState, "get">): View =>
  VIEWS.find((view) => view === get("view")) ?? "kanban";

export const filtersOf = ({ get }: Pick<SearchState, "get">): Filters => ({
  q: get("q"),
  dept: get("dept"),
  epic: get("epic"),
  status: get("status"),
  wait: get("wait"),
  seat: get("seat"),
});

export const NO_FILTERS: Readonly<Record<FilterName, null>> = {
  q: null,
  dept: null,
  epic: null,
  status: null,
  wait: null,
  seat: null,
};

export const activeCount = (filters: Filters): number =>
  FILTERS.filter((name) => filters[name] !== null).length;

/** Put away cards show up only where somebody asks for their status. */
export function filterCards(
  cards: readonly BoardCard[],
  { q, dept, epic, status, wait, seat }: Filters,
): readonly BoardCard[] {
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return cards.filter(
    (card) =>
      (status === null ? columnOf(card.status) !== null : card.status === status) &&
      (dept === null || card.department === dept) &&
      (epic === null || card.epic === epic) &&
      (wait === null || card.waitReason === wait) &&
      (seat === null || card.seat === seat) &&
      words.every((word) => textOf(card).includes(word)),
  );
}

const textOf = ({ id, summary, waitDetail }: BoardCard): string =>
  `${id} ${summary} ${waitDetail ?? ""}`.toLowerCase();

/** What can be chosen: what is there. */
export function choicesOf({ cards, epics }: BoardData) {
  const seats = new Set(cards.flatMap(({ seat }) => (seat === null ? [] : [seat])));
  const departments = new Set(epics.map(({ department }) => department));
  return {
    departments: [...departments].sort(),
    seats: [...seats].sort(),
    epics: epics.map(({ id, name }) => ({ id, name })),
  };
}
