// What a person sees while a run goes: a live tree in a terminal, plain lines without one, JSON Lines when asked for.
import type { Watcher } from "../app/engine.ts";
import type { Event } from "../domain/events.ts";
import type { Io, Screen } from "./io.ts";
import { createPaint, plain } from "./io.ts";
import type { ViewStart, ViewState } from "./live-frame.ts";
import {
  applyEvent,
  beginView,
  createViewState,
  lineOf,
  renderFrame,
  startLineOf,
} from "./live-frame.ts";
import { widthOf } from "./text-width.ts";

export type RunScreen = {
  readonly watcher: Watcher;
  readonly start: (view: ViewStart) => void;
  readonly stop: () => void;
  /** A line that stays. */
  readonly say: (text: string) => void;
};

const REDRAW_MS = 100;
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
/** From the first column: the terminal may have echoed `^C` where the cursor was. */
const clearLines = (count: number): string => (count === 0 ? "" : `\r\u001b[${count}A\u001b[J`);

export function createRunScreen(io: Io, json: boolean): RunScreen {
  if (json) return createJsonScreen(io);
  return io.screen === null ? createLineScreen(io) : createLiveScreen(io, io.screen);
}

/** One event a line, exactly the envelope of interfaces.md section 4. */
const createJsonScreen = (io: Io): RunScreen => ({
  watcher: {
    onEvents: (events) =>
      events.forEach((event) => io.out(`${JSON.stringify(toEnvelope(event))}\n`)),
    onText: () => {},
  },
  start: () => {},
  stop: () => {},
  say: () => {},
});

const toEnvelope = ({ seq, at, type, run, card, data }: Event): unknown => ({
  v: 1,
  seq,
  at,
  type,
  run: run ?? null,
  card: card ?? null,
  data,
});

function createLineScreen(io: Io): RunScreen {
  const paint = createPaint(io.color);
  return {
    watcher: {
      onEvents: (events) => {
        for (const event of events) {
          const line = lineOf(event, paint) ?? startLineOf(event, paint);
          if (line !== null) io.err(`${line}\n`);
        }
      },
      onText: () => {},
    },
    start: () => {},
    stop: () => {},
    say: (text) => io.err(`${plain(text)}\n`),
  };
}

/** The frame is redrawn in place, at most ten times a second; lines that stay scroll away above it. */
function createLiveScreen(io: Io, screen: Screen): RunScreen {
  const paint = createPaint(io.color);
  const state: ViewState = createViewState();
  const canvas = createCanvas(io, screen);
  let timer: NodeJS.Timeout | null = null;
  let stopListening = (): void => {};
  const draw = (): void =>
    canvas.draw((size) => renderFrame(state, { ...size, nowMs: performance.now(), paint }));
  return {
    watcher: {
      onEvents: (events) => {
        for (const event of events) {
          applyEvent(state, event, performance.now());
          const line = lineOf(event, paint);
          if (line !== null) canvas.keep(line);
        }
      },
      onText: ({ card }, text) => {
        const live = state.live.get(card);
        if (live !== undefined) live.saying = `${live.saying}${text}`.slice(-SAYING_MAX);
      },
    },
    start: (view) => {
      beginView(state, view);
      io.out(HIDE_CURSOR);
      // Whatever ends the process, the terminal gets its cursor back.
      stopListening = screen.onExit(() => io.out(SHOW_CURSOR));
      draw();
      timer = setInterval(draw, REDRAW_MS);
    },
    stop: () => {
      if (timer === null) return;
      clearInterval(timer);
      timer = null;
      stopListening();
      draw();
      canvas.leave();
      io.out(SHOW_CURSOR);
    },
    say: (text) => (timer === null ? io.out(`${plain(text)}\n`) : canvas.keep(plain(text))),
  };
}

const SAYING_MAX = 400;

type Size = ReturnType<Screen["size"]>;
type Canvas = {
  /** A line that is written above the next frame and stays. */
  readonly keep: (line: string) => void;
  readonly draw: (render: (size: Size) => readonly string[]) => void;
  /** The last frame stays too. */
  readonly leave: () => void;
};

function createCanvas(io: Io, screen: Screen): Canvas {
  let drawn: readonly string[] = [];
  let kept: string[] = [];
  return {
    keep: (line) => void kept.push(line),
    draw: (render) => {
      const { columns, rows } = screen.size();
      // A pseudo-terminal that nobody has sized yet says 0.
      const size = { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
      const clear = clearLines(Math.min(rowsOf(drawn, size.columns), size.rows - 1));
      const frame = render(size);
      io.out(`${clear}${[...kept, ...frame].map((line) => `${line}\n`).join("")}`);
      kept = [];
      drawn = frame;
    },
    leave: () => {
      drawn = [];
    },
  };
}

/** After a resize the terminal has wrapped what was drawn for another width. */
const rowsOf = (lines: readonly string[], columns: number): number =>
  lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
