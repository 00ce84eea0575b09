// A watch as the web page shows it.
import type { Chart } from "./chart.ts";
import type { Alert, Poll } from "./poll.ts";
import type { Price } from "./price.ts";
import type { Watch } from "./watch.ts";

export type Overview = {
  readonly watch: Watch;
  /** The newest price, even where later polls brought none. */
  readonly current: Price | null;
  readonly lastPoll: Poll | null;
  /** How far the newest price lies below the baseline; below nothing when it is dearer. */
  readonly belowPercent: number;
  readonly threshold: Price | null;
  readonly chart: Chart | null;
  /** Newest first. */
  readonly alerts: readonly Alert[];
  readonly polls: readonly Poll[];
  readonly shownAt: number;
};
