// One run: how it stands, and its parts, one of which is shown.
import { useQueryClient } from "@tanstack/react-query";
import { lazyPart } from "../../kit/lazy-part.ts";
import { PageHead } from "../../kit/page.tsx";
import { Part } from "../../kit/part.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Loaded, Skeleton } from "../../kit/states.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import type { PageProps } from "../../page.ts";
import { Events } from "./events.tsx";
import { Files } from "./files.tsx";
import { isForRun, loadRun } from "./run-data.ts";
import type { RunData } from "./run-data.ts";
import { Standing } from "./standing.tsx";
import { Turns } from "./turns.tsx";
import "./run.css";

export default function RunPage({ params: { id = "" } }: PageProps) {
  const client = useQueryClient();
  const run = useLive<RunData>({
    key: ["run", id],
    load: async (signal) => {
      const known = client.getQueryData<RunData>(["run", id])?.turns ?? [];
      return loadRun(id, known, signal);
    },
    apply: reloadOn(isForRun(id)),
  });
  const { get, set } = useSearchState();
  const tab = TABS.find((one) => one === get("tab")) ?? "turns";
  return (
    <>
      <PageHead title={`Run ${id}`} />
      <Loaded what="the run" {...run}>
        {(data) => (
          <>
            <Standing view={data.view} />
            <nav className="toolbar" aria-label="Parts of the run">
              {TABS.map((one) => (
                <button
                  key={one}
                  type="button"
                  aria-pressed={tab === one}
                  onClick={() => set({ tab: one })}
                >
                  {one === "turns" ? `Turns ${data.turns.length}` : WORDS[one]}
                </button>
              ))}
            </nav>
            {tab === "turns" ? <Turns data={data} /> : null}
            {tab === "events" ? <Events id={id} /> : null}
            {tab === "files" ? <Files id={id} /> : null}
            <Part what="This part" at={tab} fallback={<Skeleton what={tab} />}>
              {tab === "timeline" ? <Timeline data={data} /> : null}
              {tab === "graph" ? <GraphTab data={data} /> : null}
              {tab === "cost" ? <Cost data={data} /> : null}
            </Part>
          </>
        )}
      </Loaded>
    </>
  );
}

const Timeline = lazyPart(() => import("./timeline.tsx"));
const GraphTab = lazyPart(() => import("./graph.tsx"));
const Cost = lazyPart(() => import("./cost.tsx"));

const TABS = ["turns", "timeline", "graph", "events", "files", "cost"] as const;
const WORDS = {
  timeline: "Timeline",
  graph: "Graph",
  events: "Events",
  files: "Files",
  cost: "Cost",
} as const;
