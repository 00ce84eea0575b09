// The inbox: every decision that waits for a person, with exactly what was asked, and the answer to it. Nothing is decided in
// advance and nothing for always; each answer is used once.
import { useState } from "react";
import type { Approval } from "../../api/types.ts";
import { PageHead } from "../../kit/page.tsx";
import { usePageKeys } from "../../kit/page-keys.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Since } from "../../kit/time.tsx";
import { usePendingApprovals } from "../../shell/pending.ts";
import type { Decision } from "./decision-dialog.tsx";
import { DecisionDialog } from "./decision-dialog.tsx";
import { Waiting } from "./waiting.tsx";
import "./approvals.css";

export default function ApprovalsPage() {
  const pending = usePendingApprovals();
  const { get } = useSearchState();
  // The question stays open here while the list goes on: whoever was too late reads why.
  const [asked, ask] = useState<Decision | null>(null);
  const kind = get("kind");
  const shown = (pending.data?.approvals ?? []).filter(
    (approval) => kind === null || approval.kind === kind,
  );
  const answer = (choice: Decision["choice"]): void => {
    const approval = meant(shown, get("id"));
    if (approval !== undefined && asked === null) ask({ approval, choice });
  };
  usePageKeys({ a: () => answer("allow"), x: () => answer("deny") });
  return (
    <>
      <PageHead title="Approvals">
        <Kind />
        {shown[0] === undefined ? null : (
          <span className="meta">
            {shown.length} waiting, the oldest for <Since at={shown[0].requestedAt} />
          </span>
        )}
      </PageHead>
      <Loaded what="what waits for you" {...pending}>
        {({ approvals }) => (
          <>
            {shown.length === 0 ? <Nothing hidden={approvals.length} /> : null}
            <ul className="approvals">
              {shown.map((approval) => (
                <li key={approval.id}>
                  <Waiting
                    approval={approval}
                    isChosen={approval.id === get("id")}
                    onAnswer={(choice) => ask({ approval, choice })}
                  />
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {asked === null ? null : <DecisionDialog decision={asked} onClose={() => ask(null)} />}
    </>
  );
}

/** The one that holds the focus, else the one that the address names, else the oldest. */
function meant(shown: readonly Approval[], chosen: string | null): Approval | undefined {
  const held = document.activeElement?.closest<HTMLElement>("[data-approval]");
  const id = held?.dataset["approval"] ?? chosen;
  return shown.find((approval) => approval.id === id) ?? shown[0];
}

function Kind() {
  const { get, set } = useSearchState();
  return (
    <label>
      Kind
      <select
        value={get("kind") ?? ""}
        onChange={({ target }) => set({ kind: target.value, id: null })}
      >
        <option value="">all</option>
        <option value="tool">calls of agents</option>
        <option value="plan">plans of the driver</option>
      </select>
    </label>
  );
}

function Nothing({ hidden }: { readonly hidden: number }) {
  const { set } = useSearchState();
  if (hidden === 0)
    return (
      <Empty title="Nothing waits for you.">
        <p>Calls that a rule reserves for a person, and the driver's plans, appear here.</p>
      </Empty>
    );
  return (
    <Empty title="None of that kind waits.">
      <p>
        {hidden} of another kind {hidden === 1 ? "does" : "do"}.{" "}
        <button type="button" onClick={() => set({ kind: null })}>
          Show all
        </button>
      </p>
    </Empty>
  );
}
