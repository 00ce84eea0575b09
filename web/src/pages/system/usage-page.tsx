// What the runs of the last thirty days used: tokens, cost and runs, by day, by card and by model.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Run, RunPage } from "../../api/types.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { useNow } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { costOf, tokensOf } from "../runs/amounts.ts";
import { Bars } from "./bars.tsx";
import { SystemFrame } from "./system-frame.tsx";
import type { Named, Sum } from "./usage-data.ts";
import { by, byDay, startOf, sumOf } from "./usage-data.ts";

const PAGE = 500;
const RUNS_MAX = 2000;
/** The most of a table. */
const ROWS_MAX = 100;

type Used = { readonly runs: readonly Run[]; readonly isCut: boolean; readonly asOfSeq: number };

/** The newest first, until they are older than what is shown, or as many as are counted. */
async function loadRuns(signal: AbortSignal): Promise<Used> {
  const from = startOf(Date.now());
  const runs: Run[] = [];
  const isShown = ({ createdAt }: Run): boolean => Date.parse(createdAt) >= from;
  let cursor: string | null = null;
  let asOfSeq: number | null = null;
  do {
    // One page says where the next one begins.
    const page: RunPage = await getJson("/v1/runs", { params: { limit: PAGE, cursor }, signal });
    asOfSeq ??= page.asOfSeq;
    runs.push(...page.runs.filter(isShown));
    cursor = page.runs.every(isShown) ? page.next : null;
  } while (cursor !== null && runs.length < RUNS_MAX);
  return { runs, isCut: cursor !== null, asOfSeq };
}

export default function UsagePage() {
  const used = useLive<Used>({
    key: ["system", "usage"],
    load: loadRuns,
    apply: reloadOn(({ type }) => type === "run-ended" || type === "run-queued"),
  });
  return (
    <SystemFrame title="Usage">
      <Loaded what="the runs" {...used}>
        {({ runs, isCut }) => (
          <>
            {isCut ? (
              <p className="notice waiting">
                Only the newest {runs.length} runs are counted here; there are more in these days.{" "}
                <code>/metrics</code> has the sums of all.
              </p>
            ) : null}
            {runs.length === 0 ? (
              <Empty title="Nothing has run in the last 30 days.">
                <p>
                  Start a run from the <Link href="/board">board</Link>.
                </p>
              </Empty>
            ) : (
              <Sums runs={runs} />
            )}
          </>
        )}
      </Loaded>
    </SystemFrame>
  );
}

const COUNT = new Intl.NumberFormat();
const runsOf = ({ runs }: Sum): string => (runs === 1 ? "1 run" : `${COUNT.format(runs)} runs`);

/** What is known, and of how many runs it is not. */
function pricesOf(sum: Sum): string {
  const known = costOf(sum);
  return sum.unpriced > 0 && sum.costUsd > 0
    ? `${known} and ${sum.unpriced} without a price`
    : known;
}

function Sums({ runs }: { readonly runs: readonly Run[] }) {
  const days = byDay(runs, useNow());
  const all = sumOf(runs);
  return (
    <>
      <p className="meta">
        The last 30 days. A run counts on the day on which it was started. Prices are those of the
        setting <code>prices</code>.
      </p>
      <div className="charts">
        <Bars
          title="Tokens in / out"
          days={days}
          parts={[
            { className: "in", of: ({ inputTokens }) => inputTokens },
            { className: "out", of: ({ outputTokens }) => outputTokens },
          ]}
          say={tokensOf}
          total={tokensOf(all)}
        />
        <Bars
          title="Cost"
          days={days}
          parts={[{ className: "in", of: ({ costUsd }) => costUsd }]}
          say={pricesOf}
          total={pricesOf(all)}
          nothing={all.unpriced > 0 ? "The setting prices has none for these models." : ""}
        />
        <Bars
          title="Runs"
          days={days}
          parts={[{ className: "in", of: (day) => day.runs }]}
          say={runsOf}
          total={runsOf(all)}
        />
      </div>
      <SumTable title="By day" what="Day" rows={days.filter((day) => day.runs > 0).toReversed()} />
      <SumTable title="By card" what="Card" rows={by(runs, ({ card }) => card)} />
      <SumTable
        title="By model"
        what="Model"
        rows={by(runs, ({ model }) => model ?? "chosen by the project")}
      />
    </>
  );
}

type SumTableProps = {
  readonly title: string;
  readonly what: string;
  readonly rows: readonly Named[];
};

const SumTable = ({ title, what, rows }: SumTableProps) => (
  <section aria-label={title} className="sums">
    <h2>{title}</h2>
    <Table
      label={`${title}, all`}
      rows={rows.slice(0, ROWS_MAX)}
      keyOf={({ name }) => name}
      columns={[
        { title: what, cell: ({ name }) => <Text>{name}</Text> },
        { title: "Runs", cell: ({ runs }) => COUNT.format(runs) },
        { title: "Tokens in", cell: ({ inputTokens }) => COUNT.format(inputTokens) },
        { title: "Tokens out", cell: ({ outputTokens }) => COUNT.format(outputTokens) },
        { title: "Cost", cell: pricesOf },
      ]}
    />
    {rows.length > ROWS_MAX ? (
      <p className="meta">{rows.length - ROWS_MAX} more used less, and are not listed.</p>
    ) : null}
  </section>
);
