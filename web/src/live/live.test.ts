// The way of an event from the stream to a tab, with time and connections in the hand of the test.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireEvent } from "../api/types.ts";
import { SILENCE_MS } from "./connection.ts";
import type { FromTab, Tab, ToTab } from "./hub.ts";
import { createHub } from "./hub.ts";
import { createLive } from "./live.ts";
import { createRing } from "./ring.ts";
import { createFrameReader } from "./sse.ts";
import type { StreamHandlers } from "./stream.ts";

const eventAt = (seq: number): WireEvent => ({
  v: 1,
  seq,
  at: "2026-01-01T00:00:00.000Z",
  type: "card-moved",
  run: null,
  build: null,
  card: null,
  turn: null,
  actor: "engine",
  data: {},
});
const events = (from: number, to: number): readonly WireEvent[] =>
  Array.from({ length: to - from + 1 }, (_, at) => eventAt(from + at));
const seqsOf = (list: readonly WireEvent[] | null) => list?.map(({ seq }) => seq) ?? null;

test("frames come whole, in whatever pieces the text comes", () => {
  const text =
    'retry: 1000\n\nid: 7\n: nothing new\n\nid: 8\ndata: {"a":\ndata: 1}\n\nevent: resync\nid: 3\ndata: {}\n\nid: 9\nda';
  const all = createFrameReader().push(text);
  const reader = createFrameReader();
  const byLetter = text.split("").flatMap((letter) => reader.push(letter));
  assert.deepEqual(byLetter, all);
  assert.deepEqual(all.slice(1), [
    { id: "7", event: "message", data: "" },
    { id: "8", event: "message", data: '{"a":\n1}' },
    { id: "3", event: "resync", data: "{}" },
  ]);
});

test("the ring gives what came after a number, and says when it does not hold it", () => {
  const ring = createRing(3);
  ring.begin(10);
  assert.deepEqual([seqsOf(ring.after(10)), ring.after(9), ring.last()], [[], null, 10]);
  ring.push(events(11, 13));
  assert.deepEqual(seqsOf(ring.after(11)), [12, 13]);
  ring.push(events(14, 15));
  assert.deepEqual([ring.after(11), seqsOf(ring.after(12))], [null, [13, 14, 15]]);
  assert.deepEqual(seqsOf(ring.after(99)), []);
});

test("a hole is not hidden: what lies before it is not held", () => {
  const ring = createRing();
  ring.begin(1);
  ring.push(events(2, 3));
  ring.push(events(6, 7));
  assert.deepEqual([ring.after(3), seqsOf(ring.after(5))], [null, [6, 7]]);
});

function scene() {
  type Opened = { readonly after: number; readonly handlers: StreamHandlers; isClosed: boolean };
  const streams: Opened[] = [];
  const timers = new Set<{ readonly at: number; readonly act: () => void }>();
  let now = 0;
  const hub = createHub({
    openStream: (after, handlers) => {
      const opened: Opened = { after, handlers, isClosed: false };
      streams.push(opened);
      return () => {
        opened.isClosed = true;
      };
    },
    after: (milliseconds, act) => {
      const timer = { at: now + milliseconds, act };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    random: () => 1,
  });
  const tabOf = () => {
    const heard: ToTab[] = [];
    const tab: Tab = { post: (message) => heard.push(message) };
    const of = (kind: ToTab["kind"]) => heard.filter((message) => message.kind === kind);
    const send = (message: FromTab) => hub.receive(tab, message);
    const seqs = () => heard.flatMap((one) => (one.kind === "events" ? seqsOf(one.events) : []));
    const states = () => heard.flatMap((one) => (one.kind === "state" ? one.state : []));
    return { send, of, seqs, states };
  };
  const pass = (milliseconds: number): void => {
    const end = now + milliseconds;
    for (;;) {
      const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      timers.delete(next);
      now = next.at;
      next.act();
    }
    now = end;
  };
  const newest = (): Opened => {
    const last = streams.at(-1);
    assert.ok(last !== undefined);
    return last;
  };
  return { streams, newest, tabOf, pass };
}

test("nine tabs share one stream, and the first that goes stops nothing", () => {
  const { streams, newest, tabOf } = scene();
  const tabs = Array.from({ length: 9 }, tabOf);
  for (const tab of tabs) tab.send({ kind: "open", after: 5 });
  newest().handlers.onOpen();
  newest().handlers.onEvents(events(6, 8));
  tabs[0]?.send({ kind: "bye" });
  newest().handlers.onEvents(events(9, 9));
  assert.deepEqual([streams.length, streams[0]?.after], [1, 5]);
  assert.deepEqual(tabs[0]?.seqs(), [6, 7, 8]);
  assert.deepEqual(tabs[8]?.seqs(), [6, 7, 8, 9]);
  for (const tab of tabs) tab.send({ kind: "bye" });
  assert.equal(newest().isClosed, true);
});

test("a tab that comes later is brought up to where the others are, or told to fetch anew", () => {
  const { newest, tabOf } = scene();
  const [first, later, old] = [tabOf(), tabOf(), tabOf()];
  first.send({ kind: "open", after: 5 });
  newest().handlers.onEvents(events(6, 9));
  later.send({ kind: "open", after: 7 });
  old.send({ kind: "open", after: 2 });
  assert.deepEqual(later.seqs(), [8, 9]);
  assert.deepEqual(old.of("resync"), [{ kind: "resync", seq: 9 }]);
});

test("a lost stream is opened again behind the last event, later and later, and doubles are dropped", () => {
  const { streams, newest, tabOf, pass } = scene();
  const tab = tabOf();
  tab.send({ kind: "open", after: 0 });
  newest().handlers.onOpen();
  newest().handlers.onEvents(events(1, 4));
  for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    newest().handlers.onEnd("lost");
    tab.send({ kind: "pong" });
    pass(waitMs - 1);
    const before = streams.length;
    pass(1);
    assert.deepEqual([streams.length - before, newest().after], [1, 4]);
  }
  newest().handlers.onOpen();
  newest().handlers.onEvents(events(3, 6));
  assert.deepEqual(tab.seqs(), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(tab.states(), ["connecting", "live", "reconnecting", "live"]);
});

test("a stream that falls silent is stale, and opened again; a comment is a sign of life", () => {
  const { streams, newest, tabOf, pass } = scene();
  const tab = tabOf();
  tab.send({ kind: "open", after: 0 });
  newest().handlers.onOpen();
  pass(SILENCE_MS - 1);
  newest().handlers.onSign();
  tab.send({ kind: "pong" });
  pass(SILENCE_MS - 1);
  assert.equal(streams.length, 1);
  pass(1);
  assert.deepEqual([tab.states().at(-1), newest().isClosed], ["stale", true]);
  pass(1000);
  assert.equal(streams.length, 2);
});

test("a refused key ends the trying until a tab asks again", () => {
  const { streams, newest, tabOf, pass } = scene();
  const tab = tabOf();
  tab.send({ kind: "open", after: 3 });
  newest().handlers.onEnd("signed-out");
  pass(600_000);
  assert.deepEqual([streams.length, tab.states().at(-1)], [1, "signed-out"]);
  tab.send({ kind: "open", after: 8 });
  assert.deepEqual([streams.length, newest().after], [2, 8]);
});

test("a tab that leaves its pings unanswered is dropped, and its return is its own", () => {
  const { streams, newest, tabOf, pass } = scene();
  const tab = tabOf();
  tab.send({ kind: "open", after: 0 });
  for (let seq = 1; seq <= 5; seq += 1) {
    newest().handlers.onSign();
    pass(20_000);
  }
  assert.equal(newest().isClosed, true);
  tab.send({ kind: "open", after: 4 });
  assert.deepEqual([streams.length, newest().after], [2, 4]);
});

test("what the server no longer holds begins anew", () => {
  const { newest, tabOf } = scene();
  const tab = tabOf();
  tab.send({ kind: "open", after: 900 });
  newest().handlers.onResync(40);
  newest().handlers.onEvents(events(41, 42));
  assert.deepEqual(tab.of("resync"), [{ kind: "resync", seq: 40 }]);
  assert.deepEqual(tab.seqs(), [41, 42]);
});

function tabScene() {
  const frames: (() => void)[] = [];
  const sent: FromTab[] = [];
  let receive: (message: ToTab) => void = () => {};
  const live = createLive({
    openLink: (hear) => {
      receive = hear;
      return { send: (message) => sent.push(message) };
    },
    nextFrame: (act) => frames.push(act),
  });
  const paint = (): void => {
    for (const act of frames.splice(0)) act();
  };
  return { live, sent, paint, frames, receive: (message: ToTab) => receive(message) };
}

test("the first snapshot opens the stream, and a burst is looked at once a frame", () => {
  const { live, sent, frames, paint, receive } = tabScene();
  let looks = 0;
  live.subscribe(() => (looks += 1));
  live.hold(10);
  live.hold(12);
  assert.deepEqual(sent, [{ kind: "open", after: 10 }]);
  for (let seq = 11; seq <= 500; seq += 1) receive({ kind: "events", events: [eventAt(seq)] });
  assert.equal(frames.length, 1);
  paint();
  assert.equal(looks, 1);
  assert.equal(live.after(12)?.length, 488);
  assert.equal(live.after(9), null);
});

test("a pause freezes what is shown and loses nothing, even for long", () => {
  const { live, frames, paint, receive } = tabScene();
  live.hold(0);
  receive({ kind: "state", state: "live" });
  receive({ kind: "events", events: events(1, 2) });
  paint();
  live.setPaused(true);
  assert.equal(live.state(), "paused");
  receive({ kind: "events", events: events(3, 4000) });
  assert.deepEqual([frames.length, seqsOf(live.after(2)), seqsOf(live.after(0))], [0, [], []]);
  live.setPaused(false);
  assert.deepEqual([live.state(), frames.length], ["live", 1]);
  // More came than is held: the snapshot is fetched again.
  assert.equal(live.after(2), null);
  assert.equal(live.after(3999)?.length, 1);
});

test("a resync has everything fetched anew, whatever number a snapshot has", () => {
  const { live, paint, receive } = tabScene();
  live.hold(100);
  receive({ kind: "resync", seq: 7 });
  paint();
  assert.deepEqual([live.epoch(), live.after(6)], [1, null]);
  receive({ kind: "events", events: events(8, 8) });
  assert.deepEqual(seqsOf(live.after(7)), [8]);
});

test("a tab that wakes up says where it stands, and answers pings", () => {
  const { live, sent, receive } = tabScene();
  live.wake();
  live.hold(3);
  receive({ kind: "events", events: events(4, 5) });
  receive({ kind: "ping" });
  live.wake();
  assert.deepEqual(sent, [
    { kind: "open", after: 3 },
    { kind: "pong" },
    { kind: "open", after: 5 },
  ]);
});
