// The server itself: version, whether it works, how busy the machine is, and how safe its settings are, failures first.
import { useQuery } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { getJson } from "../../api/http.ts";
import type { Heartbeat, Metrics, Posture, Version } from "../../api/types.ts";
import type { Look } from "../../kit/chip.tsx";
import { Chip } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";

const BEAT_MS = 10_000;

const useAsked = <Data,>(path: string, everyMs: number | false) => {
  const { data, error, refetch } = useQuery<Data, ApiError>({
    queryKey: ["system", path],
    queryFn: async ({ signal }) => getJson(path, { signal }),
    refetchInterval: everyMs,
  });
  return { data, error, reload: () => void refetch() };
};

export default function SystemPage() {
  const version = useAsked<Version>("/v1/version", false);
  const beat = useAsked<Heartbeat>("/v1/system/heartbeat", BEAT_MS);
  const load = useAsked<Metrics>("/v1/system/metrics", BEAT_MS);
  return (
    <>
      <PageHead title="System" />
      <dl className="keys">
        <Fact name="Version">{version.data?.version ?? "…"}</Fact>
        <Fact name="Runs in flight">{beat.data?.active_tasks ?? "…"}</Fact>
        <Fact name="Processors">
          {load.data === undefined ? "…" : `${load.data.cpu_percent} %`}
        </Fact>
        <Fact name="Memory">{load.data === undefined ? "…" : `${load.data.ram_percent} %`}</Fact>
      </dl>
      <Safety />
    </>
  );
}

type FactProps = { readonly name: string; readonly children: string | number };

const Fact = ({ name, children }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const ORDER = ["refuse", "warn", "ok"] as const;
const LOOKS: Readonly<Record<(typeof ORDER)[number], Look>> = {
  refuse: { tone: "failed", icon: "failed", word: "FAIL" },
  warn: { tone: "waiting", icon: "waiting", word: "warn" },
  ok: { tone: "done", icon: "verified", word: "pass" },
};

function Safety() {
  const posture = useAsked<Posture>("/v1/system/security", false);
  return (
    <section aria-label="Security">
      <div className="toolbar">
        <h2>Security</h2>
        <button type="button" onClick={posture.reload}>
          Check again
        </button>
      </div>
      <Loaded what="the security posture" {...posture}>
        {({ checks }) => (
          <Table
            label="Checks"
            rows={checks.toSorted(
              (one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict),
            )}
            keyOf={({ name }) => name}
            columns={[
              { title: "Verdict", cell: ({ verdict }) => <Chip {...LOOKS[verdict]} /> },
              { title: "What", cell: ({ name }) => <Text>{name}</Text> },
              { title: "Why", cell: ({ reason }) => <Text>{reason}</Text> },
              { title: "Remedy", cell: ({ remedy }) => <Text>{remedy ?? ""}</Text> },
            ]}
          />
        )}
      </Loaded>
    </section>
  );
}
