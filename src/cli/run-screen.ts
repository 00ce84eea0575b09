// What a person sees while a run goes: a live tree in a terminal, plain lines without one, JSON Lines when asked for.
import type { Watcher } from "../app/engine.ts";
import type { Event } from "../domain/events.ts";
import type { Io } from "./io.ts";
import { createPaint, plain } from "./io.ts";
import type { ViewEpic, ViewState } from "./live-frame.ts";
import { applyEvent, createViewState, lineOf, renderFrame } from "./live-frame.ts";

export type RunScreen = {
  readonly watcher: Watcher;
  readonly start: (epics: readonly ViewEpic[]) => void;
  readonly stop: () => void;
  /** A line that stays. */
  readonly say: (text: string) => void;
};

const REDRAW_MS = 100;
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const clearLines = (count: number): string => (count === 0 ? "" : `\u001b[${count}A\u001b[J`);

export function createRunScreen(io: Io, json: boolean): RunScreen {
  if (json) return createJsonScreen(io);
  return io.screen === null || !io.color ? createLineScreen(io) : createLiveScreen(io);
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
          const line = lineOf(event, paint);
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
function createLiveScreen(io: Io): RunScreen {
  const paint = createPaint(io.color);
  const state: ViewState = createViewState();
  let drawn = 0;
  let pending: string[] = [];
  let timer: NodeJS.Timeout | null = null;
  let forgetResize = (): void => {};
  const draw = (): void => {
    const size = io.screen?.size() ?? { columns: 80, rows: 24 };
    const frame = renderFrame(state, { ...size, nowMs: performance.now(), paint });
    const lines = pending.map((line) => `${line}\n`).join("");
    pending = [];
    io.out(`${clearLines(drawn)}${lines}${frame.map((line) => `${line}\n`).join("")}`);
    drawn = frame.length;
  };
  return {
    watcher: {
      onEvents: (events) => {
        for (const event of events) {
          applyEvent(state, event, performance.now());
          const line = lineOf(event, paint);
          if (line !== null) pending.push(line);
        }
      },
      onText: ({ card }, text) => {
        const live = state.live.get(card);
        if (live !== undefined) live.saying = `${live.saying}${text}`.slice(-SAYING_MAX);
      },
    },
    start: (epics) => {
      state.epics = epics;
      io.out(HIDE_CURSOR);
      draw();
      timer = setInterval(draw, REDRAW_MS);
      // A frame drawn for another width cannot be taken back line by line; the next one starts below it.
      forgetResize =
        io.screen?.onResize(() => {
          drawn = 0;
        }) ?? forgetResize;
    },
    stop: () => {
      if (timer === null) return;
      clearInterval(timer);
      timer = null;
      forgetResize();
      draw();
      drawn = 0;
      io.out(SHOW_CURSOR);
    },
    say: (text) => io.out(`${plain(text)}\n`),
  };
}

const SAYING_MAX = 400;
