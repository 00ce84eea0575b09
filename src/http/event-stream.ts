// One event stream on one connection: server-sent events out of the feed, at the client's own pace. Nothing is kept for a
// client that does not read: it is cut, and comes back with the number of the last event it has.
import type { ServerResponse } from "node:http";
import type { EventFeed, FeedBatch, Following } from "../app/event-feed.ts";
import type { Engine } from "../app/engine.ts";
import { toEvent } from "./translate.ts";

export type StreamDeps = {
  readonly feed: EventFeed;
  readonly clock: Engine["clock"];
  /** Whether whoever opened the stream may still read; asked from time to time. */
  readonly isStillWelcome: () => Promise<boolean>;
};

/** How long a client may leave what was sent unread. */
const DRAIN_MS = 10_000;
const WELCOME_MS = 5000;
/** Browsers wait this long before they come back. */
const RETRY_MS = 1000;

/** Ends when the client goes, the signal aborts, the key is revoked or nothing is read any more. */
export async function streamEvents(
  deps: StreamDeps,
  { following, response }: { readonly following: Following; readonly response: ServerResponse },
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.once("close", leave);
  response.on("error", leave);
  const ends = AbortSignal.any([signal, gone.signal]);
  try {
    await send(deps, response, `retry: ${RETRY_MS}\n\n`);
    let askedMs = deps.clock.monotonic();
    for await (const batch of deps.feed.follow(following, ends)) {
      if (!(await send(deps, response, textOf(batch)))) return;
      const nowMs = deps.clock.monotonic();
      if (nowMs - askedMs < WELCOME_MS) continue;
      if (!(await deps.isStillWelcome())) return;
      askedMs = nowMs;
    }
  } finally {
    // Nothing waits in it for a client that reads; for one that does not there is no reason to wait.
    if (response.writableNeedDrain) response.destroy();
    else response.end();
  }
}

/** The number is said with each event, and where nothing fits: whoever comes back with it has missed nothing. */
function textOf(batch: FeedBatch): string {
  if (batch.kind === "quiet") return `id: ${batch.seq}\n: nothing new\n\n`;
  if (batch.kind === "resync")
    return `event: resync\nid: ${batch.seq}\ndata: ${JSON.stringify({ seq: batch.seq })}\n\n`;
  return batch.events
    .map((event) => `id: ${event.seq}\ndata: ${JSON.stringify(toEvent(event))}\n\n`)
    .join("");
}

/** False when the client did not take it in time. */
async function send(
  { clock }: StreamDeps,
  response: ServerResponse,
  text: string,
): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(text)) return true;
  const read = new AbortController();
  const wake = (): void => read.abort();
  response.once("drain", wake).once("close", wake);
  await clock.sleep(DRAIN_MS, read.signal);
  response.off("drain", wake).off("close", wake);
  const isRead = read.signal.aborted;
  return isRead && !response.destroyed;
}
