// The board: what is ready, worked on, waiting, in review and done, and whose turn it is where nothing moves.
import { useCallback, useMemo, useState } from "react";
import { PageHead } from "../../kit/page.tsx";
import type { SearchState } from "../../kit/search-state.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { useLive } from "../../live/use-live.ts";
import { Alerts } from "./alerts.tsx";
import { applyToBoard, loadBoard } from "./board-data.ts";
import type { BoardCard, BoardData } from "./board-data.ts";
import { CardTable } from "./card-table.tsx";
import { columnOf, toColumns } from "./columns.ts";
import { activeCount, filterCards, filtersOf, NO_FILTERS, viewOf } from "./filters.ts";
import { Kanban } from "./kanban.tsx";
import type { KanbanProps } from "./kanban.tsx";
import { Peek } from "./peek.tsx";
import type { Asked } from "./peek.tsx";
import { Toolbar } from "./toolbar.tsx";
import { Tree } from "./tree.tsx";
import { useBoardKeys } from "./use-board-keys.ts";
import "./board.css";

export default function BoardPage() {
  const search = useSearchState();
  const board = useLive<BoardData>({
    key: ["board"],
    load: loadBoard,
    apply: applyToBoard,
  });
  return (
    <>
      <PageHead title="Board">
        {board.data === undefined ? null : (
          <span className="meta">
            Sprint {board.data.sprint.name}, until {board.data.sprint.end.slice(0, 10)}
          </span>
        )}
      </PageHead>
      <Loaded what="the board" {...board}>
        {(data) => (data.cards.length === 0 ? <NoCards /> : <Cards data={data} search={search} />)}
      </Loaded>
    </>
  );
}

const NoCards = () => (
  <Empty title="No cards yet.">
    <p>
      They come from <code>model/</code>. Start small: <code>orket init --yes</code>
    </p>
  </Empty>
);

type CardsProps = { readonly data: BoardData; readonly search: SearchState };

function Cards({ data, search }: CardsProps) {
  const filters = filtersOf(search);
  const { q, dept, epic, status, wait, seat } = filters;
  const cards = useMemo(
    () => filterCards(data.cards, { q, dept, epic, status, wait, seat }),
    [data.cards, q, dept, epic, status, wait, seat],
  );
  const { open, peek, drop } = usePeek(data.cards, cards, search);
  return (
    <>
      <Toolbar data={data} filters={filters} search={search} />
      <Alerts alerts={data.alerts} />
      {cards.length === 0 ? (
        <Hidden
          count={data.cards.length}
          filters={activeCount(filters)}
          clear={() => search.set(NO_FILTERS)}
        />
      ) : null}
      <div className="board-and-peek">
        <Shown view={viewOf(search)} data={data} cards={cards} drop={drop} />
        {open === undefined ? null : <Peek card={open} cards={data.cards} {...peek} />}
      </div>
    </>
  );
}

type ShownProps = {
  readonly view: ReturnType<typeof viewOf>;
  readonly data: BoardData;
  readonly cards: readonly BoardCard[];
  readonly drop: KanbanProps["drop"];
};

function Shown({ view, data, cards, drop }: ShownProps) {
  if (view === "tree") return <Tree data={data} cards={cards} />;
  if (view === "table") return <CardTable cards={cards} />;
  return <Kanban cards={cards} drop={drop} />;
}

function usePeek(
  all: readonly BoardCard[],
  shown: readonly BoardCard[],
  { get, set }: SearchState,
) {
  const [asks, ask] = useState<Asked>(null);
  const key = get("card");
  const open = key === null ? undefined : findCard(all, key);
  const close = useCallback(() => {
    if (key === null) return;
    ask(null);
    set({ card: null });
    document.querySelector<HTMLElement>(`[data-card="${CSS.escape(key)}"]`)?.focus();
  }, [key, set]);
  const step = useCallback(
    (by: 1 | -1) => {
      const here = shown.find((card) => card.key === key);
      if (here === undefined) return;
      const column = Object.values(toColumns(shown)).find((list) => list.includes(here)) ?? [];
      const next = column[column.indexOf(here) + by];
      if (next !== undefined) set({ card: next.key }, "replace");
    },
    [shown, key, set],
  );
  useBoardKeys({ step, close, ask });
  const drop: KanbanProps["drop"] = useCallback(
    (dropped, column) => {
      const card = all.find((one) => one.key === dropped);
      if (card === undefined || columnOf(card.status) === column) return;
      set({ card: dropped });
      ask(column);
    },
    [all, set],
  );
  return { open, drop, peek: { onClose: close, asks: key === null ? null : asks, ask } };
}

/** A link from before the first run still finds its card. */
const findCard = (cards: readonly BoardCard[], key: string): BoardCard | undefined =>
  cards.find((card) => card.key === key) ??
  (key.startsWith(":") ? cards.find(({ id }) => `:${id}` === key) : undefined);

type HiddenProps = {
  readonly count: number;
  readonly filters: number;
  readonly clear: () => void;
};

const Hidden = ({ count, filters, clear }: HiddenProps) => (
  <Empty title="No card matches.">
    <p>
      {filters === 1 ? "1 filter hides" : `${filters} filters hide`}{" "}
      {count === 1 ? "1 card" : `${count} cards`}.{" "}
      <button type="button" onClick={clear}>
        Clear filters
      </button>
    </p>
  </Empty>
);
