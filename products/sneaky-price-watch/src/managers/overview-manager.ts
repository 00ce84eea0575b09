// What the web page and its chart show of the watches, put together from what is kept.
import type { DataAccessor } from "../accessors/data-accessor.ts";
import { layOutChart } from "../engines/chart-engine.ts";
import { dropPercentOf, thresholdMilli } from "../engines/drop-engine.ts";
import type { Overview } from "../schemas/overview.ts";
import type { Poll } from "../schemas/poll.ts";
import type { Watch } from "../schemas/watch.ts";
import type { Clock } from "../utils/world.ts";

export type OverviewManager = ReturnType<typeof createOverviewManager>;
type OverviewDeps = {
  readonly data: Pick<DataAccessor, "findWatch" | "listWatches" | "listPolls" | "listAlerts">;
  readonly clock: Clock;
};

/** Of one watch among others, and of one alone. */
const GLANCE = { polls: 500, points: 60, rows: 0 };
const LOOK = { polls: 6000, points: 240, rows: 50 };

export function createOverviewManager(deps: OverviewDeps) {
  return {
    listOverviews: (): readonly Overview[] =>
      deps.data.listWatches().map((watch) => viewWatch(deps, watch, GLANCE)),
    findOverview: (id: string): Overview | null => {
      const watch = deps.data.findWatch(id);
      return watch === null ? null : viewWatch(deps, watch, LOOK);
    },
  };
}

const isPrice = (poll: Poll): poll is Extract<Poll, { outcome: "price" }> =>
  poll.outcome === "price";

function viewWatch({ data, clock }: OverviewDeps, watch: Watch, extent: typeof GLANCE): Overview {
  const shownAt = clock.now();
  const polls = data.listPolls(watch.id, extent.polls);
  const alerts = data.listAlerts(watch.id);
  const prices = polls.filter(isPrice);
  const current = prices.at(-1)?.price ?? null;
  const { baseline, dropPercent } = watch;
  const threshold = baseline && {
    ...baseline,
    amountMilli: thresholdMilli(baseline.amountMilli, dropPercent),
  };
  const drops = new Set(alerts.map(({ at }) => at));
  return {
    watch,
    current,
    lastPoll: polls.at(-1) ?? null,
    belowPercent: baseline && current ? dropPercentOf(baseline, current) : 0,
    threshold,
    chart:
      baseline &&
      threshold &&
      layOutChart({
        points: prices.map(({ at, price }) => ({
          at,
          amountMilli: price.amountMilli,
          isDrop: drops.has(at),
        })),
        baselineMilli: baseline.amountMilli,
        thresholdMilli: threshold.amountMilli,
        now: shownAt,
        pointsMax: extent.points,
      }),
    alerts: alerts.toReversed(),
    polls: polls.slice(-extent.rows || polls.length).toReversed(),
    shownAt,
  };
}
