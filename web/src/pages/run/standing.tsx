// Whether the run moves, and if not, why and whose turn it is; and the ways to stop it.
import { useState } from "react";
import { Link } from "wouter";
import { useMutation } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { postJson, retryUnanswered } from "../../api/http.ts";
import type { RunView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Chip, lookOfRun } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Failure } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { firstWaits } from "./waits.ts";
import { costOf, durationOf, tokensOf } from "../runs/amounts.ts";

const ACTIVE: readonly string[] = ["queued", "running", "paused"];

export function Standing({ view }: { readonly view: RunView }) {
  const { run, waits, approvals, from } = view;
  const { shown, others } = firstWaits(waits);
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
          rows={shown}
          keyOf={({ card }, at) => `${at} ${card}`}
          columns={[
            { title: "Card", cell: ({ card }) => <Text>{card}</Text> },
            { title: "Waits for", cell: ({ waitsFor }) => <Text>{waitsFor}</Text> },
            { title: "Whose turn", cell: ({ on }) => <Text>{on}</Text> },
            { title: "For", cell: ({ since }) => <Since at={since} /> },
            { title: "Way out", cell: ({ wayOut }) => <Text>{wayOut ?? ""}</Text> },
          ]}
        />
      )}
      {others === 0 ? null : (
        <p className="meta">
          and {others.toLocaleString("en")} more: see{" "}
          <Link href={`/runs/${encodeURIComponent(run.id)}?tab=graph`}>the graph</Link>
        </p>
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
    retry: retryUnanswered,
  });
  return (
    <>
      <div className="toolbar">
        {run.status === "paused" ? (
          <Act disabled={isPending} onClick={() => mutate("continue")}>
            Continue
          </Act>
        ) : (
          <Act disabled={isPending} onClick={() => mutate("pause")}>
            Pause
          </Act>
        )}
        <Act onClick={() => ask(true)}>Cancel…</Act>
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
