// The board: what is ready, worked on, waiting, in review and done, and whose turn it is where nothing moves.
import { useMemo } from "react";
import { PageHead } from "../../kit/page.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { useLive } from "../../live/use-live.ts";
import { applyToBoard, loadBoard } from "./board-data.ts";
import type { BoardData } from "./board-data.ts";
import { toColumns } from "./columns.ts";
import { Kanban } from "./kanban.tsx";
import "./board.css";

export default function BoardPage() {
  const { get } = useSearchState();
  const department = get("dept");
  const board = useLive<BoardData>({
    key: ["board", department],
    load: async (signal) => loadBoard(department, signal),
    apply: applyToBoard,
  });
  return (
    <>
      <PageHead title="Board">
        {board.data === undefined ? null : <span>{board.data.sprint.name}</span>}
      </PageHead>
      <Loaded what="the board" {...board}>
        {(data) => (data.cards.length === 0 ? <NoCards /> : <Cards data={data} />)}
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

function Cards({ data }: { readonly data: BoardData }) {
  const columns = useMemo(() => toColumns(data.cards), [data.cards]);
  return <Kanban columns={columns} />;
}
