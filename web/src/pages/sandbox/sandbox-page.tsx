// One sandbox: its state, its services with their health, where it answers, the last lines, and the way to take it down.
import { useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import type { ApiError } from "../../api/http.ts";
import { postJson, retryUnanswered } from "../../api/http.ts";
import type { Sandbox } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { PageHead } from "../../kit/page.tsx";
import { Empty, Failure, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import type { PageProps } from "../../page.ts";
import { lookOfSandbox } from "../sandboxes/look.ts";
import { Addresses, Ends, NoEngine, useSandboxes } from "../sandboxes/sandboxes-page.tsx";
import { Health } from "./health.tsx";
import { Logs } from "./logs.tsx";

export default function SandboxPage({ params: { id = "" } }: PageProps) {
  const sandboxes = useSandboxes();
  const client = useQueryClient();
  const stop = useMutation<unknown, ApiError>({
    mutationFn: async () => postJson(`/v1/sandboxes/${encodeURIComponent(id)}/stop`),
    retry: retryUnanswered,
    onSettled: () => void client.invalidateQueries({ queryKey: ["sandboxes"] }),
  });
  return (
    <>
      <PageHead title={id}>
        <Link href="/sandboxes">All sandboxes</Link>
      </PageHead>
      <Loaded what="the sandbox" {...sandboxes}>
        {({ sandboxes: known, engine }) => {
          const found = known.find((one) => one.id === id);
          if (found !== undefined && !stop.isSuccess)
            return (
              <>
                <NoEngine reason={engine} />
                <One sandbox={found} isStopping={stop.isPending} onStop={() => stop.mutate()} />
                {stop.error === null ? null : <Failure error={stop.error} />}
                {engine === null ? (
                  <>
                    <Health id={id} />
                    <Logs sandbox={found} />
                  </>
                ) : null}
              </>
            );
          return stop.isSuccess ? (
            <Empty title="Taken down.">
              <p>Its containers and volumes are gone, and its ports are free again.</p>
            </Empty>
          ) : (
            <Empty title="No sandbox has that id.">
              <p>It was taken down, or never was.</p>
            </Empty>
          );
        }}
      </Loaded>
    </>
  );
}

type OneProps = {
  readonly sandbox: Sandbox;
  readonly isStopping: boolean;
  readonly onStop: () => void;
};

function One({ sandbox, isStopping, onStop }: OneProps) {
  const [isAsked, ask] = useState(false);
  return (
    <>
      <p className="toolbar">
        <Chip {...lookOfSandbox(sandbox)} />
        <span className="meta">
          shows <Text>{sandbox.build}</Text>, stack <Text>{sandbox.stack}</Text>,{" "}
          <Ends sandbox={sandbox} />
        </span>
        <Addresses urls={sandbox.urls} />
        <Act className="danger" disabled={isStopping} onClick={() => ask(true)}>
          {isStopping ? "Taking it down…" : "Take down…"}
        </Act>
      </p>
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
              className="danger"
              onClick={() => {
                ask(false);
                onStop();
              }}
            >
              Take it down
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}
