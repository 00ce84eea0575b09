// The cards of a run's builds as they stand, kept true while they move.
import { getJson } from "../../api/http.ts";
import type { Card, WireEvent } from "../../api/types.ts";
import type { LiveAnswer } from "../../live/use-live.ts";
import { reloadOn, useLive } from "../../live/use-live.ts";

export type BacklogCard = Pick<
  Card,
  "build" | "id" | "kind" | "summary" | "status" | "verified" | "epic" | "dependsOn" | "waitDetail"
>;
export type Backlog = { readonly cards: readonly BacklogCard[]; readonly asOfSeq: number };

const CHANGES: readonly WireEvent["type"][] = ["card-moved", "card-created"];

export const useBacklog = (id: string, builds: readonly string[]): LiveAnswer<Backlog> =>
  useLive<Backlog>({
    key: ["run-backlog", id],
    load: async (signal) => getJson(`/v1/runs/${encodeURIComponent(id)}/backlog`, { signal }),
    apply: reloadOn(
      ({ type, build }) => CHANGES.includes(type) && build !== null && builds.includes(build),
    ),
  });

export const addressOf = ({ build, id }: Pick<BacklogCard, "build" | "id">): string =>
  `/cards/${encodeURIComponent(id)}?build=${encodeURIComponent(build)}`;
