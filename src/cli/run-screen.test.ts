import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import type { Event } from "../domain/events.ts";
import { createTerminal } from "../../test/support/terminal.ts";
import type { Io } from "./io.ts";
import { createRunScreen } from "./run-screen.ts";

const START = {
  rock: null,
  epics: [
    {
      id: "epic",
      summary: "Epic",
      status: "ready" as const,
      issues: Array.from({ length: 12 }, (_, place) => ({
        id: `card-${place}`,
        summary: "Summary that is long enough to wrap on a narrow screen",
        status: "ready" as const,
      })),
    },
  ],
  turns: 0,
  tokens: 0,
  costUsd: 0,
};

const done = (card: string): Event => ({
  type: "card-moved",
  card,
  data: { to: "done" },
  actor: "engine",
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  prevHash: "",
  hash: "",
});

function stage(size: { columns: number; rows: number }) {
  const terminal = createTerminal(size);
  const exits = new Set<() => void>();
  let writes = 0;
  let err = "";
  const io: Io = {
    env: {},
    cwd: "/",
    color: true,
    out: (text) => {
      writes += 1;
      terminal.write(text);
    },
    outSecret: () => {},
    err: (text) => {
      err += text;
    },
    screen: {
      size: () => size,
      onExit: (listener) => {
        exits.add(listener);
        return () => exits.delete(listener);
      },
    },
    ask: null,
    openLines: null,
    onSignal: () => () => {},
    exitNow: () => {},
  };
  return { io, terminal, exits, writes: () => writes, err: () => err };
}

const FRAMES_MS = 260;

test("the frame is redrawn in place, and lines that stay scroll away above it, each once", async (context) => {
  const { io, terminal } = stage({ columns: 60, rows: 8 });
  const screen = createRunScreen(io, false);
  context.after(screen.stop);
  screen.start(START);
  for (let place = 0; place < 12; place += 1) screen.watcher.onEvents([done(`card-${place}`)]);
  await sleep(FRAMES_MS);
  screen.say("Stopping.");
  await sleep(FRAMES_MS);
  assert.ok(!terminal.isCursorShown());
  screen.stop();
  assert.ok(terminal.isCursorShown());
  const all = terminal.all();
  const kept = all.filter((line) => line.startsWith("● done"));
  assert.deepEqual(
    kept,
    Array.from({ length: 12 }, (_, place) => `● done  card-${place}`),
  );
  assert.equal(all.filter((line) => line === "Stopping.").length, 1);
  assert.equal(all.filter((line) => line.includes(" turns  ")).length, 1, all.join("\n"));
  assert.ok(terminal.screen().at(-1)?.includes("0 working"));
});

test("a screen that shrinks while a run goes is not littered with old frames", async (context) => {
  const size = { columns: 60, rows: 30 };
  const { io, terminal } = stage(size);
  const screen = createRunScreen(io, false);
  context.after(screen.stop);
  screen.start(START);
  await sleep(FRAMES_MS);
  size.rows = 10;
  await sleep(FRAMES_MS);
  screen.stop();
  const footers = terminal.screen().filter((line) => line.includes(" working"));
  assert.equal(footers.length, 1, terminal.screen().join("\n"));
});

test("what the terminal echoes at Ctrl-C leaves no trace of the frame before it", async (context) => {
  const { io, terminal } = stage({ columns: 60, rows: 30 });
  const screen = createRunScreen(io, false);
  context.after(screen.stop);
  screen.start(START);
  terminal.write("^C");
  screen.say("Stopping.");
  await sleep(FRAMES_MS);
  assert.equal(terminal.screen()[0], "Stopping.", terminal.screen().join("\n"));
});

test("it redraws at most ten times a second, however much happens", async (context) => {
  const { io, writes } = stage({ columns: 60, rows: 20 });
  const screen = createRunScreen(io, false);
  context.after(screen.stop);
  screen.start(START);
  const before = writes();
  for (let round = 0; round < 2000; round += 1) {
    screen.watcher.onText({ card: "card-1", seat: "coder" }, "word ");
    screen.watcher.onEvents([done("card-1")]);
  }
  assert.equal(writes(), before);
  await sleep(FRAMES_MS);
  screen.stop();
  assert.ok(writes() - before <= 6, `${writes() - before} writes`);
});

test("a process that ends in the middle gives the cursor back", (context) => {
  const { io, terminal, exits } = stage({ columns: 60, rows: 20 });
  const screen = createRunScreen(io, false);
  context.after(screen.stop);
  screen.start(START);
  for (const listener of exits) listener();
  assert.ok(terminal.isCursorShown());
  screen.stop();
  assert.equal(exits.size, 0);
});

test("without a terminal there are plain lines on standard error, and nothing on standard output", (context) => {
  const { io, err, writes } = stage({ columns: 60, rows: 20 });
  const screen = createRunScreen({ ...io, screen: null, color: false }, false);
  context.after(screen.stop);
  screen.start(START);
  screen.watcher.onEvents([
    { ...done("card-1"), type: "turn-started", data: { seat: "coder" } },
    done("card-1"),
  ]);
  screen.say("and on");
  screen.stop();
  assert.equal(err(), "▶ coder  card-1\n● done  card-1\nand on\n");
  assert.equal(writes(), 0);
});
