// The runs, newest first: state with its reason, how long, how much.
import { useState } from "react";
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Run, RunPage } from "../../api/types.ts";
import { Chip, lookOfRun } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { costOf, durationOf, tokensOf } from "./amounts.ts";

const STATES: readonly Run["status"][] = [
  "queued",
  "running",
  "paused",
  "blocked",
  "failed",
  "done",
  "canceled",
];

export default function RunsPage() {
  const { get, set } = useSearchState();
  const state = get("state");
  const before = get("before");
  const runs = useLive<RunPage>({
    key: ["runs", state, before],
    load: async (signal) =>
      getJson("/v1/runs", { params: { limit: 50, status: state, cursor: before }, signal }),
    apply: reloadOn(({ type }) => type.startsWith("run-") || type === "turn-finished"),
  });
  return (
    <>
      <PageHead title="Runs">
        <Link href="/runs/compare">Compare two</Link>
        <label>
          State{" "}
          <select
            value={state ?? ""}
            onChange={({ target }) => set({ state: target.value, before: null })}
          >
            <option value="">any</option>
            {STATES.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
      </PageHead>
      <Loaded what="the runs" {...runs}>
        {({ runs: shown, next }) =>
          shown.length === 0 ? (
            <None isFiltered={state !== null} />
          ) : (
            <>
              <Standstill key={`${state} ${before}`} runs={shown} />
              <p className="actions">
                {before === null ? null : (
                  <button type="button" onClick={() => set({ before: null })}>
                    Newest
                  </button>
                )}
                {next === null ? null : (
                  <button type="button" onClick={() => set({ before: next })}>
                    Older
                  </button>
                )}
              </p>
            </>
          )
        }
      </Loaded>
    </>
  );
}

/** Rows do not move under the eyes of whoever reads them: what began since waits behind a button. */
function Standstill({ runs }: { readonly runs: readonly Run[] }) {
  const [top, setTop] = useState(runs[0]?.id);
  const newer = Math.max(
    0,
    runs.findIndex(({ id }) => id === top),
  );
  return (
    <>
      {newer === 0 ? null : (
        <button type="button" className="primary" onClick={() => setTop(runs[0]?.id)}>
          {newer === 1 ? "1 new run" : `${newer} new runs`}
        </button>
      )}
      <RunTable runs={runs.slice(newer)} />
    </>
  );
}

const None = ({ isFiltered }: { readonly isFiltered: boolean }) =>
  isFiltered ? (
    <Empty title="No run is in that state." />
  ) : (
    <Empty title="Nothing has run.">
      <p>
        Start one from the board, or: <code>orket run &lt;card&gt;</code>. Or try{" "}
        <code>orket demo</code>
      </p>
    </Empty>
  );

const RunTable = ({ runs }: { readonly runs: readonly Run[] }) => (
  <Table
    label="Runs"
    rows={runs}
    keyOf={({ id }) => id}
    columns={[
      {
        title: "Run",
        cell: ({ id }) => (
          <Link className="mono" href={`/runs/${encodeURIComponent(id)}`}>
            {id}
          </Link>
        ),
      },
      { title: "Card", cell: ({ card }) => <Text>{card}</Text> },
      { title: "State", cell: (run) => <Chip {...lookOfRun(run)} /> },
      { title: "Began", cell: ({ createdAt }) => <Since at={createdAt} /> },
      { title: "Worked", cell: ({ activeMs }) => durationOf(activeMs) },
      { title: "Turns", cell: ({ turns }) => turns },
      { title: "Tokens in / out", cell: ({ usage }) => tokensOf(usage) },
      { title: "Cost", cell: ({ usage }) => costOf(usage) },
    ]}
  />
);
