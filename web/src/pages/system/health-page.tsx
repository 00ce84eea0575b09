// Whether the server works, how busy its machine is, and which sprint it is; asked again every five seconds.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { ApiError } from "../../api/http.ts";
import type { Calendar, Heartbeat, Metrics, Posture, Version } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { spanOf } from "../../kit/span.ts";
import { Failure } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { Since, useNow } from "../../kit/time.tsx";
import { countsOf } from "./posture.ts";
import type { Sample } from "./samples.ts";
import { withSample } from "./samples.ts";
import { Sparkline } from "./sparkline.tsx";
import { SystemFrame } from "./system-frame.tsx";
import type { Asked } from "./use-asked.ts";
import { useInterval } from "../../live/use-live.ts";
import { useAsked } from "./use-asked.ts";

const BEAT_MS = 5000;
const SILENCE_MS = 3 * BEAT_MS;

type Load = { readonly metrics: Metrics; readonly samples: readonly Sample[] };

/** Looks are kept beside the newest answer, so that they outlast a visit to another page. */
function useLoad(): Load | undefined {
  const client = useQueryClient();
  const queryKey = ["system", "load"];
  const refetchInterval = useInterval(BEAT_MS);
  const { data } = useQuery<Load, ApiError>({
    queryKey,
    queryFn: async ({ signal }) => {
      const metrics = await getJson<Metrics>("/v1/system/metrics", { signal });
      const { cpu_percent: cpu, ram_percent: memory } = metrics;
      const before = client.getQueryData<Load>(queryKey)?.samples ?? [];
      return { metrics, samples: withSample(before, { atMs: Date.now(), cpu, memory }) };
    },
    refetchInterval,
    structuralSharing: false,
  });
  return data;
}

export default function HealthPage() {
  const version = useAsked<Version>("/v1/version");
  const beat = useAsked<Heartbeat>("/v1/system/heartbeat", { everyMs: BEAT_MS });
  const calendar = useAsked<Calendar>("/v1/system/calendar");
  const load = useLoad();
  return (
    <SystemFrame title="Health" aside={<Heard beat={beat} />}>
      {beat.error === null || beat.error.status === 0 ? null : (
        <Failure error={beat.error} retry={beat.reload} />
      )}
      <section aria-label="Server">
        <h2>Server</h2>
        <dl className="keys facts">
          <Fact name="Version">{version.data?.version ?? "…"}</Fact>
          <Fact name="Runs in flight">
            {beat.data === undefined ? (
              "…"
            ) : (
              <Link href="/runs?state=running">{beat.data.active_tasks}</Link>
            )}
          </Fact>
          <Fact name="Its clock">{beat.data === undefined ? "…" : <Clock beat={beat} />}</Fact>
          <Fact name="Sprint">
            {calendar.data === undefined ? "…" : <Sprint calendar={calendar.data} />}
          </Fact>
          <Fact name="Security">
            <Safety />
          </Fact>
        </dl>
      </section>
      <Machine load={load} />
    </SystemFrame>
  );
}

type FactProps = { readonly name: string; readonly children: ReactNode };

const Fact = ({ name, children }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** Nothing is called online that did not just answer. */
function Heard({ beat }: { readonly beat: Asked<Heartbeat> }) {
  const now = useNow();
  const { cameAt, error, isAsking } = beat;
  const isSilent = error !== null || (isAsking && cameAt > 0 && now - cameAt > SILENCE_MS);
  if (!isSilent)
    return cameAt === 0 ? null : <Chip tone="done" icon="live" word={beat.data?.status ?? ""} />;
  if (cameAt === 0) return <Chip tone="failed" icon="failed" word="Not heard yet" />;
  return (
    <span className="toolbar">
      <Chip tone="failed" icon="failed" word="Not heard" />
      <span>
        for <Since at={new Date(cameAt).toISOString()} />. The figures are of that time.
      </span>
    </span>
  );
}

const SKEW_MS = 5000;

/** Ages on every page are told by this browser's clock; a server whose clock differs makes them wrong. */
function Clock({ beat: { data, cameAt } }: { readonly beat: Asked<Heartbeat> }) {
  const skew = Date.parse(data?.timestamp ?? "") - cameAt;
  if (Math.abs(skew) < SKEW_MS) return "as this browser's";
  return `${spanOf(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} this browser's: ages on these pages are off by that`;
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const dayOf = (at: string): string => DAY.format(new Date(at));

const Sprint = ({ calendar }: { readonly calendar: Calendar }) => (
  <>
    <Text>{calendar.current_sprint}</Text>, {dayOf(calendar.sprint_start)} to{" "}
    {dayOf(calendar.sprint_end)}
  </>
);

function Safety() {
  const posture = useAsked<Posture>("/v1/system/security");
  const { data, error } = posture;
  if (error?.code === "SCOPE_MISSING") return "for a key of scope admin";
  return (
    <Link href="/system/security">{data === undefined ? "Checks" : countsOf(data.checks)}</Link>
  );
}

const GIGABYTES = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

function Machine({ load }: { readonly load: Load | undefined }) {
  const samples = load?.samples ?? [];
  const total = load?.metrics.vram_total_gb ?? 0;
  return (
    <section aria-label="Machine">
      <h2>Machine</h2>
      <div className="gauges">
        <Sparkline name="Processors" measure="cpu" samples={samples} gapMs={SILENCE_MS} />
        <Sparkline name="Memory" measure="memory" samples={samples} gapMs={SILENCE_MS} />
        <div className="gauge">
          <h3>Graphics memory</h3>
          <p>
            {total > 0
              ? `${GIGABYTES.format(load?.metrics.vram_gb_used ?? 0)} of ${GIGABYTES.format(total)} GB`
              : "not measured"}
          </p>
        </div>
      </div>
    </section>
  );
}
