// The board as a table: a line for each card, in the order of the columns.
import { useMemo } from "react";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import type { BoardCard } from "./board-data.ts";
import { CardLink } from "./card-link.tsx";
import { inColumnOrder } from "./columns.ts";
import { standingOf } from "./standing.ts";

export function CardTable({ cards }: { readonly cards: readonly BoardCard[] }) {
  const ordered = useMemo(() => inColumnOrder(cards), [cards]);
  return (
    <VirtualList label="Cards" items={ordered} rowHeight={28} keyOf={({ key }) => key}>
      {(card) => (
        <div className="table-row">
          <CardLink card={card} />
          <Chip {...lookOfCard(card)} />
          <span className="clip">
            <Text>{card.summary}</Text>
          </span>
          <span className="meta clip">{card.seat === null ? null : <Text>{card.seat}</Text>}</span>
          <span className="meta clip">
            <Text>{standingOf(card)}</Text>
          </span>
          <span className="meta">{card.since === null ? null : <Since at={card.since} />}</span>
        </div>
      )}
    </VirtualList>
  );
}
