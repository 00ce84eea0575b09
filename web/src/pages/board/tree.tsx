// The board as the plan has it: rocks, their epics, and the cards of each, with how far each epic is.
import { useMemo } from "react";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import type { BoardCard, BoardData, EpicPlace } from "./board-data.ts";
import { CardLink } from "./card-link.tsx";
import { StartRun } from "./start-run.tsx";
import { standingOf } from "./standing.ts";

type Row =
  | { readonly kind: "rock"; readonly key: string; readonly id: string; readonly name: string }
  | {
      readonly kind: "epic";
      readonly key: string;
      readonly epic: EpicPlace;
      readonly done: string;
      /** Each of its cards, shown or not. */
      readonly verified: boolean;
    }
  | { readonly kind: "loose"; readonly key: string }
  | { readonly kind: "card"; readonly key: string; readonly card: BoardCard };

/** One list of rows: a rock above its epics, an epic above its cards, what belongs nowhere last. */
export function toRows(
  { epics, cards: all }: BoardData,
  cards: readonly BoardCard[],
): readonly Row[] {
  const unverified = new Set(all.flatMap((card) => (card.verified ? [] : [card.epic])));
  const ofEpic = Map.groupBy(cards, ({ epic }) => epic);
  const rows: Row[] = [];
  let rock: string | null = null;
  for (const epic of epics) {
    if (epic.rock !== null && epic.rock.id !== rock)
      rows.push({ kind: "rock", key: `rock ${epic.rock.id}`, ...epic.rock });
    rock = epic.rock?.id ?? null;
    const own = ofEpic.get(epic.id) ?? [];
    const closed = own.filter(({ status }) => status === "done").length;
    rows.push({
      kind: "epic",
      key: `epic ${epic.id}`,
      epic,
      done: `${closed} of ${own.length}`,
      verified: own.length > 0 && !unverified.has(epic.id),
    });
    for (const card of own) rows.push({ kind: "card", key: card.key, card });
  }
  const loose = ofEpic.get(null) ?? [];
  if (loose.length > 0) rows.push({ kind: "loose", key: "loose" });
  for (const card of loose) rows.push({ kind: "card", key: card.key, card });
  return rows;
}

type TreeProps = { readonly data: BoardData; readonly cards: readonly BoardCard[] };

export function Tree({ data, cards }: TreeProps) {
  const rows = useMemo(() => toRows(data, cards), [data, cards]);
  return (
    <VirtualList
      label="Rocks, epics and cards"
      items={rows}
      rowHeight={36}
      keyOf={({ key }) => key}
    >
      {(row) => <TreeRow row={row} />}
    </VirtualList>
  );
}

function TreeRow({ row }: { readonly row: Row }) {
  if (row.kind === "card") {
    const { card } = row;
    return (
      <div className="tree-row tree-card">
        <CardLink card={card} />
        <Chip {...lookOfCard(card)} />
        <span className="clip">
          <Text>{card.summary}</Text>
        </span>
        <span className="meta clip">
          <Text>{standingOf(card)}</Text>
        </span>
      </div>
    );
  }
  if (row.kind === "loose") return <h2 className="tree-row">Belongs to no epic</h2>;
  if (row.kind === "rock")
    return (
      <h2 className="tree-row">
        <span className="meta">Rock</span> <Text>{row.name}</Text>
      </h2>
    );
  const { id, name, status } = row.epic;
  return (
    <div className="tree-row tree-epic">
      <h2 className="clip">
        <span className="meta">Epic</span> <Text>{name}</Text>
      </h2>
      <Chip {...lookOfCard({ status, verified: row.verified })} />
      <span className="meta">{row.done} done</span>
      <StartRun card={id} />
    </div>
  );
}
