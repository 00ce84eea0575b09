// One connection to the server's event log, from a sequence number on, until it ends. It never comes back by itself.
import { errorOf, isSignedOut } from "../api/http.ts";
import type { WireEvent } from "../api/types.ts";
import { createFrameReader } from "./sse.ts";

export type StreamEnd = "lost" | "signed-out";

export type StreamHandlers = {
  readonly onOpen: () => void;
  /** Anything came at all, a comment too. */
  readonly onSign: () => void;
  readonly onEvents: (events: readonly WireEvent[]) => void;
  readonly onResync: (seq: number) => void;
  readonly onEnd: (end: StreamEnd) => void;
};

export type OpenStream = (after: number, handlers: StreamHandlers) => () => void;

/** Gives the way to close it; `onEnd` is not called then. */
export const openStream: OpenStream = (after, handlers) => {
  const closing = new AbortController();
  const end = (how: StreamEnd): void => {
    if (!closing.signal.aborted) handlers.onEnd(how);
  };
  read(after, handlers, closing.signal).then(end, () => end("lost"));
  return () => closing.abort();
};

async function read(
  after: number,
  handlers: StreamHandlers,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const response = await fetch(`/v1/events?after=${after}`, { signal, cache: "no-store" });
  if (!response.ok) return isSignedOut(await errorOf(response)) ? "signed-out" : "lost";
  if (response.body === null) return "lost";
  handlers.onOpen();
  const frames = createFrameReader();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return "lost";
    handlers.onSign();
    const events: WireEvent[] = [];
    for (const { id, event, data } of frames.push(value)) {
      if (event === "resync") handlers.onResync(Number(id));
      else if (data !== "") events.push(JSON.parse(data) as WireEvent);
    }
    if (events.length > 0) handlers.onEvents(events);
  }
}
