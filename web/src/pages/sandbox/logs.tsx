// The last lines of a sandbox's services. They are read again while the page is looked at, and follow the end only for who
// stands there: whoever reads further up keeps what they read.
import { useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { getJson } from "../../api/http.ts";
import type { Sandbox } from "../../api/types.ts";
import { ansiLines, textOf } from "../../kit/ansi.ts";
import { AnsiText } from "../../kit/ansi-text.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Loaded } from "../../kit/states.tsx";
import { useInterval } from "../../live/use-live.ts";
import { saveText } from "./save-text.ts";
import "./sandbox.css";

const AGAIN_MS = 3000;

type LogsProps = { readonly sandbox: Sandbox };

export function Logs({ sandbox: { id, services } }: LogsProps) {
  const { get, set } = useSearchState();
  const service = get("service");
  const refetchInterval = useInterval(AGAIN_MS);
  const { data, error, refetch } = useQuery<string, ApiError>({
    queryKey: ["sandbox-logs", id, service],
    queryFn: async ({ signal }) => {
      const path = `/v1/sandboxes/${encodeURIComponent(id)}/logs`;
      const answer = await getJson<{ readonly logs: string }>(path, {
        params: { service },
        signal,
      });
      return answer.logs;
    },
    refetchInterval,
  });
  return (
    <section aria-label="Logs" className="stack logs">
      <h2>Logs</h2>
      <p className="toolbar">
        <label>
          Service
          <select value={service ?? ""} onChange={({ target }) => set({ service: target.value })}>
            <option value="">all</option>
            {services.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <span className="meta">the last 100 lines of each; reading them counts as use</span>
      </p>
      <Loaded what="its logs" data={data} error={error} reload={() => void refetch()}>
        {(logs) => <Tail key={service} logs={logs} name={`orket-${id}-${service ?? "all"}.log`} />}
      </Loaded>
    </section>
  );
}

type TailProps = { readonly logs: string; readonly name: string };

function Tail({ logs, name }: TailProps) {
  const { get, set } = useSearchState();
  const findId = useId();
  const [sought, isWrapped] = [get("q") ?? "", get("wrap") !== "off"];
  // Where somebody reads further up, what they read stays.
  const [held, hold] = useState<string | null>(null);
  const shown = held ?? logs;
  const lines = useMemo(() => ansiLines(shown.trimEnd()), [shown]);
  const low = sought.toLowerCase();
  const found = lines.filter((line) => textOf(line).toLowerCase().includes(low));
  const area = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    if (held === null) area.current?.scrollTo({ top: area.current.scrollHeight });
  }, [held, shown, low]);
  const onScroll = (): void => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = area.current ?? {};
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 8;
    hold((before) => (isAtEnd ? null : (before ?? logs)));
  };
  if (logs === "") return <p className="meta">Nothing was said yet.</p>;
  return (
    <>
      <p className="toolbar">
        <label htmlFor={findId}>Find</label>
        <input
          id={findId}
          type="search"
          value={sought}
          onChange={({ target }) => set({ q: target.value }, "replace")}
        />
        <output className="meta">
          {low === "" ? `${lines.length} lines` : `${found.length} of ${lines.length} lines`}
        </output>
        <button
          type="button"
          aria-pressed={isWrapped}
          onClick={() => set({ wrap: isWrapped ? "off" : null }, "replace")}
        >
          Wrap
        </button>
        <button type="button" onClick={() => saveText(name, lines.map(textOf).join("\n"))}>
          Download
        </button>
        {held === null || held === logs ? null : (
          <button type="button" className="primary" onClick={() => hold(null)}>
            Jump to latest
          </button>
        )}
      </p>
      <pre
        ref={area}
        className={`log ${isWrapped ? "" : "unwrapped"}`}
        tabIndex={0}
        aria-label="The last lines"
        onScroll={onScroll}
      >
        {found.map((tokens, place) => (
          <span key={place}>
            <AnsiText tokens={tokens} />
            {"\n"}
          </span>
        ))}
      </pre>
      {found.length === 0 ? <p className="meta">No line has that in it.</p> : null}
    </>
  );
}
