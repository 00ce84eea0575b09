// What a run used: beside what it may use, and by card, seat and model, the most first.
import { Empty } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import type { CostTurn, Sum } from "./cost-sums.ts";
import { budgetLines, countOf, pricedAs, sumsBy } from "./cost-sums.ts";
import type { RunData } from "./run-data.ts";
import "./cost.css";

export default function Cost({ data: { turns, view } }: { readonly data: RunData }) {
  const [all] = sumsBy(turns, () => "all");
  return (
    <>
      <dl className="budget" aria-label="Used, and what may be used">
        {budgetLines(view.run, all).map(({ name, text, share }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
            {share === null ? null : (
              <dd>
                <Share of={share} />
                <span className="meta">{percentOf(share)} used</span>
              </dd>
            )}
          </div>
        ))}
      </dl>
      {turns.length === 0 ? (
        <Empty title="Nothing was used yet.">
          <p>Tokens are counted when the first turn gets its first reply.</p>
        </Empty>
      ) : (
        PARTS.map(({ title, nameOf }) => (
          <section key={title} className="stack">
            <h2>By {title.toLowerCase()}</h2>
            <Sums title={title} sums={sumsBy(turns, nameOf)} />
          </section>
        ))
      )}
    </>
  );
}

const PARTS: readonly { readonly title: string; readonly nameOf: (turn: CostTurn) => string }[] = [
  { title: "Card", nameOf: ({ card }) => card },
  { title: "Seat", nameOf: ({ seat }) => seat },
  { title: "Model", nameOf: ({ model }) => model },
];

const SHOWN = 200;

const Sums = ({ title, sums }: { readonly title: string; readonly sums: readonly Sum[] }) => (
  <>
    <Table
      label={`Used by ${title.toLowerCase()}`}
      rows={sums.slice(0, SHOWN)}
      keyOf={({ name }) => name}
      columns={[
        { title, cell: ({ name }) => <Text>{name}</Text> },
        {
          title: "Of all tokens",
          cell: ({ share }) => (
            <span className="part">
              <Share of={share} />
              {percentOf(share)}
            </span>
          ),
        },
        { title: "Tokens in", cell: ({ inputTokens }) => countOf(inputTokens) },
        { title: "Tokens out", cell: ({ outputTokens }) => countOf(outputTokens) },
        { title: "Cost", cell: pricedAs },
        { title: "Turns", cell: ({ turns }) => turns },
      ]}
    />
    {sums.length > SHOWN ? (
      <p className="meta">
        The {SHOWN} that used most, of {sums.length}.
      </p>
    ) : null}
  </>
);

const Share = ({ of }: { readonly of: number }) => (
  <span className="share" aria-hidden="true">
    <span style={{ width: `${of * 100}%` }} />
  </span>
);

const percentOf = (share: number): string =>
  share > 0 && share < 0.01 ? "under 1 %" : `${Math.round(share * 100)} %`;
