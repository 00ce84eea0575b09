// One turn as it was: what the model was shown, what it said, each call with the gate's answer, and what came back.
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { useQuery } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { getJson } from "../../api/http.ts";
import type { TurnView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { LongText } from "../../kit/long-text.tsx";
import { usePageKeys } from "../../kit/page-keys.ts";
import { PageHead } from "../../kit/page.tsx";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import type { PageProps } from "../../page.ts";
import { ForkDialog } from "./fork-dialog.tsx";
import "./turn.css";

export default function TurnPage({ params: { id = "", turn = "" } }: PageProps) {
  const [isForking, setForking] = useState(false);
  const path = `/v1/runs/${encodeURIComponent(id)}/turns/${encodeURIComponent(turn)}`;
  const { data, error, refetch } = useQuery<TurnView, ApiError>({
    queryKey: ["turn", id, turn],
    queryFn: async ({ signal }) => getJson(path, { signal }),
  });
  const near = (by: number): string => `/runs/${encodeURIComponent(id)}/turns/${Number(turn) + by}`;
  const [, navigate] = useLocation();
  usePageKeys({
    "[": () => Number(turn) > 1 && navigate(near(-1)),
    "]": () => navigate(near(1)),
    u: () => navigate(`/runs/${encodeURIComponent(id)}`),
  });
  return (
    <>
      <PageHead title={`Turn ${turn}`}>
        <Link href={`/runs/${encodeURIComponent(id)}`}>Run {id}</Link>
        {Number(turn) > 1 ? <Link href={near(-1)}>Previous</Link> : null}
        <Link href={near(1)}>Next</Link>
        {data === undefined || data.turn.status === "live" ? null : (
          <Act onClick={() => setForking(true)}>Fork from here…</Act>
        )}
      </PageHead>
      {isForking ? (
        <ForkDialog run={id} turn={Number(turn)} onClose={() => setForking(false)} />
      ) : null}
      <Loaded what="the turn" data={data} error={error} reload={() => void refetch()}>
        {(view) => <Whole view={view} />}
      </Loaded>
    </>
  );
}

const Whole = ({ view: { turn, prompt, steps, events } }: { readonly view: TurnView }) => (
  <>
    <p>
      <Text>{`${turn.seat} (${turn.kind}) on ${turn.card}, ${turn.model}: ${turn.status}`}</Text>
      {turn.outcome === null ? null : (
        <>
          {" "}
          · <Text>{turn.outcome}</Text>
        </>
      )}
    </p>
    {prompt.map(({ role, content }, place) => (
      <details key={`${role}-${place}`}>
        <summary>Shown as {role}</summary>
        <LongText text={content} />
      </details>
    ))}
    {steps.map(({ number, text, calls, results }) => (
      <section key={number} aria-label={`Reply ${number}`}>
        <h2>Reply {number}</h2>
        {text === "" ? null : <LongText text={text} />}
        {calls.map((call) => (
          <div className="call" key={call.id}>
            <h3>
              <Text>{call.tool}</Text>
            </h3>
            <LongText text={JSON.stringify(call.args, null, 2)} />
            <p className="meta">{verdictOf(events, call.id)}</p>
            <LongText
              text={JSON.stringify(
                results.find(({ callId }) => callId === call.id)?.result ?? null,
                null,
                2,
              )}
            />
          </div>
        ))}
      </section>
    ))}
  </>
);

/** What the gate said of the call; the log has it. */
function verdictOf(events: TurnView["events"], call: string): string {
  const told = events.find(
    ({ type, data }) => (type === "tool-called" || type === "tool-denied") && data["call"] === call,
  );
  if (told === undefined) return "The gate was not asked.";
  const code = told.data["code"];
  const reason = typeof code === "string" ? ` (${code})` : "";
  return told.type === "tool-denied" ? `Refused by the gate${reason}` : "Allowed by the gate";
}
