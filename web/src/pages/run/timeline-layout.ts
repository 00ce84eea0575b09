// Where each turn of a run lies on the axis of time: from 0 to 1, idle stretches cut if wished, bounded in what is drawn.
import type { TurnPage } from "../../api/types.ts";

export type Turn = Pick<
  TurnPage["turns"][number],
  "numberInRun" | "build" | "card" | "seat" | "kind" | "status" | "startedAt" | "endedAt"
>;
export type Span = { readonly from: number; readonly to: number };
export type Cut = { readonly at: number; readonly to: number; readonly milliseconds: number };
export type Axis = {
  readonly at: (ms: number) => number;
  readonly cuts: readonly Cut[];
  /** Each with the milliseconds since the beginning. */
  readonly ticks: readonly { readonly at: number; readonly elapsed: number }[];
};

export type Bar = Span & {
  /** In time order; more than one where the row holds more than are drawn. */
  readonly turns: readonly Turn[];
  readonly status: Turn["status"];
  /** Where the wait before it began; null where it did not wait. */
  readonly waitedFrom: number | null;
};

const BARS_MAX = 60;
const CUTS_MAX = 40;
/** How wide all cuts together may be, against the work, and one of them. */
const CUTS_SHARE = 0.3;
const CUT_SHARE = 0.03;
const TICKS = 6;

export const spanOfTurn = ({ startedAt, endedAt }: Turn, now: number): Span => {
  const from = Date.parse(startedAt);
  return { from, to: Math.max(from, endedAt === null ? now : Date.parse(endedAt)) };
};

type Piece = Span & { readonly at: number; readonly width: number; readonly isCut: boolean };

export function axisOf(spans: readonly Span[], whole: Span, isCollapsed: boolean): Axis {
  const pieces = piecesOf(isCollapsed ? idleIn(spans, whole) : [], whole);
  const last = pieces.at(-1);
  const total = last === undefined ? 1 : last.at + last.width;
  const at = (ms: number): number => {
    const piece = pieces[placeOf(pieces, ms)];
    if (piece === undefined) return 0;
    const inside = (ms - piece.from) / Math.max(1, piece.to - piece.from);
    return clamp((piece.at + clamp(inside) * piece.width) / total);
  };
  const cuts = pieces
    .filter(({ isCut }) => isCut)
    .map(({ from, to }) => ({ at: at(from), to: at(to), milliseconds: to - from }))
    .toSorted((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, CUTS_MAX)
    .toSorted((a, b) => a.at - b.at);
  return { at, cuts, ticks: ticksOf(pieces, total, at) };
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

/** The stretches in which no turn is live. */
function idleIn(spans: readonly Span[], whole: Span): readonly Span[] {
  const idle: Span[] = [];
  let from = whole.from;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    if (span.from > from) idle.push({ from, to: Math.min(span.from, whole.to) });
    from = Math.max(from, span.to);
  }
  if (whole.to > from) idle.push({ from, to: whole.to });
  return idle;
}

function piecesOf(idle: readonly Span[], whole: Span): readonly Piece[] {
  const waited = idle.reduce((sum, { from, to }) => sum + to - from, 0);
  const worked = Math.max(1, whole.to - whole.from - waited);
  const width = Math.min(CUT_SHARE, CUTS_SHARE / Math.max(1, idle.length)) * worked;
  const pieces: Piece[] = [];
  let drawn = 0;
  let from = whole.from;
  const add = (span: Span, isCut: boolean): void => {
    const piece = { ...span, at: drawn, width: isCut ? width : span.to - span.from, isCut };
    pieces.push(piece);
    drawn += piece.width;
    from = span.to;
  };
  for (const gap of idle.filter(({ from: begin, to }) => to - begin > width)) {
    if (gap.from > from) add({ from, to: gap.from }, false);
    add(gap, true);
  }
  if (whole.to > from || pieces.length === 0)
    add({ from, to: Math.max(whole.to, from + 1) }, false);
  return pieces;
}

/** The last piece that begins at or before the moment. */
function placeOf(pieces: readonly Piece[], ms: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pieces[middle]?.from ?? 0) <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000,
  300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000,
];

function ticksOf(pieces: readonly Piece[], total: number, at: Axis["at"]): Axis["ticks"] {
  const begin = pieces[0]?.from ?? 0;
  const least = total / TICKS;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000;
  const ticks: { at: number; elapsed: number }[] = [];
  for (const { from, to, isCut } of pieces) {
    if (isCut) continue;
    const first = Math.ceil((from - begin) / step) * step;
    for (let elapsed = first; elapsed < to - begin; elapsed += step) {
      const place = at(begin + elapsed);
      const before = ticks.at(-1)?.at ?? -1;
      if (place - before >= 1 / (2 * TICKS)) ticks.push({ at: place, elapsed });
    }
  }
  return ticks;
}

const WORST: readonly Turn["status"][] = ["failed", "violated", "live", "dropped", "committed"];

type Placing = { readonly axis: Axis; readonly now: number; readonly ableAt: number | null };

/** The turns of one card. Neighbours are folded into one bar where there are more than can be told apart. */
export function barsOf(turns: readonly Turn[], { axis, now, ableAt }: Placing): readonly Bar[] {
  const ordered = turns.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const each = Math.max(1, Math.ceil(ordered.length / BARS_MAX));
  const bars: Bar[] = [];
  let free = ableAt === null ? null : axis.at(ableAt);
  for (let place = 0; place < ordered.length; place += each) {
    const group = ordered.slice(place, place + each);
    const spans = group.map((turn) => spanOfTurn(turn, now));
    const drawnTo = bars.at(-1)?.to ?? 0;
    const from = Math.max(drawnTo, axis.at(spans[0]?.from ?? 0));
    const to = Math.max(from, ...spans.map((span) => axis.at(span.to)));
    bars.push({
      turns: group,
      from,
      to,
      status: WORST.find((status) => group.some((turn) => turn.status === status)) ?? "committed",
      waitedFrom: free !== null && free < from ? free : null,
    });
    free = to;
  }
  return bars;
}
