// One sandbox: its state, where it answers, the last lines of its services, and the way to take it down.
import { useState } from "react";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { getJson, postJson } from "../../api/http.ts";
import type { Sandbox } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { PageHead } from "../../kit/page.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Failure, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import type { PageProps } from "../../page.ts";
import { lookOfSandbox } from "../sandboxes/look.ts";
import { Addresses, useSandboxes } from "../sandboxes/sandboxes-page.tsx";

export default function SandboxPage({ params: { id = "" } }: PageProps) {
  const sandboxes = useSandboxes();
  return (
    <>
      <PageHead title={id} />
      <Loaded what="the sandbox" {...sandboxes}>
        {({ sandboxes: known }) => {
          const found = known.find((one) => one.id === id);
          return found === undefined ? (
            <Empty title="No sandbox has that id.">
              <p>It was taken down, or never was.</p>
            </Empty>
          ) : (
            <One sandbox={found} />
          );
        }}
      </Loaded>
    </>
  );
}

function One({ sandbox }: { readonly sandbox: Sandbox }) {
  const [isAsked, ask] = useState(false);
  const { mutate, error, isPending } = useMutation<unknown, ApiError>({
    mutationFn: async () => postJson(`/v1/sandboxes/${encodeURIComponent(sandbox.id)}/stop`),
  });
  return (
    <>
      <p className="toolbar">
        <Chip {...lookOfSandbox(sandbox)} />
        <span className="meta">
          <Text>{`${sandbox.build}, ${sandbox.stack}`}</Text>
        </span>
        <Addresses urls={sandbox.urls} />
        <button type="button" disabled={isPending} onClick={() => ask(true)}>
          Take down…
        </button>
      </p>
      {error === null ? null : <Failure error={error} />}
      {isAsked ? (
        <Dialog title="Take this sandbox down?" onClose={() => ask(false)}>
          <p>
            Its containers and its volumes go, with everything in them. Its ports are free again.
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
                mutate();
              }}
            >
              Take it down
            </button>
          </div>
        </Dialog>
      ) : null}
      <Logs sandbox={sandbox} />
    </>
  );
}

function Logs({ sandbox: { id, services } }: { readonly sandbox: Sandbox }) {
  const { get, set } = useSearchState();
  const service = get("service");
  const { data, error, refetch } = useQuery<{ readonly logs: string }, ApiError>({
    queryKey: ["sandbox-logs", id, service],
    queryFn: async ({ signal }) =>
      getJson(`/v1/sandboxes/${encodeURIComponent(id)}/logs`, { params: { service }, signal }),
  });
  return (
    <section aria-label="Logs">
      <p className="toolbar">
        <label>
          Service{" "}
          <select value={service ?? ""} onChange={({ target }) => set({ service: target.value })}>
            <option value="">all</option>
            {services.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => void refetch()}>
          Read again
        </button>
      </p>
      <Loaded what="its logs" data={data} error={error} reload={() => void refetch()}>
        {({ logs }) => (
          <pre className="exact" tabIndex={0} aria-label="The last lines">
            <Text>{logs === "" ? "Nothing was said yet." : logs}</Text>
          </pre>
        )}
      </Loaded>
    </section>
  );
}
