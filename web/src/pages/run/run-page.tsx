// One run: whether it moves, and if not, why and whose turn it is; its turns, and what the log says.
import { useState } from "react";
import { Link } from "wouter";
import { useMutation } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { EventPage, RunView } from "../../api/types.ts";
import { Chip, lookOfRun } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { PageHead } from "../../kit/page.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Failure, Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { Since, clockOf } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import type { PageProps } from "../../page.ts";
import { costOf, durationOf, tokensOf } from "../runs/amounts.ts";
import { Files } from "./files.tsx";
import { isOfRun, loadEvents, loadRun } from "./run-data.ts";
import type { RunData } from "./run-data.ts";
import "./run.css";

export default function RunPage({ params: { id = "" } }: PageProps) {
  const run = useLive<RunData>({
    key: ["run", id],
    load: async (signal) => loadRun(id, signal),
    apply: reloadOn(isOfRun(id)),
  });
  const { get, set } = useSearchState();
  const tab = TABS.find((one) => one === get("tab")) ?? "turns";
  return (
    <>
      <PageHead title={`Run ${id}`} />
      <Loaded what="the run" {...run}>
        {(data) => (
          <>
            <Standing view={data.view} />
            <nav className="toolbar" aria-label="Parts of the run">
              {TABS.map((one) => (
                <button
                  key={one}
                  type="button"
                  aria-pressed={tab === one}
                  onClick={() => set({ tab: one })}
                >
                  {one === "turns" ? `Turns ${data.turns.length}` : WORDS[one]}
                </button>
              ))}
            </nav>
            {tab === "turns" ? <Turns data={data} /> : null}
            {tab === "events" ? <Events id={id} /> : null}
            {tab === "files" ? <Files id={id} /> : null}
          </>
        )}
      </Loaded>
    </>
  );
}

const TABS = ["turns", "events", "files"] as const;
const WORDS = { events: "Events", files: "Files" } as const;

const ACTIVE: readonly string[] = ["queued", "running", "paused"];

function Standing({ view }: { readonly view: RunView }) {
  const { run, waits, approvals, from } = view;
  return (
    <>
      <p className="toolbar">
        <Chip {...lookOfRun(run)} />
        <span>
          <Text>{run.card}</Text>
        </span>
        <span className="meta">
          began <Since at={run.createdAt} /> ago · worked {durationOf(run.activeMs)} · {run.turns}{" "}
          turns · {tokensOf(run.usage)} tokens · {costOf(run.usage)}
        </span>
        {from === null ? null : (
          <Link href={`/runs/${encodeURIComponent(from.run)}`}>fork of turn {from.turn}</Link>
        )}
      </p>
      {ACTIVE.includes(run.status) ? <Stops view={view} /> : null}
      {approvals.length === 0 ? null : (
        <p className="notice waiting">
          <Link href="/approvals">{approvals.length} calls wait for you</Link>
        </p>
      )}
      {waits.length === 0 ? null : (
        <Table
          label="What its cards wait for"
          rows={waits}
          keyOf={({ card }) => card}
          columns={[
            { title: "Card", cell: ({ card }) => <Text>{card}</Text> },
            { title: "Waits for", cell: ({ waitsFor }) => <Text>{waitsFor}</Text> },
            { title: "Whose turn", cell: ({ on }) => <Text>{on}</Text> },
            { title: "For", cell: ({ since }) => <Since at={since} /> },
            { title: "Way out", cell: ({ wayOut }) => <Text>{wayOut ?? ""}</Text> },
          ]}
        />
      )}
      {["blocked", "failed"].includes(run.status) ? (
        <p>
          Go on with: <code>orket resume {run.id}</code>
        </p>
      ) : null}
    </>
  );
}

type Wish = "pause" | "continue" | "cancel";

function Stops({ view: { run } }: { readonly view: RunView }) {
  const [isAsked, ask] = useState(false);
  const { mutate, error, isPending } = useMutation<unknown, ApiError, Wish>({
    mutationFn: async (wish) => postJson(`/v1/runs/${encodeURIComponent(run.id)}/${wish}`),
  });
  return (
    <>
      <div className="toolbar">
        {run.status === "paused" ? (
          <button type="button" disabled={isPending} onClick={() => mutate("continue")}>
            Continue
          </button>
        ) : (
          <button type="button" disabled={isPending} onClick={() => mutate("pause")}>
            Pause
          </button>
        )}
        <button type="button" onClick={() => ask(true)}>
          Cancel…
        </button>
      </div>
      {error === null ? null : <Failure error={error} />}
      {isAsked ? (
        <Dialog title="Cancel this run?" onClose={() => ask(false)}>
          <p>
            It ends for good, and its cards go back to ready. What it wrote stays in its history.
          </p>
          <div className="actions">
            <button type="button" onClick={() => ask(false)}>
              Leave it
            </button>
            <button
              type="button"
              className="primary"
              onClick={() => {
                ask(false);
                mutate("cancel");
              }}
            >
              Cancel the run
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

const Turns = ({ data: { turns, view } }: { readonly data: RunData }) =>
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

function Events({ id }: { readonly id: string }) {
  const { get, set } = useSearchState();
  const words = get("q") ?? "";
  const before = Number(get("before")) || null;
  const events = useLive<EventPage>({
    key: ["run-events", id, words, before],
    load: async (signal) => loadEvents(id, { before, words }, signal),
    apply: reloadOn((event) => before === null && isOfRun(id)(event)),
  });
  return (
    <>
      <label>
        Find in all events{" "}
        <input
          type="search"
          value={words}
          onChange={({ target }) => set({ q: target.value, before: null }, "replace")}
        />
      </label>
      <Loaded what="its events" {...events}>
        {({ events: shown }) => (
          <>
            <ol className="events" aria-label="Events, newest first" tabIndex={0}>
              {shown.toReversed().map(({ seq, at, type, card, data }) => (
                <li key={seq}>
                  <span className="mono meta">
                    {seq} {clockOf(at)}
                  </span>{" "}
                  <strong>{type}</strong> {card === null ? null : <Text>{card}</Text>}{" "}
                  <span className="mono">
                    <Text>{JSON.stringify(data).slice(0, 500)}</Text>
                  </span>
                </li>
              ))}
            </ol>
            <p className="actions">
              {before === null ? null : (
                <button type="button" onClick={() => set({ before: null })}>
                  Newest
                </button>
              )}
              {shown.length === 0 ? (
                <span className="meta">No event has that.</span>
              ) : (
                <button type="button" onClick={() => set({ before: String(shown[0]?.seq ?? 0) })}>
                  Older
                </button>
              )}
            </p>
          </>
        )}
      </Loaded>
    </>
  );
}
