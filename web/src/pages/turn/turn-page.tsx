// One turn, as it is and as it was: how it stands, what the model was shown, what it said, each call with the gate's answer, and
// what came back. While the turn is at work the page grows with it.
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { getJson } from "../../api/http.ts";
import type { TurnView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { LongText } from "../../kit/long-text.tsx";
import { usePageKeys } from "../../kit/page-keys.ts";
import { PageHead } from "../../kit/page.tsx";
import { Loaded } from "../../kit/states.tsx";
import { useLive } from "../../live/use-live.ts";
import type { PageProps } from "../../page.ts";
import { Calls } from "./calls.tsx";
import { ForkDialog } from "./fork-dialog.tsx";
import { TurnStanding } from "./turn-standing.tsx";
import { verdictsOf } from "./verdicts.ts";
import "./turn.css";

export default function TurnPage({ params: { id = "", turn = "" } }: PageProps) {
  const [isForking, setForking] = useState(false);
  const path = `/v1/runs/${encodeURIComponent(id)}/turns/${encodeURIComponent(turn)}`;
  const live = useLive<TurnView>({
    key: ["turn", id, turn],
    load: async (signal) => getJson(path, { signal }),
    apply: (view, events) =>
      events.some((event) => event.turn === view.turn.id) ? "reload" : view,
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
        {live.data === undefined || live.data.turn.status === "live" ? null : (
          <Act onClick={() => setForking(true)}>Fork from here…</Act>
        )}
      </PageHead>
      {isForking ? (
        <ForkDialog run={id} turn={Number(turn)} onClose={() => setForking(false)} />
      ) : null}
      <Loaded what="the turn" {...live}>
        {(view) => <Whole view={view} />}
      </Loaded>
    </>
  );
}

function Whole({ view }: { readonly view: TurnView }) {
  const { turn, prompt, steps } = view;
  const verdicts = verdictsOf(view);
  return (
    <>
      <TurnStanding turn={turn} verdicts={verdicts} />
      {prompt.map(({ role, content }, place) => (
        <details key={`${role}-${place}`}>
          <summary>
            Shown as {role}
            <span className="meta">, {content.length.toLocaleString()} characters</span>
          </summary>
          <LongText text={content} />
        </details>
      ))}
      {steps.map((step) => (
        <section key={step.number} aria-label={`Reply ${step.number}`}>
          <h2>Reply {step.number}</h2>
          {step.text === "" ? null : <LongText text={step.text} />}
          <Calls step={step} verdicts={verdicts} isLive={turn.status === "live"} />
        </section>
      ))}
      {turn.status === "live" && steps.length === 0 ? (
        <p className="meta">The model has not answered yet.</p>
      ) : null}
    </>
  );
}
