// The driver: plain words in, an answer out; a plan waits in the inbox, and is not applied before somebody allows it.
import type { FormEvent } from "react";
import { useId } from "react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";
import type { ApiError } from "../../api/http.ts";
import { postJson } from "../../api/http.ts";
import type { DriverAnswer } from "../../api/types.ts";
import { PageHead } from "../../kit/page.tsx";
import { Failure } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";

export default function DriverPage() {
  const messageId = useId();
  const { mutate, data, error, isPending } = useMutation<DriverAnswer, ApiError, string>({
    mutationFn: async (message) => postJson("/v1/system/chat-driver", { message }),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const message = new FormData(event.currentTarget).get("message");
    if (typeof message === "string") mutate(message);
  };
  return (
    <>
      <PageHead title="Driver" />
      <form onSubmit={submit} className="stack">
        <label htmlFor={messageId}>What should change in the backlog?</label>
        <textarea id={messageId} name="message" required maxLength={16_000} />
        <p>
          <button className="primary" type="submit" disabled={isPending}>
            {isPending ? "Asking…" : "Send"}
          </button>
        </p>
      </form>
      {error === null ? null : <Failure error={error} />}
      <div aria-live="polite">{data === undefined ? null : <Answer answer={data} />}</div>
    </>
  );
}

const Answer = ({ answer: { response, plan } }: { readonly answer: DriverAnswer }) => (
  <>
    <p className="wrap">
      <Text>{response}</Text>
    </p>
    {plan === undefined ? null : (
      <section aria-label="Plan">
        <h2>A plan for {plan.files.length} files</h2>
        {plan.files.map(({ file, before, after }) => (
          <details key={file}>
            <summary>
              <Text>{file}</Text> {before === null ? "(new)" : ""}
            </summary>
            <pre className="exact" tabIndex={0}>
              <Text>{after ?? ""}</Text>
            </pre>
          </details>
        ))}
        <p className="notice waiting">
          Nothing is changed yet. <Link href="/approvals">It waits for you</Link>.
        </p>
      </section>
    )}
  </>
);
