// The turns of a run, one line each, however many there are.
import { Link } from "wouter";
import type { TurnPage } from "../../api/types.ts";
import { Chip, lookOfTurn } from "../../kit/chip.tsx";
import { Empty } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { clockOf } from "../../kit/time.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import { tokensOf } from "../runs/amounts.ts";
import type { RunData } from "./run-data.ts";

const ROW_PX = 28;

export const Turns = ({ data: { turns, view } }: { readonly data: RunData }) =>
  turns.length === 0 ? (
    <Empty title="No turn yet." />
  ) : (
    <>
      <p className="turn-row meta" aria-hidden="true">
        <span>Turn</span>
        <span>Card</span>
        <span>Seat</span>
        <span>Became</span>
        <span>What came of it</span>
        <span>Began</span>
        <span>Tokens in / out</span>
      </p>
      <VirtualList label="Turns" items={turns} rowHeight={ROW_PX} keyOf={({ id }) => id}>
        {(turn) => <TurnRow run={view.run.id} turn={turn} />}
      </VirtualList>
    </>
  );

type TurnRowProps = { readonly run: string; readonly turn: TurnPage["turns"][number] };

const TurnRow = ({ run, turn }: TurnRowProps) => (
  <div className="turn-row">
    <Link href={`/runs/${encodeURIComponent(run)}/turns/${turn.numberInRun}`}>
      {turn.numberInRun}
    </Link>
    <span className="clip">
      <Text>{turn.card}</Text>
    </span>
    <span className="clip">
      <Text>{`${turn.seat} (${turn.kind})`}</Text>
    </span>
    <span className="clip">
      <Chip {...lookOfTurn(turn)} />
    </span>
    <span className="clip">
      <Text>{turn.outcome ?? ""}</Text>
    </span>
    <time className="meta" dateTime={turn.startedAt}>
      {clockOf(turn.startedAt)}
    </time>
    <span className="meta">{tokensOf(turn.usage)}</span>
  </div>
);
