// The sandboxes: what runs, where it answers, how long it stays; and what the engine has that nobody here knows.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Sandbox, SandboxPage } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { momentOf, Since } from "../../kit/time.tsx";
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
            {engine === null ? null : (
              <Empty title="No container engine.">
                <p>
                  <Text>{engine}</Text> Runs go on. <code>orket doctor</code>
                </p>
              </Empty>
            )}
            {shown.length === 0 ? (
              <Empty title="No sandboxes.">
                <p>
                  <code>orket sandboxes up &lt;build&gt;</code>
                </p>
              </Empty>
            ) : (
              <SandboxTable sandboxes={shown} />
            )}
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
      { title: "Used", cell: ({ lastUsedAt }) => <Since at={lastUsedAt} /> },
      { title: "Taken down", cell: ({ expiresAt }) => momentOf(expiresAt) },
    ]}
  />
);

/** In a tab of their own, which is told nothing of this one. */
export const Addresses = ({ urls }: { readonly urls: Sandbox["urls"] }) => (
  <>
    {Object.entries(urls)
      .filter(([, url]) => /^https?:\/\//.test(url))
      .map(([name, url]) => (
        <a key={name} href={url} target="_blank" rel="noreferrer noopener">
          <Text>{name}</Text>{" "}
        </a>
      ))}
  </>
);
