// The inbox: every decision that waits for a person, with exactly what was asked, and the answer to it. Nothing is decided in
// advance and nothing for always; each answer is used once.
import { useState } from "react";
import { Link } from "wouter";
import type { Approval } from "../../api/types.ts";
import { PageHead } from "../../kit/page.tsx";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { usePendingApprovals } from "../../shell/pending.ts";
import { DecisionDialog } from "./decision-dialog.tsx";
import { exactText } from "./exact-text.ts";
import "./approvals.css";

export default function ApprovalsPage() {
  const pending = usePendingApprovals();
  return (
    <>
      <PageHead title="Approvals" />
      <Loaded what="what waits for you" {...pending}>
        {({ approvals }) =>
          approvals.length === 0 ? (
            <Empty title="Nothing waits for you.">
              <p>Calls that a rule reserves for a person, and the driver's plans, appear here.</p>
            </Empty>
          ) : (
            <ul className="approvals">
              {approvals.map((approval) => (
                <li key={approval.id}>
                  <Waiting approval={approval} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function Waiting({ approval }: { readonly approval: Approval }) {
  const [asks, ask] = useState<"allow" | "deny" | null>(null);
  const { tool, kind, riskClass, reason, requestedAt, expiresAt } = approval;
  return (
    <article className="approval" aria-label={tool ?? kind}>
      <header className="toolbar">
        <h2>
          <Text>{tool ?? kind}</Text>
        </h2>
        {riskClass === null ? null : <span className="tone-waiting">{riskClass}</span>}
        <span className="meta">
          asked <Since at={requestedAt} /> ago, until {new Date(expiresAt).toLocaleString()}
        </span>
      </header>
      <Origin approval={approval} />
      <p>
        Why it asks: <Text>{reason}</Text>
      </p>
      <h3>Exactly this, once</h3>
      <pre className="exact" tabIndex={0} aria-label="What was asked">
        <Text>{exactText(approval)}</Text>
      </pre>
      <div className="actions">
        <button type="button" className="primary" onClick={() => ask("allow")}>
          Allow this call…
        </button>
        <button type="button" onClick={() => ask("deny")}>
          Deny…
        </button>
      </div>
      {asks === null ? null : (
        <DecisionDialog approval={approval} decision={asks} onClose={() => ask(null)} />
      )}
    </article>
  );
}

function Origin({ approval: { run, card, build } }: { readonly approval: Approval }) {
  return (
    <p className="meta">
      {card === null ? null : (
        <>
          Card{" "}
          <Link href={`/board?card=${encodeURIComponent(`${build ?? ""}:${card}`)}`}>
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
