// Where the parts of a price chart stand. Pure arithmetic; what they look like is not decided here.
import type { Chart, ChartInput, ChartPoint } from "../schemas/chart.ts";

const SIZE = { width: 720, height: 240 };
const PLOT = { left: 12, right: 640, top: 16, bottom: 208 };
const AMOUNTS_ABOUT = 4;
const MOMENTS = 4;

/** Null where there is nothing to draw. */
export function layOutChart(input: ChartInput): Chart | null {
  const points = thinOut(input.points, input.pointsMax);
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return null;
  const end = Math.max(input.now, last.at);
  const spanMs = Math.max(1, end - first.at);
  const amounts = [
    ...points.map(({ amountMilli }) => amountMilli),
    input.baselineMilli,
    input.thresholdMilli,
  ];
  const ticks = ticksOf(Math.min(...amounts), Math.max(...amounts));
  const low = ticks[0] ?? 0;
  const high = ticks.at(-1) ?? 1;
  const x = (at: number): number =>
    round(PLOT.left + ((at - first.at) / spanMs) * (PLOT.right - PLOT.left));
  const y = (milli: number): number =>
    round(PLOT.bottom - ((milli - low) / (high - low)) * (PLOT.bottom - PLOT.top));
  const line = `M${x(first.at)} ${y(first.amountMilli)}${points
    .slice(1)
    .map(({ at, amountMilli }) => `H${x(at)}V${y(amountMilli)}`)
    .join("")}H${PLOT.right}`;
  return {
    ...SIZE,
    plot: PLOT,
    line,
    area: `${line}V${PLOT.bottom}H${PLOT.left}Z`,
    dots: points.map((point, at) => {
      const from = x(point.at);
      return { ...point, x: from, y: y(point.amountMilli), from, to: x(points[at + 1]?.at ?? end) };
    }),
    amounts: ticks.map((amountMilli) => ({ y: y(amountMilli), amountMilli })),
    moments: Array.from({ length: MOMENTS }, (_, at) => {
      const moment = first.at + (spanMs * at) / (MOMENTS - 1);
      return { x: x(moment), at: moment };
    }),
    spanMs,
    baselineY: y(input.baselineMilli),
    thresholdY: y(input.thresholdMilli),
  };
}

/** Of each stretch of points its lowest and its last, and every drop: a chart that leaves out the best price would lie. */
function thinOut(points: readonly ChartPoint[], pointsMax: number): readonly ChartPoint[] {
  const sorted = points.toSorted((one, other) => one.at - other.at);
  if (sorted.length <= pointsMax) return sorted;
  const size = Math.ceil(sorted.length / Math.floor(pointsMax / 2));
  const kept = new Set<ChartPoint>(sorted.slice(0, 1));
  for (let at = 0; at < sorted.length; at += size) {
    const stretch = sorted.slice(at, at + size);
    kept.add(
      stretch.reduce((least, point) => (point.amountMilli < least.amountMilli ? point : least)),
    );
    for (const point of [...stretch.filter(({ isDrop }) => isDrop), ...stretch.slice(-1)])
      kept.add(point);
  }
  return sorted.filter((point) => kept.has(point));
}

/** Round amounts, from one at or below the lowest to one at or above the highest. */
function ticksOf(lowest: number, highest: number): readonly number[] {
  const rough = Math.max(1, (highest - lowest || highest || 1000) / AMOUNTS_ABOUT);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  const low = Math.max(0, Math.floor((lowest - step * 0.2) / step) * step);
  const high = Math.max(low + step, Math.ceil((highest + step * 0.2) / step) * step);
  return Array.from({ length: Math.round((high - low) / step) + 1 }, (_, at) => low + at * step);
}

const round = (value: number): number => Math.round(value * 10) / 10;
