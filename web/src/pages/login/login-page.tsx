// The key, once: it becomes a cookie that no script can read, and the page goes on to where somebody wanted to be.
import type { FormEvent } from "react";
import { useState } from "react";
import { ApiError, postJson } from "../../api/http.ts";
import { useRawSearch } from "../../kit/address.ts";
import { PageHead } from "../../kit/page.tsx";
import { Failure } from "../../kit/states.tsx";
import { nextOf } from "./next.ts";
import "./login.css";

export function LoginPage() {
  const search = useRawSearch();
  const [error, setError] = useState<ApiError | null>(null);
  const [isSent, setSent] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const key = new FormData(form).get("key");
    setSent(true);
    setError(null);
    try {
      await postJson("/v1/login", { key: typeof key === "string" ? key.trim() : "" });
      form.reset();
      // A page of its own: nothing of the time before is left in it.
      location.replace(nextOf(search));
    } catch (failure) {
      setSent(false);
      if (failure instanceof ApiError) setError(failure);
      else throw failure;
    }
  };
  return (
    <main className="login stack">
      <PageHead title="Sign in to Orket" />
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <label htmlFor="key">API key</label>
        <input id="key" name="key" type="password" autoComplete="current-password" required />
        <p className="meta">
          The value of <code>ORKET_API_KEY</code>, or a key from <code>orket keys add</code>. It is
          sent once and not kept in the page.
        </p>
        <button className="primary" type="submit" disabled={isSent}>
          Sign in
        </button>
      </form>
      {error === null ? null : <Failure error={error} />}
    </main>
  );
}
