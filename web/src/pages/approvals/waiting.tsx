// One question: who asks for what and why, exactly what would happen, and what stands still until it is answered.
import { useEffect, useRef } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { ApiError } from "../../api/http.ts";
import { getJson } from "../../api/http.ts";
import type { Approval, Card, WaitingPlan } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { FileDiffs } from "../../kit/file-diffs.tsx";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { momentOf, Since, spanOf, useNow } from "../../kit/time.tsx";
import { cardsBehind } from "./behind.ts";
import type { Decision } from "./decision-dialog.tsx";
import { exactText, nameOf } from "./exact-text.ts";

type WaitingProps = {
  readonly approval: Approval;
  readonly isChosen: boolean;
  readonly onAnswer: (choice: Decision["choice"]) => void;
};

export function Waiting({ approval, isChosen, onAnswer }: WaitingProps) {
  const article = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isChosen) article.current?.focus();
  }, [isChosen]);
  const { id, kind, riskClass, reason, requestedAt, expiresAt } = approval;
  const name = nameOf(approval);
  return (
    <article
      ref={article}
      className="approval stack"
      aria-label={name}
      tabIndex={-1}
      data-approval={id}
    >
      <header className="toolbar">
        <h2>
          <Text>{name}</Text>
        </h2>
        {riskClass === null ? null : <strong className="tone-waiting">{riskClass}</strong>}
        <span className="meta">
          asked <Since at={requestedAt} /> ago, <Left at={expiresAt} />
        </span>
      </header>
      <Origin approval={approval} />
      <p>
        Why it asks: <Text>{reason}</Text>
      </p>
      {kind === "plan" ? <PlanFiles id={id} /> : null}
      <details open={kind === "tool"}>
        <summary>
          {kind === "tool" ? "Exactly this, once" : "The plan as it came"}{" "}
          <span className="meta mono" title={approval.argsHash}>
            sha256 {approval.argsHash.slice(0, 12)}
          </span>
        </summary>
        <pre className="exact" tabIndex={0} aria-label="What was asked">
          <Text>{exactText(approval)}</Text>
        </pre>
      </details>
      <Behind approval={approval} />
      <div className="toolbar">
        <Act className="primary" onClick={() => onAnswer("allow")}>
          {kind === "tool" ? "Allow this call…" : "Apply this plan…"}
        </Act>
        <Act onClick={() => onAnswer("deny")}>Deny…</Act>
        <span className="meta">Used once; anything else asks again.</span>
      </div>
    </article>
  );
}

/** Nobody's answer is a no. */
function Left({ at }: { readonly at: string }) {
  const left = Date.parse(at) - useNow();
  return (
    <time dateTime={at} title={momentOf(at)}>
      {left > 0 ? `denied by itself in ${spanOf(left)}` : "its time is over"}
    </time>
  );
}

function Origin({ approval: { run, card, build } }: { readonly approval: Approval }) {
  if (card === null && run === null) return null;
  return (
    <p className="meta">
      {card === null ? null : (
        <>
          Card{" "}
          <Link
            href={`/cards/${encodeURIComponent(card)}${build === null ? "" : `?build=${encodeURIComponent(build)}`}`}
          >
            <Text>{card}</Text>
          </Link>{" "}
        </>
      )}
      {run === null ? null : (
        <>
          Run{" "}
          <Link href={`/runs/${encodeURIComponent(run)}`}>
            <Text>{run}</Text>
          </Link>
        </>
      )}
    </p>
  );
}

function PlanFiles({ id }: { readonly id: string }) {
  const { data, error, refetch } = useQuery<WaitingPlan, ApiError>({
    queryKey: ["waiting-plan", id],
    queryFn: async ({ signal }) =>
      getJson(`/v1/approvals/${encodeURIComponent(id)}/plan`, { signal }),
  });
  return (
    <Loaded what="the plan" data={data} error={error} reload={() => void refetch()}>
      {({ files }) =>
        files.length === 0 ? (
          <p className="meta">It changes no file; it only says something to seats.</p>
        ) : (
          <FileDiffs files={files} />
        )
      }
    </Loaded>
  );
}

function Behind({ approval: { run, card } }: { readonly approval: Approval }) {
  const { data } = useQuery<{ readonly cards: readonly Card[] }, ApiError>({
    queryKey: ["run-backlog", run],
    queryFn: async ({ signal }) =>
      getJson(`/v1/runs/${encodeURIComponent(run ?? "")}/backlog`, { signal }),
    enabled: run !== null,
  });
  if (card === null || data === undefined) return null;
  const behind = cardsBehind(data.cards, card);
  const [more, named] = [behind.length - 3, behind.slice(0, 3)];
  return (
    <p className="meta">
      Waiting behind it: <Text>{[card, ...named].join(", ")}</Text>
      {more > 0 ? `, ${more} more` : ""}
    </p>
  );
}
