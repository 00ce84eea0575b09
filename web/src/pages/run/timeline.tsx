// When each card of a run was worked on, and how long it waited before: one row a card, one bar a turn.
import type { CSSProperties, KeyboardEvent } from "react";
import { useMemo } from "react";
import { Link } from "wouter";
import { marked } from "../../kit/marks.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { useNow } from "../../kit/time.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import type { BacklogCard } from "./graph-data.ts";
import { addressOf, useBacklog } from "./graph-data.ts";
import type { RunData } from "./run-data.ts";
import type { Axis, Bar } from "./timeline-layout.ts";
import { axisOf, barsOf, spanOfTurn } from "./timeline-layout.ts";
import type { Row } from "./timeline-rows.ts";
import { failedRows, lengthOf, nameOfBar, rowsOf, wholeOf } from "./timeline-rows.ts";
import "./timeline.css";

export default function Timeline({ data }: { readonly data: RunData }) {
  const { id, builds } = data.view.run;
  const backlog = useBacklog(id, builds);
  return (
    <Loaded what="its cards" {...backlog}>
      {({ cards }) => <Drawn data={data} cards={cards} />}
    </Loaded>
  );
}

type DrawnProps = { readonly data: RunData; readonly cards: readonly BacklogCard[] };

function Drawn({ data: { turns, view }, cards }: DrawnProps) {
  const { run } = view;
  const now = useNow();
  const { get, set } = useSearchState();
  const isCollapsed = get("idle") === "cut";
  const isFailedOnly = get("failed") === "only";
  const begin = Date.parse(run.startedAt ?? run.createdAt);
  const rows = useMemo(() => rowsOf(turns, { cards, begin }), [turns, cards, begin]);
  const axis = useMemo(() => {
    const to = run.endedAt === null ? now : Date.parse(run.endedAt);
    const whole = wholeOf(turns, { from: begin, to });
    return axisOf(
      turns.map((turn) => spanOfTurn(turn, now)),
      whole,
      isCollapsed,
    );
  }, [turns, begin, now, run.endedAt, isCollapsed]);
  if (turns.length === 0)
    return (
      <Empty title="No turn yet.">
        <p>Each turn is drawn here from the moment it begins.</p>
      </Empty>
    );
  const shown = isFailedOnly ? failedRows(rows) : rows;
  return (
    <>
      <div className="toolbar">
        <button
          type="button"
          aria-pressed={isFailedOnly}
          onClick={() => set({ failed: isFailedOnly ? null : "only" })}
        >
          Failed only
        </button>
        <button
          type="button"
          aria-pressed={isCollapsed}
          onClick={() => set({ idle: isCollapsed ? null : "cut" })}
        >
          Collapse idle
        </button>
        <Legend />
      </div>
      {shown.length === 0 ? (
        <Empty title="No turn failed." />
      ) : (
        <div className="timeline" style={{ minHeight: Math.min(shown.length, 12) * ROW + 36 }}>
          <Head axis={axis} />
          <VirtualList label="Timeline" items={shown} rowHeight={ROW} keyOf={({ key }) => key}>
            {(row) => <Line row={row} axis={axis} run={run.id} now={now} />}
          </VirtualList>
        </div>
      )}
      <p className="meta">Left and right arrow keys go from a card to its turns.</p>
    </>
  );
}

const ROW = 32;

const KINDS = ["wait", "committed", "failed", "violated", "dropped", "live"] as const;

const Legend = () => (
  <ul className="legend" aria-label="How it is drawn">
    {KINDS.map((kind) => (
      <li key={kind}>
        <span className={`sample bar-${kind}`} aria-hidden="true" />
        {kind === "wait" ? "waited" : kind}
      </li>
    ))}
  </ul>
);

const placed = (from: number, to: number): CSSProperties => ({
  left: `${from * 100}%`,
  width: `${(to - from) * 100}%`,
});

const Head = ({ axis }: { readonly axis: Axis }) => (
  <div className="axis">
    <span className="meta">Card</span>
    <div className="track">
      {axis.ticks.map(({ at, elapsed }) => (
        <span key={elapsed} className="tick meta" style={{ left: `${at * 100}%` }}>
          {lengthOf(elapsed)}
        </span>
      ))}
      {axis.cuts.map(({ at, to, milliseconds }) => (
        <span
          key={at}
          className="cut meta"
          style={placed(at, to)}
          title={`${lengthOf(milliseconds)} idle`}
        >
          <span className="hidden-label">{lengthOf(milliseconds)} idle</span>
        </span>
      ))}
    </div>
  </div>
);

type LineProps = {
  readonly row: Row;
  readonly axis: Axis;
  readonly run: string;
  readonly now: number;
};

function Line({ row, axis, run, now }: LineProps) {
  const bars = barsOf(row.turns, { axis, now, ableAt: row.ableAt });
  return (
    <div className="line">
      <Link
        className="mono clip"
        href={addressOf({ build: row.build, id: row.card })}
        onKeyDown={walk}
      >
        {marked(row.card)}
      </Link>
      <div className="track">
        {axis.cuts.map(({ at, to }) => (
          <span key={at} className="cut" style={placed(at, to)} />
        ))}
        {bars.map((bar) => (
          <TurnBar key={bar.turns[0]?.numberInRun} bar={bar} run={run} now={now} />
        ))}
        {bars.length === 0 ? <span className="meta none">no turn yet</span> : null}
      </div>
    </div>
  );
}

type BarProps = { readonly bar: Bar; readonly run: string; readonly now: number };

/** Out of the tab order: a run may have thousands of them, and a short one is narrower than a target may be. */
function TurnBar({ bar, run, now }: BarProps) {
  const name = marked(nameOfBar(bar, now));
  const count = bar.turns.length;
  return (
    <>
      {bar.waitedFrom === null ? null : (
        <span className="wait bar-wait" style={placed(bar.waitedFrom, bar.from)} />
      )}
      <Link
        className={`bar bar-${bar.status}`}
        href={`/runs/${encodeURIComponent(run)}/turns/${bar.turns[0]?.numberInRun ?? 1}`}
        style={placed(bar.from, bar.to)}
        aria-label={name}
        title={name}
        tabIndex={-1}
        onKeyDown={walk}
      >
        <span aria-hidden="true">{count === 1 ? marked(bar.turns[0]?.seat ?? "") : count}</span>
      </Link>
    </>
  );
}

/** Between the links of one row. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [
    ...(event.currentTarget.closest(".line")?.querySelectorAll<HTMLElement>("a") ?? []),
  ];
  const next = links[links.indexOf(event.currentTarget) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
