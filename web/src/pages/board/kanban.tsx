// The board as columns, each a list of its own that draws only what is in sight.
import type { DragEvent } from "react";
import { memo, useMemo, useState } from "react";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import type { BoardCard } from "./board-data.ts";
import { CardLink } from "./card-link.tsx";
import type { ColumnName } from "./columns.ts";
import { COLUMNS, toColumns } from "./columns.ts";
import { standingOf } from "./standing.ts";

const CARD_PX = 96;

/** What is dragged is a card of this page, and not a file or a word. */
const CARD_TYPE = "application/x-orket-card";

export type KanbanProps = {
  readonly cards: readonly BoardCard[];
  /** Asks for a move; what the rules say to it is another matter. */
  readonly drop: (key: string, column: ColumnName) => void;
};

export function Kanban({ cards, drop }: KanbanProps) {
  const columns = useMemo(() => toColumns(cards), [cards]);
  const [over, setOver] = useState<ColumnName | null>(null);
  return (
    <div className="kanban">
      {COLUMNS.map((name) => (
        <section
          key={name}
          aria-label={name}
          className={`${columns[name].length === 0 ? "bare" : ""} ${over === name ? "over" : ""}`}
          onDragOver={(event) => {
            if (!event.dataTransfer.types.includes(CARD_TYPE)) return;
            event.preventDefault();
            setOver(name);
          }}
          onDragLeave={() => setOver(null)}
          onDrop={(event) => {
            setOver(null);
            const key = event.dataTransfer.getData(CARD_TYPE);
            if (key === "") return;
            event.preventDefault();
            drop(key, name);
          }}
        >
          <h2>
            {name} <span className="meta">{columns[name].length}</span>
          </h2>
          <VirtualList
            label={`Cards: ${name}`}
            items={columns[name]}
            rowHeight={CARD_PX}
            keyOf={({ key }) => key}
          >
            {(card) => <CardTile card={card} />}
          </VirtualList>
        </section>
      ))}
    </div>
  );
}

/** Why it stands here, or whose it is while it does. */
function footOf(card: BoardCard): string {
  const standing = standingOf(card);
  return standing === "" && card.status !== "done" ? (card.seat ?? "") : standing;
}

const CardTile = memo(({ card }: { readonly card: BoardCard }) => (
  <article
    className="card-tile"
    draggable={card.build !== null}
    onDragStart={(event: DragEvent) => event.dataTransfer.setData(CARD_TYPE, card.key)}
  >
    <p className="card-line meta">
      <CardLink card={card} />
      {card.since === null ? null : <Since at={card.since} />}
    </p>
    <h3>
      <Text>{card.summary}</Text>
    </h3>
    <p className="card-line meta">
      <Chip {...lookOfCard(card)} />
      <span className="clip">
        <Text>{footOf(card)}</Text>
      </span>
    </p>
  </article>
));
