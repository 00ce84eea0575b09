// Which card of a run comes after which: drawn in layers, each a link that says what it waits for.
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import type { BacklogCard } from "./graph-data.ts";
import { addressOf, useBacklog } from "./graph-data.ts";
import type { Place } from "./graph-layout.ts";
import { graphOf } from "./graph-layout.ts";
import { byKeyOf, nodesOf, orderOf } from "./graph-nodes.ts";
import type { Drawn } from "./graph-nodes.ts";
import type { RunData } from "./run-data.ts";
import "./graph.css";

export default function GraphTab({ data }: { readonly data: RunData }) {
  const { id, builds } = data.view.run;
  const backlog = useBacklog(id, builds);
  return (
    <Loaded what="its cards" {...backlog}>
      {({ cards }) => <Cards cards={cards} />}
    </Loaded>
  );
}

const ZOOMS = [0.5, 0.75, 1, 1.25] as const;
const SHOWN = 600;

function Cards({ cards }: { readonly cards: readonly BacklogCard[] }) {
  const { get, set } = useSearchState();
  const [zoom, setZoom] = useState(2);
  const open = get("epic");
  const nodes = useMemo(() => nodesOf(cards, open), [cards, open]);
  const graph = useMemo(() => graphOf(nodes), [nodes]);
  const byKey = useMemo(() => byKeyOf(cards), [cards]);
  const drawn = new Map(nodes.map((node) => [node.key, node]));
  if (nodes.length === 0) return <Empty title="The run has no cards." />;
  const keys = graph.keys.slice(0, SHOWN);
  const boxes = keys.map((key) => boxOf(graph.places.get(key)));
  const width = Math.max(...boxes.map(({ x }) => x)) + STEP_X;
  const height = Math.max(...boxes.map(({ y }) => y)) + STEP_Y;
  const inSight = new Set(keys);
  const edges = graph.edges.filter((edge) => edge.every((key) => inSight.has(key)));
  return (
    <>
      <div className="toolbar">
        <button type="button" disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}>
          Smaller
        </button>
        <button
          type="button"
          disabled={zoom === ZOOMS.length - 1}
          onClick={() => setZoom(zoom + 1)}
        >
          Larger
        </button>
        {open === null ? null : (
          <button type="button" onClick={() => set({ epic: null })}>
            Fold the epic
          </button>
        )}
        {keys.length < nodes.length ? (
          <span className="meta">
            The first {keys.length} of {nodes.length}, by what comes first.
          </span>
        ) : null}
      </div>
      <section className="graph" aria-label="Cards in dependency order" tabIndex={0}>
        <div style={{ width, height, zoom: ZOOMS[zoom] }}>
          <svg aria-hidden="true" width={width} height={height}>
            {edges.map(([from, to]) => (
              <path key={`${from} ${to}`} d={wayOf(graph.places.get(from), graph.places.get(to))} />
            ))}
          </svg>
          <ul role="list">
            {keys.map((key) => (
              <NodeBox
                key={key}
                node={drawn.get(key)}
                place={graph.places.get(key)}
                byKey={byKey}
              />
            ))}
          </ul>
        </div>
      </section>
    </>
  );
}

const STEP_X = 248;
const STEP_Y = 88;
const WIDE = 208;
const HIGH = 72;

const boxOf = (place: Place | undefined) => ({
  x: (place?.layer ?? 0) * STEP_X,
  y: (place?.order ?? 0) * STEP_Y,
});

function wayOf(from: Place | undefined, to: Place | undefined): string {
  const [a, b] = [boxOf(from), boxOf(to)];
  const [x, y, endX, endY] = [a.x + WIDE, a.y + HIGH / 2, b.x, b.y + HIGH / 2];
  const middle = (x + endX) / 2;
  return `M${x} ${y}C${middle} ${y} ${middle} ${endY} ${endX} ${endY}m-6-4l6 4l-6 4`;
}

type NodeProps = {
  readonly node: Drawn | undefined;
  readonly place: Place | undefined;
  readonly byKey: ReadonlyMap<string, BacklogCard>;
};

function NodeBox({ node, place, byKey }: NodeProps) {
  const { set } = useSearchState();
  const { x, y } = boxOf(place);
  if (node === undefined) return null;
  const { card, epic, cards } = node;
  return (
    <li className="node" style={{ left: x, top: y, width: WIDE, height: HIGH }}>
      {card === null ? (
        <button type="button" onClick={() => set({ epic })}>
          Open <Text>{epic.slice(epic.lastIndexOf("/") + 1)}</Text>: {cards} cards
        </button>
      ) : (
        <>
          <Link className="mono clip" href={addressOf(card)} title={card.summary}>
            <Text>{card.id}</Text>
          </Link>
          <Chip {...lookOfCard(card)} />
          <span className="meta clip" title={orderOf(card, byKey)}>
            <Text>{orderOf(card, byKey)}</Text>
          </span>
        </>
      )}
    </li>
  );
}
