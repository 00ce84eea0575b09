// The driver: plain words in, an answer out; a plan waits in the inbox, and is not applied before somebody allows it. What was
// said stays while the tab is open, in its memory alone.
import type { FormEvent, KeyboardEvent } from "react";
import { useId } from "react";
import { useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { ApiError, postJson } from "../../api/http.ts";
import type { DriverAnswer } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { FileDiffs } from "../../kit/file-diffs.tsx";
import { PageHead } from "../../kit/page.tsx";
import { Empty, Failure } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { usePendingApprovals } from "../../shell/pending.ts";
import { useDraft, write } from "./draft.ts";
import "./driver.css";

const KEY = ["driver"] as const;

type Exchange = {
  readonly at: number;
  readonly message: string;
  readonly answer: DriverAnswer | undefined;
  readonly error: ApiError | null;
};

export default function DriverPage() {
  const said = useMutationState<Exchange>({
    filters: { mutationKey: KEY },
    select: ({ state: { submittedAt, variables, data, error } }) => ({
      at: submittedAt,
      message: String(variables),
      answer: data as DriverAnswer | undefined,
      error: error instanceof ApiError ? error : null,
    }),
  });
  return (
    <>
      <PageHead title="Driver" />
      {said.length === 0 ? (
        <Empty title="Say what should change in the backlog.">
          <p>
            The answer may hold a plan. It is shown as the files it changes, and nothing of it
            happens before it is allowed.
          </p>
        </Empty>
      ) : null}
      <ol className="talk" aria-label="What was said" aria-live="polite">
        {said.map((exchange) => (
          <li key={exchange.at}>
            <Said exchange={exchange} />
          </li>
        ))}
      </ol>
      <Ask />
    </>
  );
}

function Ask() {
  const messageId = useId();
  const client = useQueryClient();
  const text = useDraft();
  const { mutate } = useMutation<DriverAnswer, ApiError, string>({
    mutationKey: KEY,
    gcTime: Number.POSITIVE_INFINITY,
    mutationFn: async (message) => {
      const answer = await postJson<DriverAnswer>("/v1/system/chat-driver", { message });
      write("");
      // So that the inbox knows the plan by the time that it is shown.
      await client.refetchQueries({ queryKey: ["approvals"] });
      return answer;
    },
  });
  const waiting = useMutationState({ filters: { mutationKey: KEY, status: "pending" } }).length > 0;
  const send = (): void => {
    if (text.trim() !== "" && !waiting) mutate(text);
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  };
  return (
    <form onSubmit={onSubmit} className="stack ask">
      <label htmlFor={messageId}>What should change?</label>
      <textarea
        id={messageId}
        required
        maxLength={16_000}
        readOnly={waiting}
        value={text}
        onChange={({ target }) => write(target.value)}
        onKeyDown={onKeyDown}
      />
      <p className="toolbar">
        <Act className="primary" type="submit" disabled={waiting}>
          {waiting ? "Asking…" : "Send"}
        </Act>
        <span className="meta">
          Ctrl-Enter sends. Each message is answered by itself, so say all that matters.
        </span>
      </p>
    </form>
  );
}

const Said = ({ exchange: { message, answer, error } }: { readonly exchange: Exchange }) => (
  <article className="stack" aria-label="Exchange">
    <div className="mine">
      <h2 className="meta">You</h2>
      <p className="wrap">
        <Text>{message}</Text>
      </p>
    </div>
    {error === null ? null : <Failure error={error} />}
    {answer === undefined ? null : (
      <>
        <h2 className="meta">Driver</h2>
        <p className="wrap">
          <Text>{answer.response}</Text>
        </p>
        {answer.plan === undefined ? null : <Plan plan={answer.plan} />}
      </>
    )}
  </article>
);

type PlanProps = { readonly plan: NonNullable<DriverAnswer["plan"]> };

function Plan({ plan: { approval, files } }: PlanProps) {
  const { data } = usePendingApprovals();
  const isWaiting = data?.approvals.some(({ id }) => id === approval) !== false;
  const { length } = files;
  return (
    <section aria-label="Plan" className="stack">
      <h3>A plan for {length === 1 ? "1 file" : `${length} files`}</h3>
      <FileDiffs files={files} />
      {isWaiting && approval !== null ? (
        <p className="notice waiting">
          Nothing is changed yet.{" "}
          <Link href={`/approvals?id=${encodeURIComponent(approval)}`}>It waits for you</Link>.
        </p>
      ) : (
        <p className="notice">
          It waits no longer: it was decided, or its time ran out.{" "}
          <Link href="/board">See the board</Link>.
        </p>
      )}
    </section>
  );
}
