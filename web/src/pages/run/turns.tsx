// The turns of a run, one line each.
import { Link } from "wouter";
import { Empty } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { clockOf } from "../../kit/time.tsx";
import { tokensOf } from "../runs/amounts.ts";
import type { RunData } from "./run-data.ts";

export const Turns = ({ data: { turns, view } }: { readonly data: RunData }) =>
  turns.length === 0 ? (
    <Empty title="No turn yet." />
  ) : (
    <Table
      label="Turns"
      rows={turns}
      keyOf={({ id }) => id}
      columns={[
        {
          title: "Turn",
          cell: ({ numberInRun }) => (
            <Link href={`/runs/${encodeURIComponent(view.run.id)}/turns/${numberInRun}`}>
              {numberInRun}
            </Link>
          ),
        },
        { title: "Card", cell: ({ card }) => <Text>{card}</Text> },
        { title: "Seat", cell: ({ seat, kind }) => <Text>{`${seat} (${kind})`}</Text> },
        { title: "Became", cell: ({ status }) => status },
        { title: "What came of it", cell: ({ outcome }) => <Text>{outcome ?? ""}</Text> },
        { title: "Began", cell: ({ startedAt }) => clockOf(startedAt) },
        { title: "Tokens in / out", cell: ({ usage }) => tokensOf(usage) },
      ]}
    />
  );
