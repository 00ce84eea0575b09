// The sandboxes: what runs, where it answers, how long it stays; and what the engine has that nobody here knows.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Sandbox, SandboxPage } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { momentOf, Since, spanOf, useNow } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { lookOfSandbox } from "./look.ts";

export const useSandboxes = () =>
  useLive<SandboxPage>({
    key: ["sandboxes"],
    load: async (signal) => getJson("/v1/sandboxes", { signal }),
    apply: reloadOn(({ type }) => type.startsWith("sandbox-")),
  });

export default function SandboxesPage() {
  const sandboxes = useSandboxes();
  return (
    <>
      <PageHead title="Sandboxes" />
      <Loaded what="the sandboxes" {...sandboxes}>
        {({ sandboxes: shown, orphans, engine }) => (
          <>
            <NoEngine reason={engine} />
            {shown.length > 0 ? (
              <SandboxTable sandboxes={shown} />
            ) : engine === null ? (
              <Empty title="No sandboxes.">
                <p>
                  Bring one up in a terminal: <code>orket sandboxes up &lt;build&gt;</code>
                </p>
              </Empty>
            ) : null}
            {orphans.map((id) => (
              <p key={id} className="notice waiting">
                <Text>{id}</Text> is in the engine and unknown here; it may be another project's.
                Remove it with <code>orket sandboxes stop {id}</code>
              </p>
            ))}
          </>
        )}
      </Loaded>
    </>
  );
}

const SandboxTable = ({ sandboxes }: { readonly sandboxes: readonly Sandbox[] }) => (
  <Table
    label="Sandboxes"
    rows={sandboxes}
    keyOf={({ id }) => id}
    columns={[
      {
        title: "Sandbox",
        cell: ({ id }) => <Link href={`/sandboxes/${encodeURIComponent(id)}`}>{id}</Link>,
      },
      { title: "State", cell: (sandbox) => <Chip {...lookOfSandbox(sandbox)} /> },
      { title: "Shows", cell: ({ build }) => <Text>{build}</Text> },
      { title: "Stack", cell: ({ stack }) => <Text>{stack}</Text> },
      { title: "Addresses", cell: ({ urls }) => <Addresses urls={urls} /> },
      {
        title: "Used",
        cell: ({ lastUsedAt }) => (
          <>
            <Since at={lastUsedAt} /> ago
          </>
        ),
      },
      { title: "Time left", cell: (sandbox) => <Ends sandbox={sandbox} /> },
    ]}
  />
);

/** Runs are told apart from sandboxes: they need no engine. */
export const NoEngine = ({ reason }: { readonly reason: string | null }) =>
  reason === null ? null : (
    <Empty title="No container engine.">
      <p>
        Runs go on. <Text>{reason}</Text>
      </p>
      <p>
        In a terminal: <code>orket doctor</code>
      </p>
    </Empty>
  );

/** When it is taken down by itself; each use of it puts that off. */
export function Ends({ sandbox: { expiresAt } }: { readonly sandbox: Sandbox }) {
  const left = Date.parse(expiresAt) - useNow();
  return (
    <time dateTime={expiresAt} title={momentOf(expiresAt)}>
      {left > 0 ? `ends in ${spanOf(left)} unless used` : "ends now"}
    </time>
  );
}

/** In a tab of their own, which is told nothing of this one. */
export const Addresses = ({ urls }: { readonly urls: Sandbox["urls"] }) => (
  <span className="toolbar">
    {Object.entries(urls)
      .filter(([, url]) => /^https?:\/\//.test(url))
      .map(([name, url]) => (
        <a key={name} href={url} target="_blank" rel="noreferrer noopener">
          <Text>{name}</Text>
        </a>
      ))}
  </span>
);
