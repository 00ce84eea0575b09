// The event log over a websocket: the same envelope, cursor and pace as the stream of server-sent events, one message an
// event. A client only listens; what it says is not read, and too much of it ends the connection.
import type { WebSocket } from "ws";
import type { EventFeed, FeedBatch, Following } from "../app/event-feed.ts";
import type { Engine } from "../app/engine.ts";
import { toEvent } from "./translate.ts";

export type SocketDeps = {
  readonly feed: EventFeed;
  readonly clock: Engine["clock"];
  /** Whether whoever opened the socket may still read; asked from time to time. */
  readonly isStillWelcome: () => Promise<boolean>;
};

/** Why a socket is closed; RFC 6455 section 7.4, and one of our own for a key that is good no more. */
const CLOSE = {
  stopping: [1001, "the server stops"],
  failed: [1011, "the log could not be read"],
  slow: [1013, "what was sent is not read; come back with the last number"],
  refused: [4401, "the key is good no more"],
} as const satisfies Readonly<Record<string, readonly [code: number, reason: string]>>;
type Close = keyof typeof CLOSE;

/** How long a client may leave what was sent unread. */
const DRAIN_MS = 10_000;
const WELCOME_MS = 5000;
/** A client that does not answer the closing is cut. */
const GOODBYE_MS = 1000;

/** Ends when the client goes, the signal aborts, the key is revoked or nothing is read any more. */
export async function sendEvents(
  deps: SocketDeps,
  { following, socket }: { readonly following: Following; readonly socket: WebSocket },
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  // What is wrong with a frame closes the socket by itself; nothing else is to be done about it.
  socket.on("error", () => {});
  let reason: Close = "stopping";
  try {
    reason = await feedSocket(deps, { following, socket }, AbortSignal.any([signal, gone.signal]));
  } catch (error) {
    reason = "failed";
    throw error;
  } finally {
    await sayGoodbye(deps, socket, reason);
  }
}

async function feedSocket(
  { feed, clock, isStillWelcome }: SocketDeps,
  { following, socket }: { readonly following: Following; readonly socket: WebSocket },
  ends: AbortSignal,
): Promise<Close> {
  let askedMs = clock.monotonic();
  let isHeard = true;
  socket.on("pong", () => {
    isHeard = true;
  });
  for await (const batch of feed.follow(following, ends)) {
    if (batch.kind === "quiet") {
      // The last question was not answered: nobody is there.
      if (!isHeard) return "slow";
      isHeard = false;
      socket.ping();
    }
    if (!(await send({ socket, clock }, messagesOf(batch), ends))) return "slow";
    const nowMs = clock.monotonic();
    if (nowMs - askedMs < WELCOME_MS) continue;
    if (!(await isStillWelcome())) return "refused";
    askedMs = nowMs;
  }
  return "stopping";
}

/** The number is said where nothing fits too: whoever comes back with it has missed nothing. */
function messagesOf(batch: FeedBatch): readonly string[] {
  if (batch.kind === "events") return batch.events.map((event) => JSON.stringify(toEvent(event)));
  return [JSON.stringify({ v: 1, type: batch.kind, seq: batch.seq })];
}

/** False when the client did not take it in time. */
async function send(
  { socket, clock }: { readonly socket: WebSocket; readonly clock: Engine["clock"] },
  messages: readonly string[],
  ends: AbortSignal,
): Promise<boolean> {
  const taken = new AbortController();
  const waits = messages.map(
    (text) =>
      new Promise<void>((resolve) => {
        // An error here is a socket that closed; the loop ends by that.
        socket.send(text, () => resolve());
      }),
  );
  const all = Promise.all(waits).then(() => true);
  const late = clock
    .sleep(DRAIN_MS, AbortSignal.any([taken.signal, ends]))
    .then(() => ends.aborted);
  const isTaken = await Promise.race([all, late]);
  taken.abort();
  return isTaken;
}

async function sayGoodbye({ clock }: SocketDeps, socket: WebSocket, reason: Close): Promise<void> {
  if (socket.readyState === socket.CLOSED) return;
  const closed = new AbortController();
  socket.once("close", () => closed.abort());
  const [code, words] = CLOSE[reason];
  socket.close(code, words);
  await clock.sleep(GOODBYE_MS, closed.signal);
  socket.terminate();
}
