// The board as columns, each a list of its own that draws only what is in sight.
import { memo } from "react";
import { Link } from "wouter";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import type { BoardCard } from "./board-data.ts";
import type { toColumns } from "./columns.ts";
import { COLUMNS } from "./columns.ts";

const CARD_PX = 96;

export const Kanban = ({ columns }: { readonly columns: ReturnType<typeof toColumns> }) => (
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

export const CardTile = memo(({ card }: { readonly card: BoardCard }) => (
  <article className="card-tile">
    <p className="card-line">
      <Chip {...lookOfCard(card)} />
      <Link className="mono" href={addressOfCard(card)}>
        {card.id}
      </Link>
    </p>
    <h3 className="clip">
      <Text>{card.summary}</Text>
    </h3>
    <p className="meta clip">
      <Standing card={card} />
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

export const addressOfCard = ({ id, build }: Pick<BoardCard, "id" | "build">): string =>
  `/cards/${encodeURIComponent(id)}${build === null ? "" : `?build=${encodeURIComponent(build)}`}`;

/** Why it stands where it stands. */
function Standing({ card }: { readonly card: BoardCard }) {
  const { status, waitReason, waitDetail, turn, cycle } = card;
  if (status === "in_progress") {
    if (turn === null) return <>no live turn</>;
    return (
      <Text>{turn.tool === null ? `${turn.seat} at work` : `${turn.seat}: ${turn.tool}`}</Text>
    );
  }
  if (waitReason !== null) return <Text>{`${waitReason}: ${waitDetail ?? ""}`}</Text>;
  if (cycle > 0) return <>cycle {cycle} of 4</>;
  return card.dependsOn.length > 0 ? <Text>{`after ${card.dependsOn.join(", ")}`}</Text> : null;
}
