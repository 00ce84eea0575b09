// The board as columns, each a list of its own that draws only what is in sight.
import { memo, useMemo } from "react";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import type { BoardCard } from "./board-data.ts";
import { CardLink } from "./card-link.tsx";
import { COLUMNS, toColumns } from "./columns.ts";
import { standingOf } from "./standing.ts";

const CARD_PX = 96;

export function Kanban({ cards }: { readonly cards: readonly BoardCard[] }) {
  const columns = useMemo(() => toColumns(cards), [cards]);
  return (
    <div className="kanban">
      {COLUMNS.map((name) => (
        <section key={name} aria-label={name}>
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

const CardTile = memo(({ card }: { readonly card: BoardCard }) => (
  <article className="card-tile">
    <p className="card-line">
      <Chip {...lookOfCard(card)} />
      <CardLink card={card} />
    </p>
    <h3 className="clip">
      <Text>{card.summary}</Text>
    </h3>
    <p className="meta clip">
      <Text>{standingOf(card)}</Text>
    </p>
    <p className="meta clip">
      {card.seat === null ? null : <Text>{card.seat}</Text>}
      {card.since === null ? null : (
        <>
          {" "}
          for <Since at={card.since} />
        </>
      )}
    </p>
  </article>
));
