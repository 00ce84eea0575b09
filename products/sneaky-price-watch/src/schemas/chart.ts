// A price chart: what is drawn, and where its parts stand.

export type ChartPoint = {
  readonly at: number;
  readonly amountMilli: number;
  readonly isDrop: boolean;
};
export type ChartInput = {
  readonly points: readonly ChartPoint[];
  /** Lines across: the baseline and the highest price that would be a drop. */
  readonly baselineMilli: number;
  readonly thresholdMilli: number;
  readonly now: number;
  readonly pointsMax: number;
};

export type Chart = {
  readonly width: number;
  readonly height: number;
  readonly plot: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  /** A price holds until the next one is read: steps, not slopes. */
  readonly line: string;
  readonly area: string;
  readonly dots: readonly (ChartPoint & {
    readonly x: number;
    readonly y: number;
    readonly from: number;
    readonly to: number;
  })[];
  readonly amounts: readonly { readonly y: number; readonly amountMilli: number }[];
  readonly moments: readonly { readonly x: number; readonly at: number }[];
  readonly spanMs: number;
  readonly baselineY: number;
  readonly thresholdY: number;
};
