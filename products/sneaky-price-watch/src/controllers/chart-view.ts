// The chart as SVG. What a pointer or the keyboard stands on is told by style sheets alone: the page has no script.
import type { Chart } from "../schemas/chart.ts";
import { toMoney } from "../utils/format-money.ts";
import { toDate, toMoment, toTime } from "../utils/format-time.ts";
import type { Markup } from "../utils/markup.ts";
import { html } from "../utils/markup.ts";

type ChartView = {
  readonly chart: Chart;
  readonly currency: string | null;
  readonly title: string;
  readonly id: string;
};

const DAY_MS = 24 * 60 * 60_000;
const TIP = { width: 132, height: 42 };

export function viewChart({ chart, currency, title, id }: ChartView): Markup {
  const { plot, width, height } = chart;
  const fade = `fade-${id}`;
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
    <defs>
      <linearGradient id="${fade}" x1="0" y1="0" x2="0" y2="1">
        <stop class="fade-top" offset="0" />
        <stop class="fade-end" offset="1" />
      </linearGradient>
    </defs>
    ${chart.amounts.map(
      ({ y, amountMilli }) =>
        html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}" />
          <text class="tick" x="${plot.right + 10}" y="${y + 4}"
            >${toMoney({ amountMilli, currency })}</text
          >`,
    )}
    ${chart.moments.map(
      ({ x, at }, index) =>
        html`<text
          class="tick ${index === 0 ? "start" : index === chart.moments.length - 1 ? "end" : "middle"}"
          x="${x}"
          y="${height - 8}"
          >${chart.spanMs > 2 * DAY_MS ? toDate(at) : toTime(at)}</text
        >`,
    )}
    <path class="area" d="${chart.area}" fill="url(#${fade})" />
    <line
      class="baseline"
      x1="${plot.left}"
      x2="${plot.right}"
      y1="${chart.baselineY}"
      y2="${chart.baselineY}"
    />
    <line
      class="threshold"
      x1="${plot.left}"
      x2="${plot.right}"
      y1="${chart.thresholdY}"
      y2="${chart.thresholdY}"
    />
    <path class="line" d="${chart.line}" />
    ${chart.dots.filter(({ isDrop }) => isDrop).map(({ x, y }) => html`<circle class="drop-ring" cx="${x}" cy="${y}" r="9" /><circle class="drop" cx="${x}" cy="${y}" r="4.5" />`)}
    ${chart.dots.map((dot) => viewPoint(dot, chart, currency))}
  </svg>`;
}

/** An invisible strip as wide as its price held; with the pointer on it, its dot and its tip are shown. */
function viewPoint(
  dot: Chart["dots"][number],
  { plot, width }: Chart,
  currency: string | null,
): Markup {
  const tipX = Math.min(Math.max(dot.x - TIP.width / 2, 2), width - TIP.width - 2);
  const tipY = dot.y - TIP.height - 12 < 2 ? dot.y + 12 : dot.y - TIP.height - 12;
  return html`<g class="point">
    <rect
      class="strip"
      x="${dot.from}"
      y="${plot.top}"
      width="${Math.max(dot.to - dot.from, 4)}"
      height="${plot.bottom - plot.top}"
    />
    <g class="tip">
      <line class="stem" x1="${dot.x}" x2="${dot.x}" y1="${plot.top}" y2="${plot.bottom}" />
      <circle class="dot" cx="${dot.x}" cy="${dot.y}" r="4" />
      <rect
        class="box"
        x="${tipX}"
        y="${tipY}"
        width="${TIP.width}"
        height="${TIP.height}"
        rx="8"
      />
      <text class="tip-price" x="${tipX + 12}" y="${tipY + 18}"
        >${toMoney({ amountMilli: dot.amountMilli, currency })}</text
      >
      <text class="tip-time" x="${tipX + 12}" y="${tipY + 33}">${toMoment(dot.at)}</text>
    </g>
  </g>`;
}
